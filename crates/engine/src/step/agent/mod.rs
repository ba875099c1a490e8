//! The agent: ask the model, run the tools its reply names, give it their results, until it answers in words.
//!
//! Turn t is `agent[t]`; the model task is `agent[t]/model`, tool k of its reply runs below `agent[t]/tool[k]`.

mod request;
mod tools;

pub(super) use tools::peer_answered;

use crate::arena::Ix;
use crate::core::{Core, indexed};
use crate::env::EnvKind;
use crate::event::{TaskResult, Usage};
use crate::frame::{Outcome, State};
use crate::plan::{AgentPlan, Plan, TaskSpec};
use crate::scope::{View, shown};
use crate::step::mailbox::Seat;
use crate::{StepError, category, code};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tools::ToolCall;
use weir_base::{Text, Value};

/// How deep values written by a model as text may be nested.
const MAX_DEPTH: usize = 100;
/// Since these rules digits of numbers are kept that a number has no room for.
const KEEPS_DIGITS: u32 = 2;
/// The slot of the model task; tool calls have their place in the reply.
const ASK: u32 = u32::MAX;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct AgentState {
    /// What the agent was told when it began. Evaluated once, so that every turn asks the same.
    #[serde(with = "crate::sealed")]
    model: Value,
    #[serde(with = "crate::sealed")]
    system: Value,
    #[serde(with = "crate::sealed")]
    input: Value,
    turn: u32,
    used: Usage,
    /// The turns so far as messages: replies and recorded results by path, the other results as they are.
    told: Vec<Value>,
    /// Bytes of results within `told`.
    inline: usize,
    /// The tool calls of this turn, and how many have no result yet.
    calls: Vec<ToolCall>,
    pending: u32,
}

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan) {
    match begin(core, plan, ix, agent) {
        Ok(state) => {
            core.frames[ix].state = State::Agent(Box::new(state));
            ask(core, plan, ix, agent);
        }
        Err(error) => core.settle(plan, ix, Outcome::failure(error)),
    }
}

fn begin(core: &Core, plan: &Plan, ix: Ix, agent: &AgentPlan) -> Result<AgentState, StepError> {
    let view = View::new(core, plan, core.frames[ix].env);
    let (model, system) = (view.template(&agent.model)?, view.template(&agent.prompt)?);
    Ok(AgentState { model, system, input: view.template(&agent.input)?, ..AgentState::default() })
}

/// Begins a turn, unless the limits allow none.
fn ask(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan) {
    let state = state(core, ix);
    let over = over_turns(state.turn, agent).or_else(|| over_usage(state.used, agent));
    if let Some(error) = over {
        return core.settle(plan, ix, Outcome::failure(error));
    }
    let (env, base) = (core.frames[ix].env, turn_path(core, ix));
    core.spawn_in(ix, ASK, agent.ask, env, base);
}

fn turn_path(core: &Core, ix: Ix) -> Text {
    indexed(&core.frames[ix].path, u64::from(state(core, ix).turn))
}

/// Issues the model task of the agent's current turn. `ix` is the task's own frame.
pub(super) fn enter_ask(core: &mut Core, plan: &Plan, ix: Ix, spec: &Arc<TaskSpec>) {
    let params = request::params(core, plan, core.frames[ix].parent);
    super::task::issue(core, ix, spec.clone(), params, spec.timeout);
}

/// The model task has a result; what it used is on the account before the agent looks at the reply.
pub(super) fn asked(core: &mut Core, plan: &Plan, ix: Ix, result: &TaskResult) {
    charge(core, ix, result.usage.unwrap_or_else(|| request::usage_of(&result.output)));
    let outcome = match &result.error {
        Some(error) => Outcome::failure(error.clone()),
        None => Outcome::success(result.output.clone()),
    };
    core.settle(plan, ix, outcome);
}

/// Puts what a step used on the account of every agent around it.
pub(super) fn charge(core: &mut Core, ix: Ix, usage: Usage) {
    let mut parent = core.frames[ix].parent;
    while let Some(frame) = core.frames.get_mut(parent) {
        if let State::Agent(state) = &mut frame.state {
            let used = &mut state.used;
            used.tokens_in = used.tokens_in.saturating_add(usage.tokens_in);
            used.tokens_out = used.tokens_out.saturating_add(usage.tokens_out);
            used.micros = used.micros.saturating_add(usage.micros);
        }
        parent = frame.parent;
    }
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, slot: u32, outcome: Outcome) {
    match outcome {
        Outcome::Cancelled => core.close(plan, ix, Outcome::Cancelled),
        Outcome::Success { output, .. } if slot == ASK => replied(core, plan, ix, agent, &output),
        Outcome::Failure(error) if slot == ASK => core.settle(plan, ix, Outcome::Failure(error)),
        outcome => tools::step_done(core, plan, ix, agent, slot, outcome),
    }
}

