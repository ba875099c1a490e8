use crate::StepError;
use crate::event::{Decision, Event, EventBody, ForkChange, ForkedFrom, RebasedOnto, Started, TaskResult};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use weir_base::{Micros, Text, Value, read_deep};

/// One row of a run's journal. `seq` is dense per run from 1; `at` never goes back within a run.
///
/// `payload` is the JSON of the event without `type` and `path`; large payloads are kept as blobs by the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub seq: u64,
    pub at: Micros,
    pub ty: Cow<'static, str>,
    pub path: Text,
    pub payload: String,
}

/// A row that cannot be folded; says which and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    pub seq: u64,
    pub message: String,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "journal record {}: {}", self.seq, self.message)
    }
}

impl std::error::Error for RecordError {}

#[derive(Serialize, Deserialize)]
struct Signal<'a> {
    name: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Text>,
    #[serde(default)]
    payload: Cow<'a, Value>,
}

#[derive(Serialize, Deserialize)]
struct Child<'a> {
    #[serde(default)]
    output: Cow<'a, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<StepError>,
}

#[derive(Serialize, Deserialize)]
struct Variables<'a> {
    service: Cow<'a, BTreeMap<Text, Value>>,
    project: Cow<'a, BTreeMap<Text, Value>>,
}

#[derive(Serialize, Deserialize)]
struct Cancel {
    #[serde(default, skip_serializing_if = "str::is_empty")]
    reason: Text,
}

#[derive(Serialize, Deserialize)]
struct Dispatched {
    attempt: u32,
}

#[derive(Serialize, Deserialize)]
struct Decided {
    decision: Decision,
}

#[derive(Serialize, Deserialize)]
struct State<'a> {
    state: Cow<'a, Value>,
}

impl Record {
    pub fn encode(seq: u64, event: &Event) -> Record {
        let path = event.body.path().cloned().unwrap_or_default();
        Record { seq, at: event.at, ty: event.body.type_name().into(), path, payload: payload_of(&event.body) }
    }

    /// An unknown type or a payload of another shape is refused: a run must not be folded with parts left out.
    pub fn decode(&self) -> Result<Event, RecordError> {
        Ok(Event { at: self.at, body: self.body()? })
    }

    fn body(&self) -> Result<EventBody, RecordError> {
        let path = self.path.clone();
        Ok(match &*self.ty {
            "started" => EventBody::Started(Box::new(self.read::<Started>()?)),
            "task_finished" => EventBody::TaskFinished { path, result: self.result()? },
            "override" => EventBody::Override { path, result: self.result()? },
            "late" => EventBody::Late { path, result: self.result()? },
            "timer_fired" => EventBody::TimerFired { path },
            "signal" => {
                let Signal { name, id, payload } = self.read()?;
                EventBody::Signal { name, id, payload: payload.into_owned() }
            }
            "child_finished" => {
                let Child { output, error } = self.read()?;
                EventBody::ChildFinished { path, output: output.into_owned(), error }
            }
            "variables_read" => {
                let Variables { service, project } = self.read()?;
                EventBody::VariablesRead { path, service: service.into_owned(), project: project.into_owned() }
            }
            "cancel" => EventBody::Cancel { reason: self.read::<Cancel>()?.reason },
            "pause" => EventBody::Pause,
            "resume" => EventBody::Resume,
            "dispatched" => EventBody::Dispatched { path, attempt: self.read::<Dispatched>()?.attempt },
            "decided" => EventBody::Decided { path, decision: self.read::<Decided>()?.decision },
            "continued" => EventBody::Continued { state: self.read::<State>()?.state.into_owned() },
            "rebased" => EventBody::Rebased(Box::new(self.read::<RebasedOnto>()?)),
            "forked" => EventBody::Forked(Box::new(self.forked()?)),
            other => return Err(self.fail(format!("this Weir does not know the type `{other}`; a newer one wrote it"))),
        })
    }

