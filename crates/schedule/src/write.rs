use crate::{Schedule, When, time};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use weir_base::Micros;

impl Schedule {
    /// The JSON form, which [`Schedule::read`] gives the same schedule for. Times are in UTC.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        let (name, when) = when(&self.when);
        members.insert(name.to_owned(), when);
        members.insert("missed".to_owned(), json!(self.missed));
        members.extend(self.jitter.map(|jitter| ("jitter".to_owned(), json!(jitter.to_string()))));
        members.extend(self.starts_at.map(|at| ("startsAt".to_owned(), moment(at))));
        members.extend(self.ends_at.map(|at| ("endsAt".to_owned(), moment(at))));
        Value::Object(members)
    }
}

fn when(when: &When) -> (&'static str, Value) {
    match when {
        When::Cron(cron) => ("cron", json!({"expression": cron.expression(), "timeZone": cron.zone().name()})),
        When::Every(every) => {
            let mut members = Map::new();
            members.insert("interval".to_owned(), json!(every.interval.to_string()));
            members.extend(every.from.map(|from| ("from".to_owned(), moment(from))));
            ("every", Value::Object(members))
        }
        When::At(at) => ("at", json!({"time": moment(*at)})),
    }
}

fn moment(at: Micros) -> Value {
    Value::String(time::print(at))
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}