/// Reads a reply: words end the agent, tool calls go on with it.
fn replied(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, reply: &Value) {
    let reference = request::turn_reference(&turn_path(core, ix));
    let state = state_mut(core, ix);
    state.told.push(reference);
    if let Some(error) = over_usage(state.used, agent) {
        return core.settle(plan, ix, Outcome::failure(error));
    }
    match request::calls_of(reply) {
        [] => finish(core, plan, ix, agent, request::text_of(reply)),
        calls => call_tools(core, plan, ix, agent, calls),
    }
}

/// Tools whose results no turn is left to read are not run.
fn call_tools(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, calls: &[Value]) {
    match over_turns(state(core, ix).turn + 1, agent) {
        Some(error) => core.settle(plan, ix, Outcome::failure(error)),
        None => tools::start(core, plan, ix, agent, calls),
    }
}

/// All tools of the turn have results; they go back in the order of the reply.
fn next_turn(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan) {
    let state = state_mut(core, ix);
    for call in std::mem::take(&mut state.calls) {
        let message = request::result_message(&call, &mut state.inline);
        state.told.push(message);
    }
    state.turn += 1;
    ask(core, plan, ix, agent);
}

fn finish(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, text: Text) {
    let ended = answer_of(core, agent, text).and_then(|answer| {
        super::task::assign(core, plan, ix, &agent.assign, &answer)?;
        Ok(answer)
    });
    core.settle(plan, ix, ended.map_or_else(Outcome::failure, Outcome::success));
}

/// The text as it is, or as JSON where the agent promises an object of some shape. The shape is the host's to check.
fn answer_of(core: &Core, agent: &AgentPlan, text: Text) -> Result<Value, StepError> {
    if agent.output.is_none() {
        return Ok(Value::String(text));
    }
    read_json(core, &text).map_err(|reason| {
        let message = format!("the answer must be JSON, and {} is not: {reason}", shown(&Value::String(text.clone())));
        StepError::new(code::AGENT_OUTPUT_INVALID, category::OUTPUT, message)
    })
}

/// JSON a model has written as text, nested no deeper than the outputs of tasks may be.
fn read_json(core: &Core, text: &str) -> Result<Value, String> {
    let read = match core.semantics {
        0..KEEPS_DIGITS => Value::from_json,
        _ => Value::from_foreign_json,
    };
    let value = read(text.trim()).map_err(|error| error.to_string())?;
    match value.depth() > MAX_DEPTH {
        true => Err(format!("it is nested more than {MAX_DEPTH} levels deep")),
        false => Ok(value),
    }
}

fn over_turns(turns: u32, agent: &AgentPlan) -> Option<StepError> {
    let limit = agent.limits.turns;
    (turns >= limit).then(|| limit_error(code::AGENT_TURN_LIMIT, format!("the agent was not done after {limit} turns")))
}

fn over_usage(used: Usage, agent: &AgentPlan) -> Option<StepError> {
    let tokens = used.tokens_in.saturating_add(used.tokens_out);
    if let Some(limit) = agent.limits.tokens.filter(|limit| tokens > *limit) {
        let message = format!("the agent has used {tokens} tokens; its limit is {limit}");
        return Some(limit_error(code::AGENT_TOKEN_LIMIT, message));
    }
    let limit = agent.limits.micros.filter(|limit| used.micros > *limit)?;
    let message = format!("the agent has cost {} millionths; its limit is {limit}", used.micros);
    Some(limit_error(code::AGENT_COST_LIMIT, message))
}

fn limit_error(code: &str, message: String) -> StepError {
    StepError::new(code, category::LIMIT, message)
}

/// Where in a mailbox the agent works, if it does.
fn seat_of(core: &Core, ix: Ix) -> Option<Seat> {
    core.envs.chain(core.frames[ix].env).find_map(|(_, env)| match &env.kind {
        EnvKind::Message { seat, .. } => Some(*seat),
        _ => None,
    })
}

fn state(core: &Core, ix: Ix) -> &AgentState {
    match &core.frames[ix].state {
        State::Agent(state) => state,
        _ => unreachable!("an agent keeps its own state"),
    }
}

fn state_mut(core: &mut Core, ix: Ix) -> &mut AgentState {
    match &mut core.frames[ix].state {
        State::Agent(state) => state,
        _ => unreachable!("an agent keeps its own state"),
    }
}
