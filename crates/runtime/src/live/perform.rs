use super::armed::Armed;
use super::attempt::Open;
use super::{Held, Live, Phase};
use crate::children::{ChildStart, cancel_child, start_child};
use crate::shard::Cx;
use crate::timers::Due;
use weir_base::{Micros, Text};
use weir_engine::{Command, EventBody, StartChild};
use weir_store::{Effect, VariableScope};

impl Live {
    /// What the machine wants done. Only what writes rows of its own is done before the cause is on disk.
    pub(super) fn obey(&mut self, cx: &mut Cx, command: Command) {
        match command {
            Command::Run(task) => self.open_task(cx, task),
            Command::ContinueAsNew { .. } => self.hand_over(cx),
            Command::Complete { status, output, error } => self.complete(cx, status, output, error),
            Command::StartChild(child) => {
                let effect = child.detached.then(|| self.next_effect());
                self.detached.under_way += u32::from(child.detached);
                self.hold_or_perform(cx, Held::Child(Box::new(child), effect));
            }
            other => self.hold_or_perform(cx, Held::Command(other)),
        }
    }

    pub(super) fn perform(&mut self, cx: &mut Cx, held: Held) {
        match held {
            Held::Command(command) => self.perform_command(cx, command),
            Held::Child(child, effect) => self.start_child(cx, *child, effect),
            Held::Launch { path } => cx.launches.push_back((self.key, path)),
            Held::Backoff { path, attempt, not_before } => self.back_off(cx, path, attempt, not_before),
            Held::Answer(answer) => drop(answer.send(Ok(()))),
            Held::Started => self.answer_start(),
            Held::Ended => self.ended(cx),
            Held::Parked => self.parked(cx),
        }
    }

    fn perform_command(&mut self, cx: &mut Cx, command: Command) {
        match command {
            Command::StartTimer { path, due, deadline } => self.start_timer(cx, path, due, deadline),
            Command::Cancel { path } => self.cancel(cx, &path),
            Command::ReadVariables { path, service, project } => self.read_variables(cx, path, service, project),
            Command::Run(_) | Command::StartChild(_) | Command::Complete { .. } | Command::ContinueAsNew { .. } => {}
        }
    }

    /// The key of a command that no record answers (semantics 5.5).
    fn next_effect(&mut self) -> Effect {
        let (seq, ordinal) = self.cause;
        self.cause.1 += 1;
        Effect { run: self.key, seq, ordinal }
    }

    /// Starts a child, or asks for its state if it was started before (semantics 5.5).
    pub fn start_child(&mut self, cx: &mut Cx, child: StartChild, effect: Option<Effect>) {
        if let Some(effect) = effect {
            return self.start_detached(cx, child, effect);
        }
        if !self.machine.expects(&child.path) {
            return;
        }
        self.children.insert(child.path.clone());
        let (parent, parent_id, place) = (self.key, self.id.clone(), self.place.clone());
        let start = ChildStart { parent, parent_id, place, child, effect };
        cx.help(start_child(cx.inner.clone(), start));
    }

    pub(super) fn start_timer(&mut self, cx: &mut Cx, path: Text, due: Micros, deadline: bool) {
        let key = cx.set_timer(due, self.at, self.key, Due::Step { path: path.clone() });
        // What a deadline ends may be under way: were its end not on disk, it would be done again after its consequence.
        let at_once = !deadline && due <= self.machine.now();
        let armed = Armed { key, due, deadline, at_once };
        if let Some(before) = self.timers.insert(path, armed) {
            cx.timers.unset(before.key);
        }
    }

    /// Ends whatever is open under this path. The fold has closed it already (semantics 5.8).
    fn cancel(&mut self, cx: &mut Cx, path: &Text) {
        if let Some(armed) = self.timers.remove(path) {
            cx.timers.unset(armed.key);
        }
        self.overdue.retain(|(_, overdue)| overdue != path);
        if let Some(open) = self.tasks.remove(path) {
            self.drop_task(cx, path, open);
        }
        if self.children.remove(path) {
            let (inner, child) = (cx.inner.clone(), Text::from(format!("{}/{path}", self.id)));
            cx.help(cancel_child(inner, child));
        }
    }

    pub(super) fn drop_task(&mut self, cx: &mut Cx, path: &Text, mut open: Open) {
        open.stop(cx);
        self.marks.remove(path);
        if open.has_row {
            self.batch.attempts_done.push((self.key, path.clone()));
            self.touch(cx, false);
        }
    }

    fn read_variables(&mut self, cx: &mut Cx, path: Text, service: Vec<Text>, project: Vec<Text>) {
        self.reads += 1;
        let (inner, key, place) = (cx.inner.clone(), self.key, self.place.clone());
        cx.help(async move {
            let scope = |service: Option<Text>| VariableScope {
                tenant: place.tenant.clone(),
                project: place.project.clone(),
                service,
            };
            let of_service = crate::children::patiently(|| async {
                inner.shared.store.variables(&scope(Some(place.service.clone())), &service).await
            });
            let of_project =
                crate::children::patiently(|| async { inner.shared.store.variables(&scope(None), &project).await });
            let (Some(service), Some(project)) = (of_service.await, of_project.await) else { return };
            let answer = Box::new(EventBody::VariablesRead { path: path.clone(), service, project });
            inner.shared.send(key, crate::message::Message::VariablesRead { key, path, answer });
        });
    }

    pub fn variables_read(&mut self, cx: &mut Cx, path: &Text, answer: EventBody) {
        self.reads = self.reads.saturating_sub(1);
        if self.phase != Phase::Broken && self.machine.expects(path) {
            self.apply(cx, answer, self.is_hard());
            self.drain(cx);
        }
    }

    pub fn child_ended(
        &mut self,
        cx: &mut Cx,
        path: Text,
        output: weir_base::Value,
        error: Option<weir_engine::StepError>,
    ) {
        if self.phase == Phase::Broken || !self.machine.expects(&path) {
            return;
        }
        self.children.remove(&path);
        self.apply(cx, EventBody::ChildFinished { path, output, error }, self.is_hard());
        self.drain(cx);
    }

    /// A timer's time has come.
    pub fn fire(&mut self, cx: &mut Cx, due: Due) {
        match due {
            Due::Step { path } => self.fire_step(cx, path),
            Due::Attempt { path, attempt } => self.next_attempt(cx, path, attempt),
            Due::Park => self.park_if_idle(cx),
        }
    }

    /// While a run is paused only deadlines run on (semantics 5.9).
    fn fire_step(&mut self, cx: &mut Cx, path: Text) {
        let Some(armed) = self.timers.remove(&path) else { return };
        if self.machine.status() == weir_engine::Status::Paused && !armed.deadline {
            self.overdue.push((armed.due, path));
            return self.visit(cx);
        }
        let hard = self.is_hard() && !armed.at_once;
        // No timer fires before it is due, whatever the clock says by now.
        self.at = self.at.max(armed.due);
        self.apply(cx, EventBody::TimerFired { path }, hard);
        self.drain(cx);
    }

    /// Timers that came due during a pause fire now, in the order of their deadlines.
    pub(super) fn rearm_overdue(&mut self, cx: &mut Cx) {
        let mut overdue = std::mem::take(&mut self.overdue);
        overdue.sort();
        overdue.into_iter().for_each(|(due, path)| self.start_timer(cx, path, due, false));
    }
}