    fn result(&self) -> Result<Box<TaskResult>, RecordError> {
        self.read().map(Box::new)
    }

    fn forked(&self) -> Result<ForkedFrom, RecordError> {
        let forked: ForkedFrom = self.read()?;
        let known = |change: &ForkChange| change.body().map(drop);
        forked.changes.iter().try_for_each(known).map_err(|error| self.fail(error.message))?;
        Ok(forked)
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, RecordError> {
        read_deep(&self.payload).map_err(|error| self.fail(format!("type `{}`: {error}", self.ty)))
    }

    fn fail(&self, message: String) -> RecordError {
        RecordError { seq: self.seq, message }
    }
}

fn payload_of(body: &EventBody) -> String {
    match body {
        EventBody::Started(started) => json(started),
        EventBody::TaskFinished { result, .. }
        | EventBody::Override { result, .. }
        | EventBody::Late { result, .. } => json(result),
        EventBody::TimerFired { .. } | EventBody::Pause | EventBody::Resume => "{}".to_owned(),
        EventBody::Signal { name, id, payload } => {
            json(&Signal { name: name.clone(), id: id.clone(), payload: Cow::Borrowed(payload) })
        }
        EventBody::ChildFinished { output, error, .. } => {
            json(&Child { output: Cow::Borrowed(output), error: error.clone() })
        }
        EventBody::VariablesRead { service, project, .. } => {
            json(&Variables { service: Cow::Borrowed(service), project: Cow::Borrowed(project) })
        }
        EventBody::Cancel { reason } => json(&Cancel { reason: reason.clone() }),
        EventBody::Dispatched { attempt, .. } => json(&Dispatched { attempt: *attempt }),
        EventBody::Decided { decision, .. } => json(&Decided { decision: *decision }),
        EventBody::Continued { state } => json(&State { state: Cow::Borrowed(state) }),
        EventBody::Rebased(onto) => json(onto),
        EventBody::Forked(forked) => json(forked),
    }
}

fn json(payload: &impl Serialize) -> String {
    serde_json::to_string(payload).expect("a payload is always JSON")
}

impl ForkChange {
    /// The event as a change of a fork.
    pub fn event(body: &EventBody) -> ForkChange {
        let record = Record::encode(0, &Event::new(0, body.clone()));
        let payload = read_deep(&record.payload).expect("a payload is always JSON");
        ForkChange::Event { ty: record.ty.into(), path: record.path, payload }
    }

    /// The event, where it is one.
    pub fn body(&self) -> Result<Option<EventBody>, RecordError> {
        match self {
            ForkChange::Set { .. } => Ok(None),
            ForkChange::Event { ty, path, payload } => EventBody::within_run(ty, path.clone(), payload).map(Some),
        }
    }
}

impl EventBody {
    /// Reads an event that can happen within a run: none that only begins or carries on a journal.
    pub fn within_run(ty: &str, path: Text, payload: &Value) -> Result<EventBody, RecordError> {
        let record = Record { seq: 0, at: 0, ty: Cow::Owned(ty.to_owned()), path, payload: payload.to_json() };
        match record.body()? {
            EventBody::Started(_) | EventBody::Forked(_) | EventBody::Continued { .. } | EventBody::Rebased(_) => {
                Err(record.fail(format!("`{ty}` cannot happen within a run")))
            }
            body => Ok(body),
        }
    }

    /// The name in the journal's `type` column.
    pub fn type_name(&self) -> &'static str {
        match self {
            EventBody::Started(_) => "started",
            EventBody::TaskFinished { .. } => "task_finished",
            EventBody::TimerFired { .. } => "timer_fired",
            EventBody::Signal { .. } => "signal",
            EventBody::ChildFinished { .. } => "child_finished",
            EventBody::VariablesRead { .. } => "variables_read",
            EventBody::Cancel { .. } => "cancel",
            EventBody::Pause => "pause",
            EventBody::Resume => "resume",
            EventBody::Override { .. } => "override",
            EventBody::Dispatched { .. } => "dispatched",
            EventBody::Decided { .. } => "decided",
            EventBody::Late { .. } => "late",
            EventBody::Continued { .. } => "continued",
            EventBody::Rebased(_) => "rebased",
            EventBody::Forked(_) => "forked",
        }
    }

