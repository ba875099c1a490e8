use super::{Held, Live, Phase};
use crate::message::Answer;
use crate::shard::Cx;
use weir_base::Text;
use weir_engine::{Decision, EventBody, Status};
use weir_runs::{Request, RunsError};
use weir_store::InboxKey;

/// A request and who is told.
pub(crate) struct Asked {
    pub request: Request,
    pub inbox: Option<InboxKey>,
    pub reply: Option<Answer>,
}

impl Live {
    /// Takes a request up: journaled and on disk before it is acknowledged, in every durability mode (semantics 5.10).
    pub fn request(&mut self, cx: &mut Cx, asked: Asked) {
        let Asked { request, inbox, reply } = asked;
        // A run that has just been taken up again has not yet found out what it must ask.
        if matches!(request, Request::Decide { .. }) {
            self.drain(cx);
        }
        if let Some(message) = inbox {
            self.batch.inbox_done.push(message);
            self.touch(cx, true);
        }
        match self.take(cx, request) {
            Ok(()) => reply.into_iter().for_each(|reply| self.hold_or_perform(cx, Held::Answer(reply))),
            Err(error) => reply.into_iter().for_each(|reply| self.refuse(reply, &error)),
        }
        self.drain(cx);
    }

    /// That a run is over is told only when its end is on disk: after a crash it might go on.
    fn refuse(&mut self, reply: Answer, error: &RunsError) {
        match self.phase {
            Phase::Ending => self.refused.push(reply),
            _ => drop(reply.send(Err(error.clone()))),
        }
    }

    fn take(&mut self, cx: &mut Cx, request: Request) -> Result<(), RunsError> {
        self.check_open()?;
        let paused = self.machine.status() == Status::Paused;
        match request {
            Request::Signal { name, id, payload } => {
                self.flow.accept_signal(&name, &payload)?;
                self.apply(cx, EventBody::Signal { name, id, payload }, true);
            }
            Request::Cancel { reason } => self.apply(cx, EventBody::Cancel { reason }, true),
            Request::Pause if paused => {}
            Request::Pause => self.apply(cx, EventBody::Pause, true),
            Request::Resume if !paused => {}
            Request::Resume => {
                self.apply(cx, EventBody::Resume, true);
                self.rearm_overdue(cx);
            }
            Request::Override { path, result } => self.apply(cx, EventBody::Override { path, result }, true),
            Request::Decide { path, decision } => return self.decided(cx, path, decision),
        }
        Ok(())
    }

    fn check_open(&self) -> Result<(), RunsError> {
        match self.phase {
            Phase::Ending | Phase::Ended => {
                Err(RunsError::Ended { run: self.id.clone(), status: self.machine.status() })
            }
            Phase::Broken => {
                let why = self.error.as_ref().map(ToString::to_string).unwrap_or_default();
                Err(RunsError::rejected("RUN_UNREADABLE", why))
            }
            _ => Ok(()),
        }
    }

    fn decided(&mut self, cx: &mut Cx, path: Text, decision: Decision) -> Result<(), RunsError> {
        if !self.asks(&path) {
            let message = format!("the step `{path}` of run `{}` waits for no decision", self.id);
            return Err(RunsError::rejected("NO_DECISION_OPEN", message));
        }
        self.decide(cx, path, decision);
        Ok(())
    }
}
