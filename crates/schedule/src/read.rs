use crate::codes::{SCHEDULE_INVALID, SCHEDULE_NEVER_DUE};
use crate::{Cron, Every, Missed, Schedule, When, Zone, time};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};
use weir_base::{Diagnostic, Duration, Micros, closest};

const MEMBERS: [&str; 7] = ["cron", "every", "at", "missed", "jitter", "startsAt", "endsAt"];

impl Schedule {
    /// Reads the JSON form. All problems are found at once; `path` names the member, such as `cron.expression`.
    pub fn read(json: &Value) -> Result<Schedule, Vec<Diagnostic>> {
        let mut reader = Reader { problems: Vec::new() };
        let schedule = reader.schedule(json);
        match schedule {
            Some(schedule) if reader.problems.is_empty() => possible(schedule),
            _ => Err(reader.problems),
        }
    }
}

/// What can be read may still never be due.
fn possible(schedule: Schedule) -> Result<Schedule, Vec<Diagnostic>> {
    if schedule.next_after(Micros::MIN).is_some() {
        return Ok(schedule);
    }
    let message = "no moment from `startsAt` to `endsAt` fits the schedule";
    Err(vec![Diagnostic::error(SCHEDULE_NEVER_DUE, message).help("move `startsAt` or `endsAt`, or leave them out")])
}

/// Gives nothing where something is wrong, and goes on to find more.
struct Reader {
    problems: Vec<Diagnostic>,
}

impl Reader {
    fn schedule(&mut self, json: &Value) -> Option<Schedule> {
        let members = self.members("", json, &MEMBERS)?;
        let when = self.when(members);
        let missed = self.missed(members.get("missed"));
        let jitter = self.duration("jitter", members.get("jitter"));
        let starts_at = self.moment("startsAt", members.get("startsAt"));
        let ends_at = self.moment("endsAt", members.get("endsAt"));
        when.map(|when| Schedule { when, missed, jitter, starts_at, ends_at })
    }

    fn when(&mut self, members: &Map<String, Value>) -> Option<When> {
        let given: Vec<_> = MEMBERS[..3].iter().filter_map(|name| Some((*name, members.get(*name)?))).collect();
        match given[..] {
            [("cron", json)] => self.cron(json).map(When::Cron),
            [("every", json)] => self.every(json).map(When::Every),
            [(_, json)] => self.at(json).map(When::At),
            _ => self.refuse("", format!("a schedule has one of `cron`, `every` and `at`; here are {}", given.len())),
        }
    }

    fn cron(&mut self, json: &Value) -> Option<Cron> {
        let members = self.members("cron", json, &["expression", "timeZone"])?;
        let zone = self.zone(members.get("timeZone"));
        let Some(expression) = members.get("expression").and_then(Value::as_str) else {
            return self.refuse("cron.expression", "the expression is missing or no text; write `0 9 * * MON-FRI`");
        };
        match Cron::parse(expression, zone.clone().unwrap_or_else(Zone::utc)) {
            Ok(cron) => zone.and(Some(cron)),
            Err(problems) => {
                self.problems.extend(problems.into_iter().map(|problem| problem.path("cron.expression")));
                None
            }
        }
    }

    fn zone(&mut self, json: Option<&Value>) -> Option<Zone> {
        let path = "cron.timeZone";
        let name = match json {
            None => "UTC",
            Some(Value::String(name)) => name,
            Some(_) => return self.refuse(path, "a time zone is the name of one, such as `Europe/Berlin`"),
        };
        Zone::named(name).map_err(|problem| self.problems.push((*problem).path(path))).ok()
    }

    fn every(&mut self, json: &Value) -> Option<Every> {
        let members = self.members("every", json, &["interval", "from"])?;
        let from = self.moment("every.from", members.get("from"));
        let Some(interval) = members.get("interval") else {
            return self.refuse("every.interval", "the interval is missing; write a time span such as `15m`");
        };
        let interval = self.duration("every.interval", Some(interval))?;
        if interval < Every::SHORTEST {
            return self.refuse("every.interval", format!("`{interval}` is too short; an interval is 1s or longer"));
        }
        Some(Every { interval, from })
    }

    fn at(&mut self, json: &Value) -> Option<Micros> {
        let members = self.members("at", json, &["time"])?;
        match members.get("time") {
            None => self.refuse("at.time", "the time is missing; write one such as `2026-01-31T09:00:00Z`"),
            time => self.moment("at.time", time),
        }
    }

    fn missed(&mut self, json: Option<&Value>) -> Missed {
        let Some(json) = json else { return Missed::default() };
        Missed::deserialize(json).unwrap_or_else(|_| {
            self.refuse("missed", format!("{} is not allowed; it is `skip`, `once` or `all`", shown(json)))
                .unwrap_or_default()
        })
    }

    /// Text such as `5m`, or a whole number of milliseconds.
    fn duration(&mut self, path: &str, json: Option<&Value>) -> Option<Duration> {
        match json? {
            Value::String(text) => match Duration::parse(text) {
                Ok(duration) => Some(duration),
                Err(error) => self.refuse(path, error.to_string()),
            },
            Value::Number(number) if number.is_u64() => number.as_u64().map(Duration::from_millis),
            other => self.refuse(path, format!("{} is no time span; write one such as `5m`", shown(other))),
        }
    }

    fn moment(&mut self, path: &str, json: Option<&Value>) -> Option<Micros> {
        let json = json?;
        let moment = json.as_str().and_then(time::parse);
        let refusal = || format!("{} is no time; write one with a zone, such as `2026-01-31T09:00:00Z`", shown(json));
        moment.or_else(|| self.refuse(path, refusal()))
    }

    /// The members of an object that has none but these.
    fn members<'a>(&mut self, path: &str, json: &'a Value, allowed: &[&str]) -> Option<&'a Map<String, Value>> {
        let Value::Object(members) = json else {
            return self.refuse(path, format!("{} is no object with {}", shown(json), quoted(allowed)));
        };
        for name in members.keys().filter(|name| !allowed.contains(&name.as_str())) {
            self.unknown(path, name, allowed);
        }
        Some(members)
    }

    fn unknown(&mut self, path: &str, name: &str, allowed: &[&str]) {
        let shown = shown(&Value::String(name.to_owned()));
        let message = format!("{shown} is not known here; allowed are {}", quoted(allowed));
        let mut problem = Diagnostic::error(SCHEDULE_INVALID, message).path(path);
        problem.suggestion = closest(name, allowed.iter().copied()).map(str::to_owned);
        self.problems.push(problem);
    }

    fn refuse<T>(&mut self, path: &str, message: impl Into<String>) -> Option<T> {
        self.problems.push(Diagnostic::error(SCHEDULE_INVALID, message).path(path));
        None
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A value for a message, cut to a readable length.
fn shown(json: &Value) -> String {
    let text = match json {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    };
    if text.chars().count() <= 60 { text } else { text.chars().take(59).chain("…`".chars()).collect() }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        Schedule::read(&json).map_err(|problems| de::Error::custom(in_words(&problems)))
    }
}

fn in_words(problems: &[Diagnostic]) -> String {
    let words = |problem: &Diagnostic| match problem.path.as_str() {
        "" => problem.message.clone(),
        path => format!("{path}: {}", problem.message),
    };
    problems.iter().map(words).collect::<Vec<_>>().join("; ")
}
