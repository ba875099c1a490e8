use super::{Held, Live, Phase};
use crate::children::tell_parent;
use crate::shard::Cx;
use weir_base::Value;
use weir_engine::{Status, StepError};
use weir_runs::{ProgressBody, RunEnded, RunsError};
use weir_store::RunUpdate;

impl Live {
    /// The run is over as soon as its end is on disk.
    pub(super) fn complete(&mut self, cx: &mut Cx, status: Status, output: Value, error: Option<StepError>) {
        self.at = self.at.max(cx.now());
        self.tell_trace(cx);
        for path in self.tasks.paths() {
            if let Some(open) = self.tasks.remove(&path) {
                self.drop_task(cx, &path, open);
            }
        }
        self.timers.drain().for_each(|armed| cx.timers.unset(armed.key));
        (self.stored, self.output, self.error) = (status, output, error);
        self.phase = Phase::Ending;
        if self.detached.under_way == 0 {
            self.write_end(cx);
        }
    }

    pub(super) fn write_end(&mut self, cx: &mut Cx) {
        let (output, error) = (self.output.clone(), self.error.clone());
        self.batch.updates.push(RunUpdate::ended(self.key, self.stored, self.at, output, error));
        self.touch(cx, true);
        self.hold(Held::Ended);
    }

    /// The end is on disk: everyone who waits is told.
    pub(super) fn ended(&mut self, cx: &mut Cx) {
        self.phase = Phase::Ended;
        let view = self.view();
        for reply in self.refused.drain(..) {
            let _ = reply.send(Err(RunsError::Ended { run: self.id.clone(), status: self.stored }));
        }
        if self.traced {
            let (status, output, error) = (view.status, view.output.clone(), view.error.clone());
            cx.tell(&self.id, self.at, ProgressBody::Status { status, waiting: Vec::new(), output, error });
        }
        self.tell_ended(cx);
        cx.answer_waiters(self.key, &view);
        cx.inner.shared.ends.tell(&self.id, &self.slot.queue);
        let children: Vec<_> = self.children.drain().collect();
        for path in children {
            let (inner, child) = (cx.inner.clone(), format!("{}/{path}", self.id).into());
            cx.help(crate::children::cancel_child(inner, child));
        }
        if let Some(origin) = self.origin.as_ref().filter(|origin| !origin.detached) {
            tell_parent(cx, origin.clone(), view);
        }
        if self.is_pending {
            cx.inner.admission.remove_pending(&self.place.project);
        } else if cx.inner.admission.leave(&self.slot) {
            cx.inner.claim.notify_one();
        }
    }

    /// The log; ids alone, as what runs hold is nobody's who reads logs.
    pub(super) fn tell_started(&self) {
        let (tenant, project, flow) = (&*self.place.tenant, &*self.place.project, &*self.flow.name);
        tracing::info!(target: "weir::run", run = &*self.id, tenant, project, flow, "run started");
    }

    /// The log, the numbers, and whoever observes.
    fn tell_ended(&self, cx: &Cx) {
        let (tenant, project, flow) = (&self.place.tenant, &self.place.project, &self.flow.name);
        let took = self.at.saturating_sub(self.created_at).max(0);
        let (status, code) = (self.stored, self.error.as_ref().map(|error| &*error.code));
        tracing::info!(
            target: "weir::run",
            run = &*self.id,
            tenant = &**tenant,
            project = &**project,
            flow = &**flow,
            status = status.as_str(),
            code,
            ms = took as f64 / 1_000.0,
            "run ended"
        );
        let meters = &cx.inner.shared.meters;
        meters.run_ended(&self.meter, status, took);
        if let Some(observer) = &meters.observer {
            observer.run(&RunEnded {
                run: &self.id,
                tenant,
                project,
                flow,
                version: &self.flow.hash,
                parent: self.origin.as_ref().map(|origin| (&*origin.run, &*origin.path)),
                status,
                code,
                created_at: self.created_at,
                ended_at: self.at,
            });
        }
    }

    pub(super) fn answer_start(&mut self) {
        if let Some(reply) = self.started_reply.take() {
            let _ = reply.send(Ok(self.view()));
        }
    }

    /// The rows of this run could not be written: it has to be read from the store again.
    pub fn abandon(&mut self, cx: &mut Cx, error: &RunsError) {
        self.forget_open(cx);
        self.answer_outside(error);
        self.held.clear();
        self.phase = Phase::Broken;
    }

    /// Tells everybody who waits for rows of this run to be written that they wait in vain.
    pub fn answer_outside(&mut self, error: &RunsError) {
        if let Some(reply) = self.started_reply.take() {
            let _ = reply.send(Err(error.clone()));
        }
        for reply in self.refused.drain(..) {
            let _ = reply.send(Err(error.clone()));
        }
        for (ticket, held) in std::mem::take(&mut self.held) {
            match held {
                Held::Answer(reply) => drop(reply.send(Err(error.clone()))),
                other => self.held.push_back((ticket, other)),
            }
        }
    }

    /// Whether its start is not on disk yet.
    pub fn is_unwritten(&self) -> bool {
        self.held.iter().any(|(_, held)| matches!(held, Held::Started))
    }

    /// Whether it is new and somebody outside waits for it, who can ask again.
    pub fn is_asked_for(&self, cx: &Cx) -> bool {
        let by_parent = self.origin.as_ref().is_some_and(|origin| !origin.detached);
        let waited_for = || self.started_reply.is_some() || cx.waiters.contains_key(&self.key);
        !by_parent && self.is_unwritten() && waited_for()
    }
}
