use crate::arena::{Arena, Ix};
use crate::env::{EnvKind, Envs};
use crate::event::{Event, EventBody, Started, TaskResult};
use crate::frame::{Frame, Open, Outcome, State, TryPhase};
use crate::plan::{NodeIx, Plan};
use crate::scope::View;
use crate::step::{self, Wake};
use crate::{Command, RunTask, StartChild, Status, StepError, Trace, TraceBody, category, code};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use weir_base::{Map, Micros, Text, Value, read_deep};

/// How many transitions one event may cause before the engine yields.
const TRANSITIONS_PER_EVENT: u32 = 10_000;
/// How many iterations may pass without a result from outside.
const IDLE_ITERATIONS: u64 = 1_000_000;
/// How many signals of one name wait to be taken, and how many bytes of them.
const BUFFERED_SIGNALS: usize = 1_000;
const BUFFERED_BYTES: usize = 1 << 20;
/// Of how many names the ids of signals are known, so that none is taken twice.
const KNOWN_SIGNALS: usize = 1_000;

/// No deadline is later: up to here microseconds survive as the numbers of JSON.
const LAST_DUE: Micros = (1 << 53) - 1;

const RUN_DEADLINE: &str = "@deadline";
/// Timers that only let others have their turn are named so, with a count behind.
pub(crate) const YIELD: &str = "@yield";

/// One run: the fold of its journal, and the commands that follow from it.
///
/// Owns: which steps are open, variables, buffered signals, the verdict.
/// Does not own: attempts, timers' clocks, anything outside; it asks through [`Command`]s and is told through [`Event`]s.
#[derive(Clone, Debug)]
pub struct Machine {
    plan: Arc<Plan>,
    core: Core,
}

