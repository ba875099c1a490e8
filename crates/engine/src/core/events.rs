use super::*;
use crate::arena::Ix;
use crate::env::EnvKind;
use crate::event::{EventBody, TaskResult};
use crate::frame::{Open, Outcome, State};
use crate::plan::Plan;
use crate::scope::View;
use crate::step::{self, Wake};
use crate::{Command, StepError};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use weir_base::{Text, Value};

impl Core {
    pub fn apply(&mut self, plan: &Plan, body: &EventBody) {
        if self.completion.is_some() {
            return;
        }
        match body {
            EventBody::TaskFinished { path, result } => self.task_finished(plan, path, result),
            EventBody::Override { path, result } => self.overridden(plan, path, result),
            EventBody::TimerFired { path } => self.timer_fired(plan, path),
            EventBody::Signal { name, id, payload } => self.signal(plan, name, id.as_ref(), payload),
            EventBody::ChildFinished { path, output, error } => self.child_finished(plan, path, output, error.as_ref()),
            EventBody::VariablesRead { path, service, project } => self.variables_read(plan, path, service, project),
            EventBody::Cancel { .. } => self.cancel(),
            EventBody::Pause => self.paused = true,
            EventBody::Resume => self.resume(),
            EventBody::Continued { .. } => self.handed_over(plan),
            EventBody::Started(_)
            | EventBody::Dispatched { .. }
            | EventBody::Decided { .. }
            | EventBody::Late { .. }
            | EventBody::Rebased(_)
            | EventBody::Forked(_) => {}
        }
    }

    pub fn task_finished(&mut self, plan: &Plan, path: &Text, result: &TaskResult) {
        let Some(frame) = self.tasks.remove(path) else { return };
        self.idle_iterations = 0;
        self.frames[frame].open = Open::Nothing;
        step::woken(self, plan, frame, Wake::Task(result));
    }

    /// A decision about any open step: a task, a child, a wait.
    pub fn overridden(&mut self, plan: &Plan, path: &Text, result: &TaskResult) {
        self.idle_iterations = 0;
        if self.tasks.contains_key(path) {
            self.cancel_command(path.clone());
            return self.task_finished(plan, path, result);
        }
        if self.children.contains_key(path) {
            self.cancel_command(path.clone());
            return self.child_finished(plan, path, &result.output, result.error.as_ref());
        }
        if let Some(frame) = self.live(path) {
            let handle = result.handle.clone().or_else(|| step::usual_handle(&plan.node(self.frames[frame].node).op));
            let outcome = match &result.error {
                Some(error) => Outcome::failure(error.clone()),
                None => Outcome::Success { output: result.output.clone(), handle },
            };
            self.close(plan, frame, outcome);
        }
    }

    /// The frame at this path, unless it is being ended. Looks at all of them: for what people ask, not for results.
    pub fn live(&self, path: &str) -> Option<Ix> {
        self.frames.iter().find(|(_, frame)| &*frame.path == path && frame.closing.is_none()).map(|(ix, _)| ix)
    }

    pub fn timer_fired(&mut self, plan: &Plan, path: &Text) {
        let Some(timer) = self.timers.remove(path) else { return };
        match timer.owner {
            Owner::Frame(frame) => {
                if let Some(live) = self.frames.get_mut(frame) {
                    live.timer = None;
                    // Time that passes comes from outside; the turns a step only gives away do not.
                    if timer.due > live.entered_at && !matches!(live.state, State::Yield { .. }) {
                        self.idle_iterations = 0;
                    }
                    step::woken(self, plan, frame, Wake::Timer);
                }
            }
            Owner::Run => {
                self.timed_out |= !self.cancelling;
                self.cancel();
            }
            Owner::Yield => {}
        }
    }

    pub fn signal(&mut self, plan: &Plan, name: &Text, id: Option<&Text>, payload: &Value) {
        if id.is_some_and(|id| self.signal_ids.get(name).is_some_and(|seen| seen.contains(id))) {
            return;
        }
        self.idle_iterations = 0;
        let declared = plan.signals.get(name).filter(|signal| !signal.assign.is_empty());
        if let Some(declared) = declared {
            self.assign_signal(plan, &declared.assign, payload);
        } else if let Some(frame) = self.take_waiting(name) {
            step::woken(self, plan, frame, Wake::Signal(payload));
        } else if !self.buffer(name, payload) {
            // It may be sent again: its id is not one of those that were taken.
            return self.mark_all_dirty();
        }
        id.into_iter().for_each(|id| self.note_signal(name, id));
        self.mark_all_dirty();
    }

