use crate::StepError;
use crate::arena::Ix;
use crate::core::{Core, indexed};
use crate::frame::{Outcome, State};
use crate::plan::{NodeIx, Plan};
use weir_ir::RetryPolicy;

/// Each attempt re-enters the same instance, below its own index.
pub(super) fn enter(core: &mut Core, ix: Ix, body: NodeIx) {
    core.frames[ix].state = State::Retry { attempt: 0 };
    begin(core, ix, body, 0);
}

fn begin(core: &mut Core, ix: Ix, body: NodeIx, attempt: u32) {
    let (env, base) = (core.frames[ix].env, indexed(&core.frames[ix].path, u64::from(attempt)));
    core.spawn_in(ix, attempt, body, env, base);
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, policy: &RetryPolicy, body: NodeIx, outcome: Outcome) {
    let State::Retry { attempt } = core.frames[ix].state else { return };
    let Outcome::Failure(error) = outcome else { return core.settle(plan, ix, outcome) };
    if !policy.allows_after(attempt + 1) || !retries(policy, &error) {
        return core.settle(plan, ix, Outcome::Failure(error));
    }
    let delay = policy.delay_after(attempt + 1, 0.0);
    core.frames[ix].state = State::Retry { attempt: attempt + 1 };
    if delay.millis == 0 {
        if let Err(limit) = core.count_idle("this step is tried again without a wait") {
            return core.settle(plan, ix, Outcome::failure(limit));
        }
        return begin(core, ix, body, attempt + 1);
    }
    let path = indexed(&core.frames[ix].path, u64::from(attempt));
    core.start_timer(ix, path, delay, false);
}

/// A verdict is never retried; otherwise the policy's list decides, where there is one.
fn retries(policy: &RetryPolicy, error: &StepError) -> bool {
    let named = |wanted: &String| **wanted == *error.code || **wanted == *error.category;
    !error.is_verdict() && (policy.retry_on.is_empty() || policy.retry_on.iter().any(named))
}

pub(super) fn again(core: &mut Core, ix: Ix, body: NodeIx) {
    let State::Retry { attempt } = core.frames[ix].state else { return };
    begin(core, ix, body, attempt);
}