    /// The same about another step; an event about none stays as it is.
    pub(crate) fn at_path(&self, at: Text) -> EventBody {
        let mut body = self.clone();
        match &mut body {
            EventBody::TaskFinished { path, .. }
            | EventBody::TimerFired { path }
            | EventBody::ChildFinished { path, .. }
            | EventBody::VariablesRead { path, .. }
            | EventBody::Override { path, .. }
            | EventBody::Dispatched { path, .. }
            | EventBody::Decided { path, .. }
            | EventBody::Late { path, .. } => *path = at,
            _ => {}
        }
        body
    }

    pub fn path(&self) -> Option<&Text> {
        match self {
            EventBody::TaskFinished { path, .. }
            | EventBody::TimerFired { path }
            | EventBody::ChildFinished { path, .. }
            | EventBody::VariablesRead { path, .. }
            | EventBody::Override { path, .. }
            | EventBody::Dispatched { path, .. }
            | EventBody::Decided { path, .. }
            | EventBody::Late { path, .. } => Some(path),
            EventBody::Started(_)
            | EventBody::Signal { .. }
            | EventBody::Cancel { .. }
            | EventBody::Pause
            | EventBody::Resume
            | EventBody::Continued { .. }
            | EventBody::Rebased(_)
            | EventBody::Forked(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members that older journals lack are read as nothing, so a member under another name would be lost unsaid.
    #[test]
    fn forks_and_rebased_runs_are_written_as_they_always_were() {
        let state = Value::from_json(r#"{"vars":{"x":1}}"#).unwrap();
        let finished = EventBody::TaskFinished { path: "s/a".into(), result: Box::new(TaskResult::success(5.into())) };
        let signal = EventBody::Signal { name: "go".into(), id: None, payload: Value::Null };
        let set = ForkChange::Set { path: "vars.x".into(), value: 5.into() };
        let changes = vec![set, ForkChange::event(&finished), ForkChange::event(&signal)];
        let old_fork = ForkedFrom { from: "old".into(), seq: 3, state: state.clone(), ..Default::default() };
        let fork = ForkedFrom { run: "new".into(), flow: "f1".into(), changes, ..old_fork.clone() };
        let old_rebase = RebasedOnto { flow: "f2".into(), dropped: vec![4, 6], ..Default::default() };
        let rebase = RebasedOnto { inherited: vec![2], state: Some(state), ..old_rebase.clone() };
        for (body, payload) in [
            (EventBody::Forked(Box::new(old_fork)), r#"{"from":"old","seq":3,"state":{"vars":{"x":1}}}"#),
            (
                EventBody::Forked(Box::new(fork)),
                concat!(
                    r#"{"from":"old","seq":3,"state":{"vars":{"x":1}},"run":"new","flow":"f1","changes":["#,
                    r#"{"set":{"path":"vars.x","value":5}},"#,
                    r#"{"event":{"type":"task_finished","path":"s/a","payload":{"output":5}}},"#,
                    r#"{"event":{"type":"signal","payload":{"name":"go","payload":null}}}]}"#,
                ),
            ),
            (EventBody::Rebased(Box::new(old_rebase)), r#"{"flow":"f2","dropped":[4,6]}"#),
            (
                EventBody::Rebased(Box::new(rebase)),
                r#"{"flow":"f2","dropped":[4,6],"inherited":[2],"state":{"vars":{"x":1}}}"#,
            ),
        ] {
            let event = Event::new(7, body);
            let record = Record::encode(1, &event);
            assert_eq!(record.payload, payload);
            assert_eq!(record.decode(), Ok(event), "{payload}");
        }
    }
}
