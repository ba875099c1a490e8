use crate::arena::Ix;
use crate::core::Core;
use crate::env::{EnvKind, Memory};
use crate::plan::NodeIx;

/// The variables of a scope survive its end within one instance.
pub(super) fn enter_scope(core: &mut Core, ix: Ix, body: NodeIx) {
    let (outer, node) = (core.frames[ix].env, core.frames[ix].node);
    let kept = match core.envs.memory(outer, node) {
        Some(Memory::Vars(vars)) => vars.clone(),
        _ => Default::default(),
    };
    let env = core.envs.push(outer, EnvKind::Vars(kept), false);
    // The frame takes the new scope as its own, so that it is still there when the frame is left.
    core.frames[ix].env = env;
    core.envs.release(outer);
    core.spawn(ix, 0, body);
}

pub(super) fn leave_scope(core: &mut Core, ix: Ix) {
    let (env, node) = (core.frames[ix].env, core.frames[ix].node);
    let Some(vars) = core.envs.vars_mut(env).map(std::mem::take) else { return };
    core.envs.remember(env, node, Memory::Vars(vars));
}

/// A definition is an instance of its own at every place that uses it, and the same one on re-entry.
pub(super) fn enter_use(core: &mut Core, ix: Ix, body: NodeIx) {
    let (outer, node) = (core.frames[ix].env, core.frames[ix].node);
    let kept = match core.envs.memory_mut(outer).and_then(|memories| memories.remove(&node)) {
        Some(Memory::Instance(memories)) => memories,
        _ => Default::default(),
    };
    let env = core.envs.push(outer, EnvKind::Instance, true);
    core.envs.memory_mut(env).into_iter().for_each(|memories| *memories = kept.clone());
    core.frames[ix].env = env;
    core.envs.release(outer);
    core.spawn(ix, 0, body);
}

/// What the definition remembers at this place is kept by the instance around it.
pub(super) fn leave_use(core: &mut Core, ix: Ix) {
    let (env, node) = (core.frames[ix].env, core.frames[ix].node);
    let Some(memories) = core.envs.memory_mut(env).map(std::mem::take).filter(|memories| !memories.is_empty()) else {
        return;
    };
    let outer = core.envs.get(env).map_or(Ix::NONE, |env| env.parent);
    core.envs.remember(outer, node, Memory::Instance(memories));
}