/// Everything that changes; the plan never does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Core {
    pub run: Text,
    pub input: Value,
    pub started_at: Micros,
    pub now: Micros,
    pub frames: Arena<Frame>,
    pub envs: Envs,
    root: Option<Ix>,
    root_env: Option<Ix>,
    work: Vec<Work>,
    pub tasks: BTreeMap<Text, Ix>,
    pub children: BTreeMap<Text, Ix>,
    pub reads: BTreeMap<Text, Ix>,
    timers: BTreeMap<Text, Timer>,
    /// Steps waiting for a signal, by name, the oldest first.
    waits: BTreeMap<Text, VecDeque<Ix>>,
    signals: BTreeMap<Text, VecDeque<Value>>,
    /// By name, the one first seen first.
    signal_ids: IndexMap<Text, VecDeque<Text>>,
    signal_bytes: usize,
    /// Live reactive regions in the order they were entered.
    pub reactive: Vec<Ix>,
    paused: bool,
    cancelling: bool,
    force: bool,
    timed_out: bool,
    /// Nothing could wake the run any more, and it is being ended because of it.
    stuck: bool,
    yields: u64,
    pub idle_iterations: u64,
    /// How many events were folded.
    pub turn: u64,
    /// The loops that want a fresh journal link, in the order they asked.
    pub handover: Vec<Ix>,
    /// A hand-over was asked for and not answered yet.
    handing_over: bool,
    completion: Option<Completion>,
    #[serde(skip)]
    commands: VecDeque<Command>,
    #[serde(skip)]
    trace: Option<Vec<Trace>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Timer {
    owner: Owner,
    due: Micros,
    deadline: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Owner {
    Frame(Ix),
    Run,
    Yield,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Completion {
    status: Status,
    output: Value,
    error: Option<StepError>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Enter a node as a child; holds one reference on `env`.
    Enter { parent: Ix, slot: u32, node: NodeIx, env: Ix, base: Text },
    /// A child has ended.
    Done { parent: Ix, slot: u32, outcome: Outcome },
    /// End a frame and all below it with this outcome.
    Close { frame: Ix, outcome: Outcome },
}

impl Machine {
    /// Starts a run. `at` is the time of its `started` record.
    pub fn new(plan: Arc<Plan>, started: &Started, at: Micros) -> Self {
        let mut core = Core { run: started.run.clone(), input: started.input.clone(), started_at: at, now: at, ..Core::default() };
        core.begin(&plan);
        Self { plan, core }
    }

    /// [`Machine::new`] with tracing on from the first step.
    pub fn traced(plan: Arc<Plan>, started: &Started, at: Micros) -> Self {
        let mut core = Core { run: started.run.clone(), input: started.input.clone(), started_at: at, now: at, ..Core::default() };
        core.trace = Some(Vec::new());
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
        let at = match self.core.paused {
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
    /// Replaces whatever [`Machine::poll`] would still have given.
    pub fn reissue(&mut self) {
        self.core.commands = self.core.open_commands(&self.plan);
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
        self.core.tasks.contains_key(path) || self.core.children.contains_key(path) || self.core.reads.contains_key(path)
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
        let core = read_deep(&state.to_json()).map_err(|error| format!("the state cannot be read: {error}"))?;
        let mut machine = Self { plan, core };
        machine.reissue();
        Ok(machine)
    }

    /// Gives the run another identity: what a fork does after it was restored.
    pub fn rename(&mut self, run: Text) {
        self.core.run = run;
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

impl Core {
    fn begin(&mut self, plan: &Plan) {
        let mut vars: Map = plan.variables.iter().cloned().collect();
        if let (true, Value::Object(input)) = (plan.input_as_variables, &self.input) {
            vars.extend(input.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        let env = self.envs.push(Ix::NONE, EnvKind::Vars(vars), true);
        self.root_env = Some(env);
        if let Some(timeout) = plan.timeout {
            self.add_timer(RUN_DEADLINE.into(), Owner::Run, self.now.saturating_add(timeout.micros()), true);
        }
        self.envs.retain(env);
        self.work.push(Work::Enter { parent: Ix::NONE, slot: 0, node: plan.root, env, base: Text::default() });
        self.run(plan);
    }

    fn apply(&mut self, plan: &Plan, body: &EventBody) {
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
            | EventBody::Rebased { .. }
            | EventBody::Forked { .. } => {}
        }
    }

    fn task_finished(&mut self, plan: &Plan, path: &Text, result: &TaskResult) {
        let Some(frame) = self.tasks.remove(path) else { return };
        self.idle_iterations = 0;
        self.frames[frame].open = Open::Nothing;
        step::woken(self, plan, frame, Wake::Task(result));
    }

    /// A decision about any open step: a task, a child, a wait.
    fn overridden(&mut self, plan: &Plan, path: &Text, result: &TaskResult) {
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
    fn live(&self, path: &str) -> Option<Ix> {
        self.frames.iter().find(|(_, frame)| &*frame.path == path && frame.closing.is_none()).map(|(ix, _)| ix)
    }

    fn timer_fired(&mut self, plan: &Plan, path: &Text) {
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

    fn signal(&mut self, plan: &Plan, name: &Text, id: Option<&Text>, payload: &Value) {
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

    fn note_signal(&mut self, name: &Text, id: &Text) {
        if self.signal_ids.len() == KNOWN_SIGNALS && !self.signal_ids.contains_key(name) {
            self.signal_ids.shift_remove_index(0);
        }
        let seen = self.signal_ids.entry(name.clone()).or_default();
        if seen.len() == BUFFERED_SIGNALS {
            seen.pop_front();
        }
        seen.push_back(id.clone());
    }

    fn assign_signal(&mut self, plan: &Plan, assign: &IndexMap<Text, weir_expr::Expr>, payload: &Value) {
        let Some(env) = self.root_env else { return };
        for (name, expr) in assign {
            let view = View { message: Some(payload), ..View::new(self, plan, env) };
            match view.expr(expr).and_then(step::pure::unsealed) {
                Ok(value) => self.write(Ix::NONE, 0, env, name.clone(), value),
                Err(error) => self.warn(Text::default(), format!("signal value for `{name}` was not stored: {error}").into()),
            }
        }
    }

    fn take_waiting(&mut self, name: &Text) -> Option<Ix> {
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
    fn buffer(&mut self, name: &Text, payload: &Value) -> bool {
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

    pub(crate) fn take_buffered(&mut self, name: &Text) -> Option<Value> {
        let queue = self.signals.get_mut(name)?;
        let payload = queue.pop_front()?;
        if queue.is_empty() {
            self.signals.remove(name);
        }
        self.signal_bytes = self.signal_bytes.saturating_sub(payload.to_json().len());
        Some(payload)
    }

    fn child_finished(&mut self, plan: &Plan, path: &Text, output: &Value, error: Option<&StepError>) {
        let Some(frame) = self.children.remove(path) else { return };
        self.idle_iterations = 0;
        self.frames[frame].open = Open::Nothing;
        step::woken(self, plan, frame, Wake::Child { output, error });
    }

    fn variables_read(
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
    fn cancel(&mut self) {
        self.force = self.cancelling;
        self.cancelling = true;
        if let Some(root) = self.root {
            self.work.push(Work::Close { frame: root, outcome: Outcome::Cancelled });
        }
    }

    /// Timers that were held come out in the order of their deadlines.
    fn resume(&mut self) {
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

    fn handed_over(&mut self, plan: &Plan) {
        self.handing_over = false;
        for frame in std::mem::take(&mut self.handover) {
            step::woken(self, plan, frame, Wake::HandedOver);
        }
    }

    /// Works until nothing is left to do without an answer from outside.
    fn run(&mut self, plan: &Plan) {
        let mut transitions = 0;
        loop {
            while let Some(work) = self.work.pop() {
                transitions += 1;
                self.perform(plan, work);
                if transitions >= TRANSITIONS_PER_EVENT && !self.work.is_empty() && self.completion.is_none() {
                    return self.yield_turn();
                }
            }
            if self.completion.is_some() || !(step::sequence::recheck(self, plan) || self.goes_on(plan)) {
                return;
            }
        }
    }

    fn yield_turn(&mut self) {
        let path = indexed(YIELD, self.yields);
        if self.timers.values().any(|timer| matches!(timer.owner, Owner::Yield)) {
            return;
        }
        self.yields += 1;
        self.add_timer(path, Owner::Yield, self.now, false);
    }

    /// What is left to look at once no work is left: a hand-over that became possible, or a run that cannot go on.
    /// True where there is more to do because of it.
    fn goes_on(&mut self, plan: &Plan) -> bool {
        if !self.handover.is_empty() && !self.handing_over {
            return self.hand_over(plan);
        }
        !self.can_wake(plan) && self.fail_stuck(plan)
    }

    /// Asks for a fresh link. While something is open that only this link knows of, the loops go on in it.
    fn hand_over(&mut self, plan: &Plan) -> bool {
        let quiet = self.tasks.is_empty() && self.children.is_empty() && self.reads.is_empty();
        if !quiet {
            self.handed_over(plan);
            return true;
        }
        self.handing_over = true;
        self.commands.push_back(Command::ContinueAsNew { state: Value::Null });
        false
    }

    fn can_wake(&self, plan: &Plan) -> bool {
        let signals = !self.reactive.is_empty() && plan.signals.values().any(|signal| !signal.assign.is_empty());
        let waits = !self.waits.is_empty() || !self.timers.is_empty() || self.handing_over;
        !self.tasks.is_empty() || !self.children.is_empty() || !self.reads.is_empty() || waits || signals
    }

    /// Ends the run as any failure would, with what is to run finally. If that is stuck too, at once.
    fn fail_stuck(&mut self, plan: &Plan) -> bool {
        let stuck = self.frames.iter().find(|(_, frame)| frame.open == Open::Never).map(|(_, frame)| frame.path.clone());
        let path = stuck.unwrap_or_default();
        let message = format!("nothing can ever wake the step `{path}`: give it a timeout, or a signal to wait for");
        let outcome = Outcome::failure(StepError { path, ..StepError::new(code::STUCK, category::LIMIT, message) });
        let again = std::mem::replace(&mut self.stuck, true);
        match self.root.filter(|_| !again) {
            Some(root) => self.close(plan, root, outcome),
            None => self.complete(self.root.and_then(|root| self.frames[root].closing.clone()).unwrap_or(outcome)),
        }
        self.completion.is_none()
    }

    fn perform(&mut self, plan: &Plan, work: Work) {
        match work {
            Work::Enter { parent, slot, node, env, base } => self.enter(plan, parent, slot, node, env, base),
            Work::Done { parent, slot, outcome } => self.done(plan, parent, slot, outcome),
            Work::Close { frame, outcome } => self.close(plan, frame, outcome),
        }
    }

    fn enter(&mut self, plan: &Plan, parent: Ix, slot: u32, node: NodeIx, env: Ix, base: Text) {
        if self.frames.get(parent).is_some_and(|frame| frame.closing.is_some()) || self.completion.is_some() {
            self.envs.release(env);
            return self.work.push(Work::Done { parent, slot, outcome: Outcome::Cancelled });
        }
        let planned = plan.node(node);
        if planned.external.is_none() && step::is_pure(&planned.op) {
            step::pure::perform(self, plan, step::pure::Place { parent, slot, node, env, base: &base });
            return self.envs.release(env);
        }
        let path = join(&base, &planned.id);
        let ix = self.insert(Frame {
            node,
            parent,
            slot,
            env,
            path,
            children: 0,
            first_child: Ix::NONE,
            next: Ix::NONE,
            prev: Ix::NONE,
            closing: None,
            timer: None,
            open: Open::Nothing,
            state: State::Plain,
            entered_at: self.now,
        });
        self.trace_entered(plan, ix);
        match &planned.external {
            Some(external) => self.read_variables(ix, external),
            None => step::enter(self, plan, ix),
        }
    }

    fn read_variables(&mut self, ix: Ix, external: &crate::plan::External) {
        let path = self.frames[ix].path.clone();
        self.frames[ix].open = Open::Read;
        self.reads.insert(path.clone(), ix);
        let (service, project) = (external.service.clone(), external.project.clone());
        self.commands.push_back(Command::ReadVariables { path, service, project });
    }

    fn insert(&mut self, frame: Frame) -> Ix {
        let parent = frame.parent;
        let ix = self.frames.insert(frame);
        match self.frames.get(parent).map(|frame| frame.first_child) {
            Some(first) => {
                self.frames[ix].next = first;
                if let Some(first) = self.frames.get_mut(first) {
                    first.prev = ix;
                }
                self.frames[parent].first_child = ix;
            }
            None => self.root = Some(ix),
        }
        ix
    }

    fn unlink(&mut self, frame: &Frame) {
        if let Some(next) = self.frames.get_mut(frame.next) {
            next.prev = frame.prev;
        }
        match self.frames.get_mut(frame.prev) {
            Some(prev) => prev.next = frame.next,
            None => match self.frames.get_mut(frame.parent) {
                Some(parent) => parent.first_child = frame.next,
                None => self.root = None,
            },
        }
    }

    fn done(&mut self, plan: &Plan, parent: Ix, slot: u32, outcome: Outcome) {
        let Some(frame) = self.frames.get_mut(parent) else {
            return self.complete(outcome);
        };
        frame.children -= 1;
        let (closing, left) = (frame.closing.is_some(), frame.children);
        match (closing, left) {
            (false, _) => step::child_done(self, plan, parent, slot, outcome),
            (true, 0) => self.finish_closing(plan, parent),
            (true, _) => {}
        }
    }

    /// Decides the outcome of a frame and ends everything below it first. The first decision stands.
    pub(crate) fn close(&mut self, plan: &Plan, ix: Ix, outcome: Outcome) {
        let force = self.force;
        let Some(frame) = self.frames.get_mut(ix) else { return };
        // A `finally` that has begun is shielded: only a second cancel reaches it.
        if matches!(frame.state, State::Try { phase: TryPhase::Finally, .. }) && !force {
            return;
        }
        if frame.closing.is_some() && !force {
            return;
        }
        frame.closing.get_or_insert(outcome);
        self.release_waits(ix);
        if self.frames[ix].children == 0 {
            return self.finish_closing(plan, ix);
        }
        let mut child = self.frames[ix].first_child;
        while let Some(frame) = self.frames.get(child) {
            self.work.push(Work::Close { frame: child, outcome: Outcome::Cancelled });
            child = frame.next;
        }
    }

    fn finish_closing(&mut self, plan: &Plan, ix: Ix) {
        let Some(outcome) = self.frames[ix].closing.take() else { return };
        if !self.force && step::trying::begin_finally(self, plan, ix, &outcome) {
            return;
        }
        self.settle(plan, ix, outcome);
    }

    /// Removes a frame that has no children left and tells its parent.
    pub(crate) fn settle(&mut self, plan: &Plan, ix: Ix, outcome: Outcome) {
        self.release_waits(ix);
        let outcome = self.place_error(ix, outcome);
        step::leave(self, plan, ix, &outcome);
        let Some(frame) = self.frames.remove(ix) else { return };
        self.unlink(&frame);
        self.trace_settled(plan, &frame, &outcome);
        self.envs.release(frame.env);
        self.work.push(Work::Done { parent: frame.parent, slot: frame.slot, outcome });
    }

    /// An error without a place belongs to the step it passes through first.
    fn place_error(&self, ix: Ix, mut outcome: Outcome) -> Outcome {
        if let Outcome::Failure(error) = &mut outcome
            && error.path.is_empty()
        {
            error.path = self.frames[ix].path.clone();
        }
        outcome
    }

    /// Withdraws everything a frame waits for.
    fn release_waits(&mut self, ix: Ix) {
        self.stop_timer(ix);
        let frame = &mut self.frames[ix];
        let (open, path) = (std::mem::take(&mut frame.open), frame.path.clone());
        let removed = match &open {
            Open::Task => self.tasks.remove(&path).is_some(),
            Open::Child => self.children.remove(&path).is_some(),
            Open::Read => self.reads.remove(&path).is_some(),
            Open::Signal(name) => {
                if let Some(queue) = self.waits.get_mut(name) {
                    queue.retain(|waiting| *waiting != ix);
                    if queue.is_empty() {
                        self.waits.remove(name);
                    }
                }
                false
            }
            Open::Nothing | Open::Never => false,
        };
        if removed {
            self.cancel_command(path);
        }
    }

    /// A command that has not been handed out yet is taken back instead of being cancelled.
    fn cancel_command(&mut self, path: Text) {
        let same = |command: &Command| match command {
            Command::Run(task) => task.path == path,
            Command::StartChild(child) => child.path == path,
            Command::ReadVariables { path: other, .. } | Command::StartTimer { path: other, .. } => *other == path,
            _ => false,
        };
        match self.commands.iter().rposition(same) {
            Some(at) => drop(self.commands.remove(at)),
            None => self.commands.push_back(Command::Cancel { path }),
        }
    }

    fn complete(&mut self, outcome: Outcome) {
        let (status, output, error) = match outcome {
            Outcome::Success { output, .. } => (Status::Succeeded, output, None),
            Outcome::Failure(error) => (Status::Failed, Value::Null, Some(*error)),
            Outcome::Cancelled if self.timed_out => (Status::TimedOut, Value::Null, Some(run_timeout())),
            Outcome::Cancelled => (Status::Cancelled, Value::Null, None),
        };
        let leftovers: Vec<Text> = self.timers.keys().chain(self.tasks.keys()).chain(self.children.keys()).cloned().collect();
        self.timers.clear();
        self.tasks.clear();
        self.children.clear();
        self.reads.clear();
        self.waits.clear();
        self.work.clear();
        leftovers.into_iter().for_each(|path| self.cancel_command(path));
        self.completion = Some(Completion { status, output: output.clone(), error: error.clone() });
        self.commands.push_back(Command::Complete { status, output, error });
    }

    fn status(&self) -> Status {
        match &self.completion {
            Some(end) => end.status,
            None if self.paused => Status::Paused,
            None if self.tasks.is_empty() && self.reads.is_empty() && self.work.is_empty() => Status::Waiting,
            None => Status::Running,
        }
    }

    fn to_state(&self) -> Value {
        let text = serde_json::to_string(self).expect("the state is always JSON");
        read_deep(&text).expect("JSON reads back")
    }

    fn open_commands(&self, plan: &Plan) -> VecDeque<Command> {
        let mut commands = VecDeque::new();
        for (path, ix) in &self.reads {
            if let Some(external) = &plan.node(self.frames[*ix].node).external {
                let (service, project) = (external.service.clone(), external.project.clone());
                commands.push_back(Command::ReadVariables { path: path.clone(), service, project });
            }
        }
        commands.extend(self.tasks.iter().filter_map(|(path, ix)| self.run_task(plan, path, *ix)));
        commands.extend(self.children.iter().filter_map(|(path, ix)| self.start_child(path, *ix)));
        let mut timers: Vec<_> = self.timers.iter().collect();
        timers.sort_by_key(|(path, timer)| (timer.due, (*path).clone()));
        let start = |(path, timer): (&Text, &Timer)| Command::StartTimer { path: path.clone(), due: timer.due, deadline: timer.deadline };
        commands.extend(timers.into_iter().map(start));
        if self.handing_over {
            commands.push_back(Command::ContinueAsNew { state: Value::Null });
        }
        if let Some(Completion { status, output, error }) = self.completion.clone() {
            commands.push_back(Command::Complete { status, output, error });
        }
        commands
    }

    fn run_task(&self, plan: &Plan, path: &Text, ix: Ix) -> Option<Command> {
        let frame = &self.frames[ix];
        let (State::Task { params, timeout }, Some(spec)) = (&frame.state, step::task::spec_of(plan, frame.node)) else {
            return None;
        };
        Some(Command::Run(RunTask { path: path.clone(), params: params.clone(), timeout: timeout.map(weir_base::Duration::from_millis), spec }))
    }

    fn start_child(&self, path: &Text, ix: Ix) -> Option<Command> {
        let State::Child { flow, version, input } = &self.frames[ix].state else { return None };
        let (flow, version, input) = (flow.clone(), version.clone(), input.clone());
        Some(Command::StartChild(StartChild { path: path.clone(), run: self.child_run(path), flow, version, input, detached: false }))
    }

    pub(crate) fn child_run(&self, path: &Text) -> Text {
        format!("{}/{path}", self.run).into()
    }
}

fn run_timeout() -> StepError {
    StepError::new(code::RUN_TIMEOUT, category::TIMEOUT, "the run took longer than its timeout allows")
}

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

    fn add_timer(&mut self, path: Text, owner: Owner, due: Micros, deadline: bool) {
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

    fn mark_all_dirty(&mut self) {
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

/// Telling a watcher.
impl Core {
    pub fn traces(&self) -> bool {
        self.trace.is_some()
    }

    pub fn tell(&mut self, path: Text, body: TraceBody) {
        let at = self.now;
        if let Some(trace) = &mut self.trace {
            trace.push(Trace { at, path, body });
        }
    }

    pub fn warn(&mut self, path: Text, message: Text) {
        self.tell(path, TraceBody::Warning { message });
    }

    fn trace_entered(&mut self, plan: &Plan, ix: Ix) {
        if self.trace.is_none() {
            return;
        }
        let frame = &self.frames[ix];
        let (node, path) = (plan.node(frame.node), frame.path.clone());
        self.tell(path, entered(node));
    }

    fn trace_settled(&mut self, plan: &Plan, frame: &Frame, outcome: &Outcome) {
        if self.trace.is_some() {
            let _ = plan;
            self.tell(frame.path.clone(), settled(outcome));
        }
    }

    fn trace_variable(&mut self, name: &Text, value: &Value) {
        if self.trace.is_some() {
            self.tell(Text::default(), TraceBody::VariableSet { name: name.clone(), value: value.clone() });
        }
    }
}

pub(crate) fn entered(node: &crate::plan::PlanNode) -> TraceBody {
    let title = node.title.clone().unwrap_or_else(|| node.id.clone());
    TraceBody::Entered { kind: node.kind_name().into(), title, phase: node.phase.clone(), region: node.is_region() }
}

pub(crate) fn settled(outcome: &Outcome) -> TraceBody {
    use crate::StepStatus;
    let (status, output, error, handle) = match outcome {
        Outcome::Success { output, handle } => (StepStatus::Succeeded, output.clone(), None, handle.clone()),
        Outcome::Failure(error) => (StepStatus::Failed, Value::Null, Some((**error).clone()), None),
        Outcome::Cancelled => (StepStatus::Cancelled, Value::Null, None, None),
    };
    TraceBody::Settled { status, output, error, handle, attempts: 1 }
}
