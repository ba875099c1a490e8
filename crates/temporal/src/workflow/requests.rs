//! What comes in by signal: signals of the flow, requests about the run, ends of children.

use super::drive::{Driver, Phase};
use super::{Mail, lock};
use crate::names;
use weir_base::{Text, Value};
use weir_engine::EventBody;
use weir_runs::{LogView, Request};

impl Driver<'_> {
    pub fn deliver(&mut self, mail: Mail) {
        self.cx.state_mut(|run| run.taken += 1);
        if matches!(self.phase, Phase::Ending(_)) {
            return;
        }
        if self.is_too_large(&mail) {
            return self.leave_out(&mail.name);
        }
        match mail.name.as_str() {
            names::REQUEST => match read::<Request>(&mail.payload) {
                Some(request) => self.request(request),
                None => tracing::warn!("a request that is none was left out"),
            },
            names::CHILD => read(&mail.payload).into_iter().for_each(|end| self.child_ended(end)),
            name if name.starts_with(names::OWN) => tracing::warn!("a signal without a name was left out"),
            name => self.apply(EventBody::Signal { name: name.into(), id: None, payload: mail.payload }),
        }
    }

    /// Whether a signal could come in, but its record could not go out. The end of a child is measured where it arises.
    fn is_too_large(&self, mail: &Mail) -> bool {
        let is_measured = self.input.interpreter >= 4 && mail.name != names::CHILD;
        is_measured && lock(&self.fold).is_too_large(&mail.payload)
    }

    /// Whoever has sent it by Temporal's own means has heard nothing of it; the run's log says it.
    fn leave_out(&mut self, name: &str) {
        let what = match name {
            names::REQUEST => "a request about the run".to_owned(),
            name => format!("the signal `{name}`"),
        };
        let message = Text::from(format!("PAYLOAD_TOO_LARGE: {what} is larger than Temporal takes, and was left out"));
        tracing::warn!(run = self.cx.workflow_id(), "{message}");
        let (path, kind, level, metadata) = ("".into(), names::DELIVER.into(), "warn".into(), Value::Null);
        let line = LogView { at: self.now(), path, kind, attempt: 1, level, message, metadata };
        lock(&self.fold).add_logs(vec![line]);
    }

    fn request(&mut self, request: Request) {
        let paused = lock(&self.fold).is_paused();
        match request {
            Request::Signal { name, id, payload } => self.apply(EventBody::Signal { name, id, payload }),
            Request::Cancel { reason } => self.apply(EventBody::Cancel { reason }),
            Request::Pause if !paused => self.apply(EventBody::Pause),
            Request::Resume if paused => {
                self.apply(EventBody::Resume);
                self.rearm_overdue();
            }
            Request::Override { path, result } => self.apply(EventBody::Override { path, result }),
            Request::Decide { path, decision } if self.asks(&path) => self.decide(path, decision),
            Request::Pause | Request::Resume | Request::Decide { .. } => {}
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(payload: &Value) -> Option<T> {
    weir_base::read_deep(&payload.to_json()).ok()
}
