use super::Wake;
use crate::arena::Ix;
use crate::frame::Outcome;
use crate::machine::Core;
use crate::plan::{AgentPlan, Plan};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct AgentState {}

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan) {
    let _ = agent;
    core.settle(plan, ix, Outcome::Cancelled);
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, slot: u32, outcome: Outcome) {
    let _ = (agent, slot);
    core.settle(plan, ix, outcome);
}

pub(super) fn woken(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, wake: Wake<'_>) {
    let _ = (core, plan, ix, agent, wake);
}
