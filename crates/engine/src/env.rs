use crate::arena::{Arena, Ix};
use crate::plan::NodeIx;
use crate::step::mailbox::Seat;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::{Map, Text, Value};

/// One link of the chain of names a step can see. Freed when the last frame or link below lets go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Env {
    pub parent: Ix,
    pub refs: u32,
    pub kind: EnvKind,
    /// True where a fresh instance begins: what regions remember is kept per instance.
    pub fresh: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub memory: BTreeMap<NodeIx, Memory>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum EnvKind {
    /// A variable scope.
    Vars(Map),
    Item {
        item: Value,
        index: u64,
    },
    /// The outputs of a graph region: its frame.
    Graph(Ix),
    /// What flows into a graph node.
    Data(Value),
    Error(Value),
    /// The message being handled, and where it stands in its mailbox.
    Message {
        message: Value,
        seat: Seat,
    },
    Args(Value),
    /// Service and project variables read for one step.
    External {
        service: BTreeMap<Text, Value>,
        project: BTreeMap<Text, Value>,
    },
    /// A boundary between instances, with no names of its own.
    Instance,
}

/// What a region keeps when it is left and entered again within one instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Memory {
    /// Outputs of settled children by slot.
    Children(BTreeMap<u32, Value>),
    /// The outcome of a body that runs once.
    Once(crate::frame::Outcome),
    /// The variables of a scope.
    Vars(Map),
    /// What a definition remembers at one place that uses it.
    Instance(BTreeMap<NodeIx, Memory>),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Envs(Arena<Env>);

impl Envs {
    /// A new link with one reference, held by the caller.
    pub fn push(&mut self, parent: Ix, kind: EnvKind, fresh: bool) -> Ix {
        self.retain(parent);
        self.0.insert(Env { parent, refs: 1, kind, fresh, memory: BTreeMap::new() })
    }

    pub fn retain(&mut self, ix: Ix) {
        if let Some(env) = self.0.get_mut(ix) {
            env.refs += 1;
        }
    }

    pub fn release(&mut self, mut ix: Ix) {
        while let Some(env) = self.0.get_mut(ix) {
            env.refs -= 1;
            if env.refs > 0 {
                return;
            }
            let parent = env.parent;
            self.0.remove(ix);
            ix = parent;
        }
    }

    pub fn get(&self, ix: Ix) -> Option<&Env> {
        self.0.get(ix)
    }

    /// The chain from `ix` outwards.
    pub fn chain(&self, ix: Ix) -> impl Iterator<Item = (Ix, &Env)> {
        let step = |ix: Ix| self.0.get(ix).map(|env| (ix, env));
        std::iter::successors(step(ix), move |(_, env)| step(env.parent))
    }

    fn find(&self, ix: Ix, wanted: impl Fn(&Env) -> bool) -> Ix {
        self.chain(ix).find(|(_, env)| wanted(env)).map_or(Ix::NONE, |(ix, _)| ix)
    }

    /// The nearest variable scope, where writes go.
    pub fn nearest_vars(&self, ix: Ix) -> Ix {
        self.find(ix, |env| matches!(env.kind, EnvKind::Vars(_)))
    }

    pub fn vars_mut(&mut self, ix: Ix) -> Option<&mut Map> {
        match &mut self.0.get_mut(ix)?.kind {
            EnvKind::Vars(map) => Some(map),
            _ => None,
        }
    }

    /// A variable by name, from the nearest scope that has it.
    pub fn variable(&self, ix: Ix, name: &str) -> Option<&Value> {
        self.chain(ix).find_map(|(_, env)| match &env.kind {
            EnvKind::Vars(map) => map.get(name),
            _ => None,
        })
    }

    /// Takes a list out of the scope writes go to, for one that is about to write it back.
    pub fn take_list(&mut self, ix: Ix, name: &str) -> Option<Value> {
        let scope = self.nearest_vars(ix);
        let value = self.vars_mut(scope)?.get_mut(name)?;
        matches!(value, Value::Array(_)).then(|| std::mem::take(value))
    }

    /// What the instance `ix` lives in remembers about `node`.
    pub fn memory(&self, ix: Ix, node: NodeIx) -> Option<&Memory> {
        let instance = self.find(ix, |env| env.fresh);
        self.0.get(instance)?.memory.get(&node)
    }

    pub fn memory_mut(&mut self, ix: Ix) -> Option<&mut BTreeMap<NodeIx, Memory>> {
        let instance = self.find(ix, |env| env.fresh);
        self.0.get_mut(instance).map(|env| &mut env.memory)
    }

    pub fn remember(&mut self, ix: Ix, node: NodeIx, memory: Memory) {
        if let Some(memories) = self.memory_mut(ix) {
            memories.insert(node, memory);
        }
    }

    /// Whether a write to the scope `scope` can be seen from `ix`.
    pub fn sees(&self, ix: Ix, scope: Ix) -> bool {
        self.chain(ix).any(|(at, _)| at == scope)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