    pub fn note_signal(&mut self, name: &Text, id: &Text) {
        if self.signal_ids.len() == KNOWN_SIGNALS && !self.signal_ids.contains_key(name) {
            self.signal_ids.shift_remove_index(0);
        }
        let seen = self.signal_ids.entry(name.clone()).or_default();
        if seen.len() == BUFFERED_SIGNALS {
            seen.pop_front();
        }
        seen.push_back(id.clone());
    }

    pub fn assign_signal(&mut self, plan: &Plan, assign: &IndexMap<Text, weir_expr::Expr>, payload: &Value) {
        let Some(env) = self.root_env else { return };
        for (name, expr) in assign {
            let view = View { message: Some(payload), ..View::new(self, plan, env) };
            match view.expr(expr).and_then(step::pure::unsealed) {
                Ok(value) => self.write(Ix::NONE, 0, env, name.clone(), value),
                Err(error) => {
                    self.warn(Text::default(), format!("signal value for `{name}` was not stored: {error}").into())
                }
            }
        }
    }

    pub fn take_waiting(&mut self, name: &Text) -> Option<Ix> {
        let queue = self.waits.get_mut(name)?;
        let frame = queue.pop_front();
        if queue.is_empty() {
            self.waits.remove(name);
        }
        let frame = frame?;
        self.frames[frame].open = Open::Nothing;
        Some(frame)
    }

    /// Keeps a signal nobody waits for yet. What does not fit is dropped with a warning, and `false` said.
    pub fn buffer(&mut self, name: &Text, payload: &Value) -> bool {
        let size = payload.to_json().len();
        let full = self.signals.get(name).is_some_and(|queue| queue.len() >= BUFFERED_SIGNALS);
        if full || self.signal_bytes + size > BUFFERED_BYTES {
            self.warn(Text::default(), format!("signal `{name}` was dropped: its buffer is full").into());
            return false;
        }
        self.signals.entry(name.clone()).or_default().push_back(payload.clone());
        self.signal_bytes += size;
        true
    }

    pub fn take_buffered(&mut self, name: &Text) -> Option<Value> {
        let queue = self.signals.get_mut(name)?;
        let payload = queue.pop_front()?;
        if queue.is_empty() {
            self.signals.remove(name);
        }
        self.signal_bytes = self.signal_bytes.saturating_sub(payload.to_json().len());
        Some(payload)
    }

    pub fn child_finished(&mut self, plan: &Plan, path: &Text, output: &Value, error: Option<&StepError>) {
        let Some(frame) = self.children.remove(path) else { return };
        self.idle_iterations = 0;
        self.frames[frame].open = Open::Nothing;
        step::woken(self, plan, frame, Wake::Child { output, error });
    }

    pub fn variables_read(
        &mut self,
        plan: &Plan,
        path: &Text,
        service: &BTreeMap<Text, Value>,
        project: &BTreeMap<Text, Value>,
    ) {
        let Some(ix) = self.reads.remove(path) else { return };
        self.idle_iterations = 0;
        let kind = EnvKind::External { service: service.clone(), project: project.clone() };
        let outer = self.frames[ix].env;
        let env = self.envs.push(outer, kind, false);
        self.envs.release(outer);
        let frame = &mut self.frames[ix];
        frame.env = env;
        frame.open = Open::Nothing;
        step::enter(self, plan, ix);
    }

    /// The first cancel ends everything but what is shielded, the second that too.
    pub fn cancel(&mut self) {
        self.force = self.cancelling;
        self.cancelling = true;
        if let Some(root) = self.root {
            self.work.push(Work::Close { frame: root, outcome: Outcome::Cancelled });
        }
    }

    /// Timers that were held come out in the order of their deadlines.
    pub fn resume(&mut self) {
        self.paused = false;
        let due = |command: &Command| match command {
            Command::StartTimer { due, .. } => Some(*due),
            _ => None,
        };
        let commands = std::mem::take(&mut self.commands);
        let (mut timers, others): (Vec<_>, Vec<_>) = commands.into_iter().partition(|command| due(command).is_some());
        timers.sort_by_key(|command| due(command));
        self.commands = timers.into_iter().chain(others).collect();
    }

    pub fn handed_over(&mut self, plan: &Plan) {
        self.handing_over = false;
        for frame in std::mem::take(&mut self.handover) {
            step::woken(self, plan, frame, Wake::HandedOver);
        }
    }
}
