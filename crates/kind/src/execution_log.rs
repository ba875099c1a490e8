use crate::FlowContext;
use jiff::Timestamp;
use weir_base::{Micros, Value};

/// One step that ran, as a log entry shows it.
#[derive(Clone, Debug)]
pub struct Execution<'a> {
    pub run: &'a str,
    pub component_id: &'a str,
    pub component_name: &'a str,
    pub component_type: &'a str,
    pub started: Micros,
    pub completed: Micros,
    pub status: &'a str,
    pub input: Value,
    pub output: Value,
}

/// The log entry of a step: who ran what, when, with what and to what end.
///
/// `{timestamp, project, service, workflow, component, execution, input, output}`, times in RFC 3339.
pub fn execution_log(flow: &FlowContext, step: &Execution<'_>) -> Value {
    let named = |name: &str| Value::object([("id", name.into()), ("name", name.into())]);
    let workflow = [("id", Value::from(&*flow.flow)), ("name", (&*flow.flow).into()), ("runId", step.run.into())];
    let component = [
        ("id", Value::from(step.component_id)),
        ("name", step.component_name.into()),
        ("type", step.component_type.into()),
    ];
    let execution = [
        ("startedAt", Value::from(timestamp(step.started))),
        ("completedAt", timestamp(step.completed).into()),
        ("durationMs", ((step.completed - step.started) / 1_000).into()),
        ("status", step.status.into()),
    ];
    Value::object([
        ("timestamp", timestamp(step.completed).into()),
        ("project", named(&flow.project)),
        ("service", named(&flow.service)),
        ("workflow", Value::object(workflow)),
        ("component", Value::object(component)),
        ("execution", Value::object(execution)),
        ("input", step.input.clone()),
        ("output", step.output.clone()),
    ])
}

/// RFC 3339 in UTC, such as `2026-01-15T10:30:00Z`; a time out of range is the nearest one in it.
pub fn timestamp(at: Micros) -> String {
    let bound = if at < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(at).unwrap_or(bound).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_the_step_and_its_times() {
        let flow = FlowContext { project: "p".into(), service: "s".into(), flow: "w".into(), ..FlowContext::default() };
        let started = 1_736_937_000_000_000;
        let step = Execution {
            run: "r",
            component_id: "say",
            component_name: "Say",
            component_type: "log",
            started,
            completed: started + 1_000_000,
            status: "completed",
            input: Value::object([("message", "hi".into())]),
            output: Value::Null,
        };
        let expected = r#"{"timestamp":"2025-01-15T10:30:01Z","project":{"id":"p","name":"p"},"service":{"id":"s","name":"s"},"workflow":{"id":"w","name":"w","runId":"r"},"component":{"id":"say","name":"Say","type":"log"},"execution":{"startedAt":"2025-01-15T10:30:00Z","completedAt":"2025-01-15T10:30:01Z","durationMs":1000,"status":"completed"},"input":{"message":"hi"},"output":null}"#;
        assert_eq!(execution_log(&flow, &step).to_json(), expected);
        assert_eq!(timestamp(i64::MAX), "9999-12-30T22:00:00.999999999Z");
    }
}
