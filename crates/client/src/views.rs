//! Answers of the API, read into the types every other part of Weir speaks of runs with.

use crate::runs::{RunRow, times};
use jiff::Timestamp;
use weir_base::{Micros, Text, Value};
use weir_engine::{Record, Status, StepError, StepStatus};
use weir_runs::{LogView, Offer, OpenView, ReplayView, RunView, StepView, Verdict};

pub fn text(value: &Value, name: &str) -> Text {
    value.get(name).and_then(Value::as_str).unwrap_or_default().into()
}

fn maybe(value: &Value, name: &str) -> Option<Text> {
    value.get(name).and_then(Value::as_str).map(Text::from)
}

pub fn texts(value: &Value, name: &str) -> Vec<Text> {
    let items = value.get(name).and_then(Value::as_array).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(Text::from).collect()
}

pub fn time(value: &Value, name: &str) -> Option<Micros> {
    let text = value.get(name)?.as_str()?;
    text.parse::<Timestamp>().ok().map(|time| time.as_microsecond())
}

fn any(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}

fn whole(value: &Value, name: &str) -> Option<u64> {
    value.get(name).and_then(Value::as_u64)
}

fn error(value: &Value) -> Option<StepError> {
    let error = value.get("error")?;
    serde_json::from_str(&error.get("whole").unwrap_or(error).to_json()).ok()
}

pub fn row(value: &Value) -> Option<RunRow> {
    let (started_at, ended_at, wake_at) = times(value);
    Some(RunRow {
        run: maybe(value, "run")?,
        flow: text(value, "flow"),
        version: text(value, "version"),
        status: Status::parse(&text(value, "status"))?,
        error: error(value),
        created_at: time(value, "createdAt")?,
        started_at,
        ended_at,
        wake_at,
        cause: cause(value),
    })
}

/// `webhook/ID`, or its sort alone where no trigger has started it.
fn cause(value: &Value) -> Option<Text> {
    let trigger = value.get("trigger")?;
    let sort: Text = maybe(trigger, "type")?;
    Some(maybe(trigger, "id").map_or(sort.clone(), |id: Text| format!("{sort}/{id}").into()))
}

pub fn run(value: &Value) -> Option<RunView> {
    let row = row(value)?;
    Some(RunView {
        run: row.run,
        flow: row.flow,
        version: row.version,
        status: row.status,
        output: any(value, "output"),
        error: row.error,
        created_at: row.created_at,
        started_at: row.started_at,
        ended_at: row.ended_at,
        waiting: texts(value, "waiting"),
        wake_at: row.wake_at,
        cause: row.cause,
    })
}

fn step(value: &Value) -> Option<StepView> {
    let (started_at, ended_at, _) = times(value);
    let status: StepStatus = serde_json::from_str(&value.get("status")?.to_json()).ok()?;
    Some(StepView {
        path: maybe(value, "path")?,
        kind: text(value, "kind"),
        title: text(value, "title"),
        phase: maybe(value, "phase"),
        region: value.get("region").and_then(Value::as_bool).unwrap_or_default(),
        status,
        attempts: u32::try_from(whole(value, "attempts").unwrap_or_default()).unwrap_or(u32::MAX),
        started_at,
        ended_at,
        output: any(value, "output"),
        error: error(value),
        handle: maybe(value, "handle"),
        waiting: maybe(value, "waiting"),
    })
}

pub fn replay(value: &Value) -> Option<ReplayView> {
    let steps = value.get("steps")?.as_array()?;
    // `task http.request orders/pay`: the path is the last word, what is open all before it.
    let open = |text: &Text| {
        let (what, path) = text.rsplit_once(' ').unwrap_or((text, ""));
        OpenView { what: what.into(), path: path.into(), due: None }
    };
    Some(ReplayView {
        run: maybe(value, "run")?,
        flow: text(value, "flow"),
        version: text(value, "version"),
        seq: whole(value, "seq")?,
        at: time(value, "at")?,
        status: Status::parse(&text(value, "status"))?,
        output: any(value, "output"),
        error: error(value),
        variables: any(value, "variables"),
        signals: texts(value, "signals"),
        open: texts(value, "open").iter().map(open).collect(),
        steps: steps.iter().map(step).collect::<Option<_>>()?,
        warnings: texts(value, "warnings"),
    })
}

pub fn log(value: &Value) -> Option<LogView> {
    Some(LogView {
        at: time(value, "at")?,
        path: text(value, "path"),
        kind: text(value, "kind"),
        attempt: u32::try_from(whole(value, "attempt").unwrap_or_default()).unwrap_or(u32::MAX),
        level: text(value, "level"),
        message: text(value, "message"),
        metadata: any(value, "metadata"),
    })
}

pub fn record(value: &Value) -> Option<Record> {
    Some(Record {
        seq: whole(value, "seq")?,
        at: time(value, "at")?,
        ty: text(value, "type").to_string().into(),
        path: text(value, "path"),
        payload: any(value, "payload").to_json(),
    })
}

pub fn offer(value: &Value) -> Option<Offer> {
    let paths = texts(value, "paths");
    let path = paths.first().cloned().unwrap_or_default();
    let why = text(value, "why").to_string();
    let verdict = match &*text(value, "verdict") {
        "compatible" => Verdict::Compatible { resume: paths },
        "diverges" => Verdict::Diverges { path, why },
        // The reason names the state already.
        "ends_again" => Verdict::Diverges { path: path.clone(), why: format!("under this flow, at {path}, {why}") },
        "refused" => Verdict::Refused { why },
        _ => return None,
    };
    let resumed = value.get("resumed").and_then(Value::as_bool).unwrap_or_default();
    Some(Offer { run: maybe(value, "run")?, verdict, compensated: texts(value, "compensated"), resumed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_is_read_as_the_server_writes_it() {
        let text = r#"{"run":"r","seq":3,"at":"1970-01-01T00:00:01Z","status":"failed","output":null,
            "error":{"code":"X","message":"m","path":"a","whole":{"code":"X","category":"user","message":"m","retryable":false,"path":"a"}},
            "variables":{"v":1},"signals":["s"],"open":["task http.request s/a"],"warnings":[],
            "steps":[{"path":"s/a","kind":"log","title":"","region":false,"status":"running","attempts":2,"startedAt":"1970-01-01T00:00:01.5Z","output":7}]}"#;
        let view = replay(&Value::from_json(text).unwrap()).unwrap();
        assert_eq!((view.seq, view.at, view.status), (3, 1_000_000, Status::Failed));
        assert_eq!(&*view.error.unwrap().code, "X");
        assert_eq!((&*view.open[0].what, &*view.open[0].path), ("task http.request", "s/a"));
        assert_eq!((view.steps[0].status, view.steps[0].attempts), (StepStatus::Running, 2));
        assert_eq!(view.steps[0].started_at, Some(1_500_000));
    }

    #[test]
    fn what_is_not_understood_is_not_guessed() {
        for wrong in ["{}", r#"{"run":"r","status":"odd","createdAt":"1970-01-01T00:00:01Z"}"#] {
            assert_eq!(row(&Value::from_json(wrong).unwrap()), None, "{wrong}");
        }
    }
}
