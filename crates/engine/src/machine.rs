use crate::arena::Ix;
use crate::core::{Core, STATE_FORMAT, is_unanswered};
use crate::env::EnvKind;
use crate::event::{Event, Started};
use crate::plan::Plan;
use crate::scope::View;
use crate::{Command, StartChild, Status, StepError, Trace};
use std::collections::VecDeque;
use std::sync::Arc;
use weir_base::{Micros, Text, Value, read_deep};

/// One run: the fold of its journal, and the commands that follow from it.
///
/// Owns: which steps are open, variables, buffered signals, the verdict.
/// Does not own: attempts, timers' clocks, anything outside; it asks through [`Command`]s and is told through [`Event`]s.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) plan: Arc<Plan>,
    pub(crate) core: Core,
}

impl Machine {
    /// Starts a run. `at` is the time of its `started` record.
    pub fn new(plan: Arc<Plan>, started: &Started, at: Micros) -> Self {
        Self::begin(plan, started, at, None)
    }

    /// [`Machine::new`] with tracing on from the first step.
    pub fn traced(plan: Arc<Plan>, started: &Started, at: Micros) -> Self {
        Self::begin(plan, started, at, Some(Vec::new()))
    }

    fn begin(plan: Arc<Plan>, started: &Started, at: Micros, trace: Option<Vec<Trace>>) -> Self {
        let mut core = Core {
            format: STATE_FORMAT,
            semantics: started.semantics,
            run: started.run.clone(),
            input: started.input.clone(),
            started_at: at,
            now: at,
            trace,
            ..Core::default()
        };
        core.begin(&plan);
        Self { plan, core }
    }

    /// Folds one event. An event that answers no open command changes nothing.
    pub fn handle(&mut self, event: &Event) {
        self.core.now = self.core.now.max(event.at);
        self.core.turn += 1;
        match self.plan.with_current_ids(&event.body) {
            Some(body) => self.core.apply(&self.plan, &body),
            None => self.core.apply(&self.plan, &event.body),
        }
        self.core.run(&self.plan);
    }

    /// The next thing to do, in order. While paused only ends and deadlines come out.
    pub fn poll(&mut self) -> Option<Command> {
        // A run that is over has nothing to hold back any more.
        let at = match self.core.paused && self.core.completion.is_none() {
            true => self.core.commands.iter().position(passes_pause)?,
            false => 0,
        };
        match self.core.commands.remove(at)? {
            // What was folded since the hand-over was asked for belongs to the state as well.
            Command::ContinueAsNew { .. } => Some(Command::ContinueAsNew { state: self.core.to_state() }),
            command => Some(command),
        }
    }

    /// Whether a live step or region stands at this path.
    pub(crate) fn is_live(&self, path: &str) -> bool {
        self.core.tasks.contains_key(path) || self.core.live(path).is_some()
    }

    /// Every command that has no answer yet, in a fixed order: what recovery issues again after a fold.
    /// Replaces whatever [`Machine::poll`] would still have given, but for starts of runs that go on by themselves:
    /// once given, those are never given again.
    pub fn reissue(&mut self) {
        let open = self.core.open_commands(&self.plan);
        self.core.commands.retain(is_unanswered);
        self.core.commands.extend(open);
    }

    pub fn status(&self) -> Status {
        self.core.status()
    }

    /// The output of a finished run; null before that.
    pub fn output(&self) -> Value {
        self.core.completion.as_ref().map_or(Value::Null, |end| end.output.clone())
    }

    pub fn error(&self) -> Option<&StepError> {
        self.core.completion.as_ref()?.error.as_ref()
    }

    /// The run-scope variables as they are now.
    pub fn variables(&self) -> Value {
        match self.core.root_env.and_then(|env| self.core.envs.get(env)).map(|env| &env.kind) {
            Some(EnvKind::Vars(map)) => Value::from(map.clone()),
            _ => Value::Null,
        }
    }

