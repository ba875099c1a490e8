use crate::arena::Ix;
use crate::core::{Core, join};
use crate::env::EnvKind;
use crate::frame::{Outcome, State};
use crate::plan::{GraphPlan, GraphStep, Plan};
use crate::scope::View;
use crate::step::pure::unsealed;
use crate::weight::joined;
use crate::{StepError, TraceBody};
use serde::{Deserialize, Serialize};
use weir_base::{Map, Text, Value};
use weir_ir::{Input, Join, OUT, OnError};

const ERROR: &str = "error";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct GraphState {
    steps: Vec<StepState>,
    edges: Vec<EdgeState>,
    /// Steps that are neither done nor skipped.
    open: u32,
    env: Option<Ix>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct StepState {
    phase: Phase,
    /// Edges in that are neither taken nor dead.
    waiting: u32,
    output: Value,
    error: Option<Value>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    #[default]
    Pending,
    Running,
    Done,
    Skipped,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum EdgeState {
    #[default]
    Open,
    Taken,
    Dead,
}

impl GraphState {
    /// The names its nodes see; none once it is left.
    pub fn names(&self) -> Option<Ix> {
        self.env
    }

    /// What expressions see as `nodes.<id>`.
    pub fn view(&self, at: u32) -> Value {
        let step = &self.steps[at as usize];
        let status = match step.phase {
            Phase::Pending => "pending",
            Phase::Running => "running",
            Phase::Done => "done",
            Phase::Skipped => "skipped",
        };
        let error = step.error.clone().unwrap_or_default();
        Value::object([("output", step.output.clone()), ("error", error), ("status", status.into())])
    }
}

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, graph: &GraphPlan) {
    let outer = core.frames[ix].env;
    let env = core.envs.push(outer, EnvKind::Graph(ix), false);
    let step = |step: &GraphStep| StepState { waiting: step.incoming.len() as u32, ..StepState::default() };
    core.frames[ix].state = State::Graph(Box::new(GraphState {
        steps: graph.steps.iter().map(step).collect(),
        edges: vec![EdgeState::Open; graph.edges.len()],
        open: graph.steps.len() as u32,
        env: Some(env),
    }));
    start_all(core, plan, ix, graph, graph.starts.to_vec());
    finish_if_settled(core, plan, ix, graph);
}

pub(super) fn leave(core: &mut Core, ix: Ix) {
    let env = match &mut core.frames[ix].state {
        State::Graph(state) => state.env.take(),
        _ => None,
    };
    env.into_iter().for_each(|env| core.envs.release(env));
}

/// Starts steps whose turn has come, the first in the file first. One whose input cannot be made has failed.
fn start_all(core: &mut Core, plan: &Plan, ix: Ix, graph: &GraphPlan, mut ready: Vec<u32>) {
    ready.sort_unstable();
    for at in ready.into_iter().rev() {
        match input_of(core, plan, ix, graph, at) {
            Ok(data) => start(core, ix, graph, at, data),
            Err(error) => {
                state_mut(core, ix).steps[at as usize].phase = Phase::Running;
                let path = join(&core.frames[ix].path, &graph.steps[at as usize].id);
                core.refuse(ix, at, Outcome::failure(StepError { path, ..error }));
            }
        }
    }
}

fn start(core: &mut Core, ix: Ix, graph: &GraphPlan, at: u32, data: Value) {
    let state = state_mut(core, ix);
    state.steps[at as usize].phase = Phase::Running;
    let outer = state.env.unwrap_or(Ix::NONE);
    let env = core.envs.push(outer, EnvKind::Data(data), false);
    let base = core.frames[ix].path.clone();
    core.spawn_in(ix, at, graph.steps[at as usize].node, env, base);
    core.envs.release(env);
}

fn input_of(core: &Core, plan: &Plan, ix: Ix, graph: &GraphPlan, at: u32) -> Result<Value, StepError> {
    let step = &graph.steps[at as usize];
    let state = state(core, ix);
    let mut taken = step.incoming.iter().filter(|edge| state.edges[**edge as usize] == EdgeState::Taken);
    match &step.input {
        Input::Region => Ok(core.data(core.frames[ix].env)),
        Input::Bare => Ok(taken.next().map(|edge| value_of(state, graph, *edge)).unwrap_or_default()),
        Input::ByNode => {
            let member = |edge: &u32| (graph.edges[*edge as usize].key.clone(), value_of(state, graph, *edge));
            joined(Value::from(taken.map(member).collect::<Map>()))
        }
        Input::Map(template) => {
            View::new(core, plan, state.env.unwrap_or(Ix::NONE)).template(template).and_then(unsealed)
        }
    }
}

/// What an edge carries: the source's output, or its error on the `error` edge.
fn value_of(state: &GraphState, graph: &GraphPlan, edge: u32) -> Value {
    let edge = &graph.edges[edge as usize];
    let source = &state.steps[edge.from as usize];
    match &source.error {
        Some(error) if &*edge.handle == ERROR => error.clone(),
        _ => source.output.clone(),
    }
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, graph: &GraphPlan, slot: u32, outcome: Outcome) {
    let step = &graph.steps[slot as usize];
    match outcome {
        Outcome::Success { output, handle } => {
            let handle = handle.filter(|handle| knows(graph, step, handle)).unwrap_or_else(|| OUT.into());
            leave_by(core, plan, ix, graph, slot, output, None, Some(handle));
        }
        Outcome::Failure(error) => step_failed(core, plan, ix, graph, slot, error),
        Outcome::Cancelled => leave_by(core, plan, ix, graph, slot, Value::Null, None, None),
    }
}

/// A handle without an edge or exit of its own still ends the other branches, unless it is only the name of how a
/// step ended (`done` of a loop) and the step's edges name no handle.
fn knows(graph: &GraphPlan, step: &GraphStep, handle: &Text) -> bool {
    let named = step.outgoing.iter().any(|edge| &*graph.edges[*edge as usize].handle != OUT);
    named || step.exits.iter().any(|(from, _)| from == handle) || &**handle != "done"
}

fn step_failed(core: &mut Core, plan: &Plan, ix: Ix, graph: &GraphPlan, slot: u32, error: Box<StepError>) {
    let step = &graph.steps[slot as usize];
    let leaves = step.exits.iter().any(|(from, _)| &**from == ERROR);
    let caught = leaves || step.outgoing.iter().any(|edge| &*graph.edges[*edge as usize].handle == ERROR);
    let shown = Some(error.to_value());
    match (caught, step.on_error) {
        (true, _) => leave_by(core, plan, ix, graph, slot, Value::Null, shown, Some(ERROR.into())),
        (false, OnError::Continue) => leave_by(core, plan, ix, graph, slot, Value::Null, shown, Some(OUT.into())),
        (false, OnError::Fail) => core.close(plan, ix, Outcome::Failure(error)),
    }
}

/// A step has ended. Edges with its handle are taken, the others die; no handle at all lets all of them die.
#[allow(clippy::too_many_arguments)]
fn leave_by(
    core: &mut Core,
    plan: &Plan,
    ix: Ix,
    graph: &GraphPlan,
    slot: u32,
    output: Value,
    error: Option<Value>,
    handle: Option<Text>,
) {
    let step = &graph.steps[slot as usize];
    let exit = handle.as_ref().and_then(|handle| step.exits.iter().find(|(from, _)| from == handle));
    if let Some((_, name)) = exit {
        let output = error.unwrap_or(output);
        return core.close(plan, ix, Outcome::Success { output, handle: Some(name.clone()) });
    }
    let state = state_mut(core, ix);
    let ended = &mut state.steps[slot as usize];
    (ended.phase, ended.output, ended.error) = (Phase::Done, output, error);
    state.open -= 1;
    let mut ready = Vec::new();
    let mut dead = Vec::new();
    for edge in &step.outgoing {
        match handle.as_ref() == Some(&graph.edges[*edge as usize].handle) {
            true => take(state, graph, *edge, &mut ready),
            false => dead.push(*edge),
        }
    }
    let skipped = bury(state, graph, dead, &mut ready);
    skipped.into_iter().for_each(|at| trace_skipped(core, plan, ix, graph, at));
    for at in &ready {
        if graph.steps[*at as usize].cancel_rest {
            cancel_rest(core, ix, graph, *at);
        }
    }
    start_all(core, plan, ix, graph, ready);
    finish_if_settled(core, plan, ix, graph);
}

fn take(state: &mut GraphState, graph: &GraphPlan, edge: u32, ready: &mut Vec<u32>) {
    settle_edge(state, graph, edge, EdgeState::Taken);
    let to = graph.edges[edge as usize].to;
    if is_ready(state, graph, to) && !ready.contains(&to) {
        ready.push(to);
    }
}

/// Lets edges die, and the edges of steps that are skipped because of it. Gives the skipped steps.
fn bury(state: &mut GraphState, graph: &GraphPlan, mut dead: Vec<u32>, ready: &mut Vec<u32>) -> Vec<u32> {
    let mut skipped = Vec::new();
    while let Some(edge) = dead.pop() {
        settle_edge(state, graph, edge, EdgeState::Dead);
        let to = graph.edges[edge as usize].to;
        let step = &state.steps[to as usize];
        if step.phase != Phase::Pending || step.waiting > 0 {
            continue;
        }
        if is_ready(state, graph, to) {
            if !ready.contains(&to) {
                ready.push(to);
            }
            continue;
        }
        state.steps[to as usize].phase = Phase::Skipped;
        state.open -= 1;
        skipped.push(to);
        dead.extend(graph.steps[to as usize].outgoing.iter().copied());
    }
    skipped
}

fn settle_edge(state: &mut GraphState, graph: &GraphPlan, edge: u32, outcome: EdgeState) {
    state.edges[edge as usize] = outcome;
    state.steps[graph.edges[edge as usize].to as usize].waiting -= 1;
}

/// `join: all` waits for every edge and needs one taken; `join: any` starts at the first taken one, once.
fn is_ready(state: &GraphState, graph: &GraphPlan, at: u32) -> bool {
    let (step, planned) = (&state.steps[at as usize], &graph.steps[at as usize]);
    let taken = || planned.incoming.iter().any(|edge| state.edges[*edge as usize] == EdgeState::Taken);
    step.phase == Phase::Pending && (step.waiting == 0 || planned.join == Join::Any) && taken()
}

/// Ends everything that still leads to a step, once one way to it was taken.
fn cancel_rest(core: &mut Core, ix: Ix, graph: &GraphPlan, at: u32) {
    let leads = ancestors(graph, at);
    core.withdraw(ix, |slot| leads[slot as usize]);
    let mut child = core.frames[ix].first_child;
    while let Some(frame) = core.frames.get(child) {
        let (slot, next) = (frame.slot, frame.next);
        if leads[slot as usize] {
            core.close_later(child, Outcome::Cancelled);
        }
        child = next;
    }
}

fn ancestors(graph: &GraphPlan, at: u32) -> Vec<bool> {
    let mut seen = vec![false; graph.steps.len()];
    let mut todo = vec![at];
    while let Some(step) = todo.pop() {
        for edge in &graph.steps[step as usize].incoming {
            let from = graph.edges[*edge as usize].from;
            if !std::mem::replace(&mut seen[from as usize], true) {
                todo.push(from);
            }
        }
    }
    seen
}

fn finish_if_settled(core: &mut Core, plan: &Plan, ix: Ix, graph: &GraphPlan) {
    if core.frames.get(ix).is_none_or(|frame| frame.closing.is_some()) || state(core, ix).open > 0 {
        return;
    }
    let outcome = output(core, plan, ix, graph).map_or_else(Outcome::failure, Outcome::success);
    core.settle(plan, ix, outcome);
}

/// The region's output: of its end steps that were reached, by the rule for inputs.
fn output(core: &Core, plan: &Plan, ix: Ix, graph: &GraphPlan) -> Result<Value, StepError> {
    let state = state(core, ix);
    let mut done = graph.ends.iter().filter(|at| state.steps[**at as usize].phase == Phase::Done);
    match &graph.output {
        Input::Map(template) => {
            View::new(core, plan, state.env.unwrap_or(Ix::NONE)).template(template).and_then(unsealed)
        }
        Input::ByNode => {
            let member = |at: &u32| (graph.steps[*at as usize].id.clone(), state.steps[*at as usize].output.clone());
            joined(Value::from(done.map(member).collect::<Map>()))
        }
        Input::Bare | Input::Region => {
            Ok(done.next().map(|at| state.steps[*at as usize].output.clone()).unwrap_or_default())
        }
    }
}

fn trace_skipped(core: &mut Core, plan: &Plan, ix: Ix, graph: &GraphPlan, at: u32) {
    if !core.traces() {
        return;
    }
    let node = plan.node(graph.steps[at as usize].node);
    let path = join(&core.frames[ix].path, &node.id);
    let title = node.title.clone().unwrap_or_else(|| node.id.clone());
    core.tell(path, TraceBody::Skipped { kind: node.kind_name().into(), title });
}

fn state(core: &Core, ix: Ix) -> &GraphState {
    match &core.frames[ix].state {
        State::Graph(state) => state,
        _ => unreachable!("a graph keeps its own state"),
    }
}

fn state_mut(core: &mut Core, ix: Ix) -> &mut GraphState {
    match &mut core.frames[ix].state {
        State::Graph(state) => state,
        _ => unreachable!("a graph keeps its own state"),
    }
}
