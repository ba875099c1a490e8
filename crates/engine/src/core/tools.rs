use super::*;
use crate::arena::Ix;
use crate::env::EnvKind;
use crate::frame::{Open, Outcome};
use crate::plan::NodeIx;
use crate::step::{self};
use crate::{Command, StepError, category, code};
use weir_base::{Micros, Text, Value};

/// What steps use to change the run.
impl Core {
    /// Enters a child of `parent` in the environment `env`, below `base`.
    pub fn spawn_in(&mut self, parent: Ix, slot: u32, node: NodeIx, env: Ix, base: Text) {
        self.frames[parent].children += 1;
        self.envs.retain(env);
        self.work.push(Work::Enter { parent, slot, node, env, base });
    }

    /// Enters a child in the parent's own environment and path.
    pub fn spawn(&mut self, parent: Ix, slot: u32, node: NodeIx) {
        let (env, base) = (self.frames[parent].env, self.frames[parent].path.clone());
        self.spawn_in(parent, slot, node, env, base);
    }

    /// Counts what goes round without an answer from outside. `why` says what does not end.
    pub fn count_idle(&mut self, why: &str) -> Result<(), StepError> {
        self.idle_iterations += 1;
        if self.idle_iterations <= IDLE_ITERATIONS {
            return Ok(());
        }
        let message = format!("{IDLE_ITERATIONS} iterations without a result from outside: {why}");
        Err(StepError::new(code::LOOP_LIMIT, category::LIMIT, message))
    }

    pub fn command(&mut self, command: Command) {
        self.commands.push_back(command);
    }

    pub fn close_later(&mut self, frame: Ix, outcome: Outcome) {
        self.work.push(Work::Close { frame, outcome });
    }

    /// Cancels children that are about to be entered and are no frames yet.
    pub fn withdraw(&mut self, parent: Ix, which: impl Fn(u32) -> bool) {
        for work in &mut self.work {
            if let Work::Enter { parent: of, slot, env, .. } = work
                && *of == parent
                && which(*slot)
            {
                self.envs.release(*env);
                *work = Work::Done { parent, slot: *slot, outcome: Outcome::Cancelled };
            }
        }
    }

    /// Reports a child that is not entered at all because this already ended it.
    pub fn refuse(&mut self, parent: Ix, slot: u32, outcome: Outcome) {
        self.frames[parent].children += 1;
        self.report(parent, slot, outcome);
    }

    /// Reports a child that never became a frame.
    pub fn report(&mut self, parent: Ix, slot: u32, outcome: Outcome) {
        self.work.push(Work::Done { parent, slot, outcome });
    }

    pub fn end_run(&mut self, output: Value) {
        match self.root {
            Some(root) => self.work.push(Work::Close { frame: root, outcome: Outcome::success(output) }),
            None => self.complete(Outcome::success(output)),
        }
    }

    pub fn start_timer(&mut self, ix: Ix, path: Text, after: weir_base::Duration, deadline: bool) {
        let due = self.now.saturating_add(after.micros());
        self.start_timer_at(ix, path, due, deadline);
    }

    pub fn start_timer_at(&mut self, ix: Ix, path: Text, due: Micros, deadline: bool) {
        self.frames[ix].timer = Some(path.clone());
        self.add_timer(path, Owner::Frame(ix), due, deadline);
    }

    pub fn add_timer(&mut self, path: Text, owner: Owner, due: Micros, deadline: bool) {
        let due = due.min(LAST_DUE);
        self.timers.insert(path.clone(), Timer { owner, due, deadline });
        self.commands.push_back(Command::StartTimer { path, due, deadline });
    }

    pub fn stop_timer(&mut self, ix: Ix) {
        let Some(path) = self.frames[ix].timer.take() else { return };
        if self.timers.remove(&path).is_some() {
            self.cancel_command(path);
        }
    }

    pub fn wait_for_signal(&mut self, ix: Ix, name: Text) {
        self.frames[ix].open = Open::Signal(name.clone());
        self.waits.entry(name).or_default().push_back(ix);
    }

    /// Writes a variable to the nearest scope. `writer` and `slot` say which child of which frame did it.
    pub fn write(&mut self, writer: Ix, slot: u32, env: Ix, name: Text, value: Value) {
        let scope = self.envs.nearest_vars(env);
        self.trace_variable(&name, &value);
        if let Some(vars) = self.envs.vars_mut(scope) {
            vars.insert(name, value);
        }
        if !self.reactive.is_empty() {
            step::sequence::note_write(self, writer, slot, scope);
        }
    }

    pub fn mark_all_dirty(&mut self) {
        for ix in self.reactive.clone() {
            step::sequence::mark_dirty(self, ix);
        }
    }

    /// What flows into the step: the nearest graph node's input, else the run's.
    pub fn data(&self, env: Ix) -> Value {
        let found = self.envs.chain(env).find_map(|(_, env)| match &env.kind {
            EnvKind::Data(value) => Some(value.clone()),
            _ => None,
        });
        found.unwrap_or_else(|| self.input.clone())
    }

    pub fn run_value(&self) -> Value {
        Value::object([("id", self.run.clone().into()), ("startedAt", Value::Number((self.started_at / 1_000) as f64))])
    }
}

pub(crate) fn join(base: &str, id: &str) -> Text {
    if base.is_empty() { id.into() } else { [base, "/", id].concat().into() }
}

pub(crate) fn indexed(path: &str, index: u64) -> Text {
    format!("{path}[{index}]").into()
}
