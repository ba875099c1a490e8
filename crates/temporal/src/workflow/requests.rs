//! What comes in by signal: signals of the flow, requests about the run, ends of children.

use super::drive::{Driver, Phase};
use super::{Mail, lock};
use crate::names;
use weir_base::Value;
use weir_engine::EventBody;
use weir_runs::Request;

impl Driver<'_> {
    pub fn deliver(&mut self, mail: Mail) {
        self.cx.state_mut(|run| run.taken += 1);
        if matches!(self.phase, Phase::Ending(_)) {
            return;
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
