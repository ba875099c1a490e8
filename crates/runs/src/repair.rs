use weir_base::{Map, Text, Value};
use weir_engine::{EventBody, Status};

/// What a fork does differently.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// `vars.total`, `vars.cart.items` or `input.x`, and its new value.
    Set { path: String, value: Value },
    /// Something that happens at once: a result, a signal, a decision.
    Event(Box<EventBody>),
}

impl Change {
    /// Reads an event as the journal has it, `{"type": …, "path": …, …}`; none that only begins or carries on a journal.
    pub fn event(value: &Value) -> Result<Change, String> {
        let member = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let rest: Map = value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| !matches!(&***key, "type" | "path"))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let body = EventBody::within_run(&member("type"), member("path").into(), &rest.into());
        Ok(Change::Event(Box::new(body.map_err(|error| error.message)?)))
    }
}

/// A new run that goes on from a record of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Forked {
    pub run: Text,
    /// The steps that run again because they had no result yet.
    pub again: Vec<Text>,
}

/// What going on with a run under another version of its flow would mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub run: Text,
    pub verdict: Verdict,
    /// Steps that ran because of the failure, such as a catch or a finally. Going on does not undo them.
    pub compensated: Vec<Text>,
    /// Whether the run has been taken up again.
    pub resumed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It can go on at these steps; everything finished before them stands.
    Compatible { resume: Vec<Text> },
    /// The journal and the flow part ways here.
    Diverges { path: Text, why: String },
    /// Under this flow the same journal fails again, or is over.
    EndsAgain { status: Status, path: Text, why: String },
    /// It cannot be asked of this run.
    Refused { why: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = Change::event(&Value::from_json(text).expect("JSON"));
        match (found, expected) {
            (Ok(Change::Event(body)), Ok(part)) => assert!(format!("{body:?}").contains(part), "{body:?}"),
            (Err(said), Err(part)) => assert!(said.contains(part), "{said}"),
            (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn events_are_read_as_the_journal_has_them() {
        check(r#"{"type": "signal", "name": "go", "payload": 7}"#, Ok("go"));
        check(r#"{"type": "rebased", "flow": "x", "dropped": []}"#, Err("`rebased` cannot happen within a run"));
        check(r#"{"type": "nothing"}"#, Err("nothing"));
        check("7", Err(""));
    }
}
