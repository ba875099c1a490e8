use super::{Live, Phase};
use crate::message::Awaited;
use crate::shard::Cx;
use weir_base::{Micros, Text, Value};
use weir_engine::Status;
use weir_runs::{ProgressBody, RunView, RunsError};

impl Live {
    pub fn view(&self) -> RunView {
        let waiting = self.waiting();
        let (output, error) = match self.phase {
            Phase::Ending => (Value::Null, None),
            _ => (self.output.clone(), self.error.clone()),
        };
        RunView {
            run: self.id.clone(),
            flow: self.flow.name.clone(),
            version: self.flow.hash.clone(),
            status: self.status(),
            output,
            error,
            created_at: self.created_at,
            started_at: self.started_at,
            ended_at: (self.phase == Phase::Ended).then_some(self.at),
            waiting,
            wake_at: self.wake_at(),
            cause: self.started_by.clone(),
        }
    }

    pub(super) fn status(&self) -> Status {
        match self.phase {
            // Its end is not on disk: after a crash it goes on.
            Phase::Ending => Status::Running,
            Phase::Ended | Phase::Broken | Phase::Dormant => self.stored,
            _ if self.machine.status() == Status::Paused => Status::Paused,
            _ if self.rests() => Status::Waiting,
            _ => Status::Running,
        }
    }

    /// What an open run waits for, in a fixed order.
    pub(super) fn waiting(&self) -> Vec<Text> {
        if !matches!(self.phase, Phase::Active | Phase::Parking) {
            return Vec::new();
        }
        let signals = self.machine.awaited_signals().into_iter().map(|name| format!("signal {name}"));
        let children = self.children.iter().map(|path| format!("child {path}"));
        let tasks = self.tasks.iter().filter(|(_, open)| open.rests()).map(|(path, open)| match open.is_asking() {
            true => format!("decision {path}"),
            false => format!("retry {path}"),
        });
        let timer = (!self.timers.is_empty()).then(|| "timer".to_owned());
        let mut waiting: Vec<Text> = signals.chain(children).chain(tasks).chain(timer).map(Text::from).collect();
        waiting.sort();
        waiting
    }

    /// When this run goes on by itself. While it is paused only deadlines and attempts do.
    pub(super) fn wake_at(&self) -> Option<Micros> {
        let paused = self.machine_is_paused();
        let timer = if paused { self.timers.earliest_deadline() } else { self.timers.earliest() };
        timer.into_iter().chain(self.tasks.next_at()).min()
    }

    fn machine_is_paused(&self) -> bool {
        self.phase != Phase::Broken && self.machine.status() == Status::Paused
    }

    pub fn look(
        &mut self,
        cx: &mut Cx,
        until: Awaited,
        reply: tokio::sync::oneshot::Sender<Result<RunView, RunsError>>,
    ) {
        let satisfied = match until {
            Awaited::Now => true,
            Awaited::Settled => self.has_settled(cx) || self.phase == Phase::Ended,
            Awaited::Ended => self.phase == Phase::Ended,
        };
        match satisfied {
            true => drop(reply.send(Ok(self.view()))),
            false => cx.waiters.entry(self.key).or_default().push((until, reply)),
        }
    }

    pub fn query(&self, name: &Text) -> Result<Value, RunsError> {
        if self.phase == Phase::Broken {
            return Err(RunsError::rejected("RUN_UNREADABLE", "the run's journal cannot be folded by this program"));
        }
        query(&self.machine, name)
    }

    /// Tells watchers and waiters that the run has come to rest, or goes on.
    pub fn announce(&mut self, cx: &mut Cx) {
        if !matches!(self.phase, Phase::Active | Phase::Parking) {
            return;
        }
        let settled = self.has_settled(cx);
        if settled && cx.waiters.contains_key(&self.key) {
            let view = self.view();
            cx.answer_waiters(self.key, &view);
        }
        if self.traced && (settled || self.told.is_some()) {
            self.tell_status(cx);
        }
    }

    fn tell_status(&mut self, cx: &Cx) {
        let now = (self.status(), self.waiting());
        if self.told.as_ref() != Some(&now) {
            self.told = Some(now.clone());
            let (status, waiting) = now;
            cx.tell(&self.id, self.at, ProgressBody::Status { status, waiting, output: Value::Null, error: None });
        }
    }
}

pub(crate) fn query(machine: &weir_engine::Machine, name: &str) -> Result<Value, RunsError> {
    match crate::guard::guarded(|| machine.query(name)) {
        Ok(Some(result)) => result.map_err(|error| RunsError::rejected("QUERY_FAILED", error.to_string())),
        Ok(None) => Err(RunsError::rejected("QUERY_UNKNOWN", format!("the flow declares no query `{name}`"))),
        Err(message) => Err(RunsError::rejected("QUERY_FAILED", message)),
    }
}