    /// Evaluates a declared query; `None` where the flow declares none of this name.
    pub fn query(&self, name: &str) -> Option<Result<Value, StepError>> {
        let expr = self.plan.queries.get(name)?;
        Some(View::new(&self.core, &self.plan, self.core.root_env.unwrap_or(Ix::NONE)).expr(expr))
    }

    /// Whether only a timer, a signal or a child can bring the run on.
    pub fn is_parked(&self) -> bool {
        self.core.tasks.is_empty() && self.core.reads.is_empty() && !self.core.handing_over
    }

    /// When the earliest open timer is due.
    pub fn wake_at(&self) -> Option<Micros> {
        self.core.timers.values().map(|timer| timer.due).min()
    }

    /// The names of open timers.
    pub(crate) fn timer_paths(&self) -> std::collections::BTreeSet<Text> {
        self.core.timers.keys().cloned().collect()
    }

    /// Whether a task with this path is open: a result for any other path is late.
    pub fn expects(&self, path: &str) -> bool {
        self.core.tasks.contains_key(path)
            || self.core.children.contains_key(path)
            || self.core.reads.contains_key(path)
    }

    /// Names of signals some step waits for, approvals included, in order.
    pub fn awaited_signals(&self) -> Vec<Text> {
        self.core.waits.keys().cloned().collect()
    }

    /// Live frames, environments and buffered values: what a run costs while it is held in memory.
    pub fn size(&self) -> usize {
        self.core.frames.len() + self.core.envs.len() + self.core.signals.values().map(VecDeque::len).sum::<usize>()
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub fn run_id(&self) -> &Text {
        &self.core.run
    }

    pub fn now(&self) -> Micros {
        self.core.now
    }

    /// Starts telling what happens; see [`Machine::take_trace`].
    pub fn trace(&mut self) {
        self.core.trace.get_or_insert_with(Vec::new);
    }

    /// What happened since the last call, where tracing is on.
    pub fn take_trace(&mut self) -> Vec<Trace> {
        self.core.trace.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The whole state as JSON: a snapshot, the body of a `continued` or a `forked` record.
    pub fn to_state(&self) -> Value {
        self.core.to_state()
    }

    /// The machine a state was taken from. The plan must be of the same flow version.
    pub fn restore(plan: Arc<Plan>, state: &Value) -> Result<Self, String> {
        match state.get("format").and_then(Value::as_u64) {
            Some(format) if format <= u64::from(STATE_FORMAT) => {}
            Some(format) => return Err(format!("the state is of form {format}; a newer Weir wrote it")),
            None => return Err("the state does not say what form it is of".to_owned()),
        }
        let core = read_deep(&state.to_json()).map_err(|error| format!("the state cannot be read: {error}"))?;
        let mut machine = Self { plan, core };
        machine.reissue();
        Ok(machine)
    }

    /// Gives the run another identity: what a fork does after it was restored.
    pub fn rename(&mut self, run: Text) {
        self.core.run = run;
        for at in 0..self.core.commands.len() {
            if let Command::StartChild(child) = &self.core.commands[at] {
                let run = self.core.child_run(&child.path);
                self.core.commands[at] = Command::StartChild(StartChild { run, ..child.clone() });
            }
        }
        self.reissue();
    }

    pub fn input(&self) -> &Value {
        &self.core.input
    }

    /// Sets the run's input from outside the fold, like [`Machine::set_variable`].
    pub fn set_input(&mut self, input: Value) {
        self.core.input = input;
    }

    /// Sets a run-scope variable from outside the fold: what a fork with a change does before it goes on.
    pub fn set_variable(&mut self, name: &str, value: Value) {
        let Some(env) = self.core.root_env else { return };
        if let Some(vars) = self.core.envs.vars_mut(env) {
            vars.insert(name.into(), value);
        }
        self.core.mark_all_dirty();
    }
}

fn passes_pause(command: &Command) -> bool {
    matches!(command, Command::Cancel { .. } | Command::Complete { .. } | Command::StartTimer { deadline: true, .. })
}
