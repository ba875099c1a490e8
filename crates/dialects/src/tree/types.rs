/// The node types of a tree that are not kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Sequence,
    Selector,
    MemorySequence,
    ReactiveSequence,
    Parallel,
    Conditional,
    While,
    ForEach,
    Recovery,
    SubTree,
    Timeout,
    Delay,
    Repeat,
    Invert,
    ForceSuccess,
    ForceFailure,
    RunOnce,
    KeepRunningUntilFailure,
    Precondition,
    SoftAssert,
    PrintAction,
    WaitAction,
    CounterAction,
    MockAction,
    CheckCondition,
    AlwaysCondition,
    SuccessNode,
    FailureNode,
    RunningNode,
    Script,
    LogMessage,
    RegexExtract,
}

/// What a type takes: how many children, and which props.
pub(super) struct Spec {
    pub ty: Type,
    pub name: &'static str,
    pub children: Children,
    pub props: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Children {
    Any,
    Between(usize, usize),
    /// At least one; the first is the body.
    First,
    None,
}

/// Props that set how a task is run rather than what it does.
pub(super) const TASK_PROPS: [&str; 5] = ["outputKey", "timeout", "retry", "retryPolicy", "onUnknown"];

const ONE: Children = Children::Between(1, 1);

const fn spec(ty: Type, name: &'static str, children: Children, props: &'static [&'static str]) -> Spec {
    Spec { ty, name, children, props }
}

pub(super) const TYPES: [Spec; 32] = [
    spec(Type::Sequence, "Sequence", Children::Any, &[]),
    spec(Type::Selector, "Selector", Children::Any, &[]),
    spec(Type::MemorySequence, "MemorySequence", Children::Any, &[]),
    spec(Type::ReactiveSequence, "ReactiveSequence", Children::Any, &[]),
    spec(Type::Parallel, "Parallel", Children::Any, &["strategy", "successThreshold", "failureThreshold", "limit"]),
    spec(Type::Conditional, "Conditional", Children::Between(2, 3), &[]),
    spec(Type::While, "While", Children::Between(2, 2), &["maxIterations"]),
    spec(Type::ForEach, "ForEach", Children::First, &["collectionKey", "itemKey", "indexKey", "concurrency"]),
    spec(Type::Recovery, "Recovery", Children::Between(1, 3), &[]),
    spec(Type::SubTree, "SubTree", Children::None, &["treeId"]),
    spec(Type::Timeout, "Timeout", ONE, &["timeoutMs"]),
    spec(Type::Delay, "Delay", ONE, &["delayMs"]),
    spec(Type::Repeat, "Repeat", ONE, &["numCycles"]),
    spec(Type::Invert, "Invert", ONE, &[]),
    spec(Type::ForceSuccess, "ForceSuccess", ONE, &[]),
    spec(Type::ForceFailure, "ForceFailure", ONE, &[]),
    spec(Type::RunOnce, "RunOnce", ONE, &[]),
    spec(Type::KeepRunningUntilFailure, "KeepRunningUntilFailure", ONE, &[]),
    spec(Type::Precondition, "Precondition", ONE, &["conditions"]),
    spec(Type::SoftAssert, "SoftAssert", ONE, &[]),
    spec(Type::PrintAction, "PrintAction", Children::None, &["message"]),
    spec(Type::WaitAction, "WaitAction", Children::None, &["waitMs"]),
    spec(Type::CounterAction, "CounterAction", Children::None, &["counterKey", "increment"]),
    spec(Type::MockAction, "MockAction", Children::None, &["returnStatus", "ticksBeforeComplete"]),
    spec(Type::CheckCondition, "CheckCondition", Children::None, &["key", "operator", "value", "expression"]),
    spec(Type::AlwaysCondition, "AlwaysCondition", Children::None, &["returnStatus"]),
    spec(Type::SuccessNode, "SuccessNode", Children::None, &[]),
    spec(Type::FailureNode, "FailureNode", Children::None, &[]),
    spec(Type::RunningNode, "RunningNode", Children::None, &[]),
    spec(Type::Script, "Script", Children::None, &["textContent"]),
    spec(Type::LogMessage, "LogMessage", Children::None, &["message", "level", "metadata"]),
    spec(Type::RegexExtract, "RegexExtract", Children::None, &["input", "pattern", "flags", "matchIndex"]),
];

/// Other names some types go by.
const ALIASES: [(&str, Type); 3] =
    [("Select", Type::Selector), ("Fallback", Type::Selector), ("SequenceWithMemory", Type::MemorySequence)];

impl Spec {
    /// Whether this becomes a task, which has settings of its own.
    pub(super) fn is_task(&self) -> bool {
        matches!(self.ty, Type::PrintAction | Type::LogMessage | Type::RegexExtract)
    }
}

pub(super) fn find(name: &str) -> Option<&'static Spec> {
    let alias = || ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, ty)| *ty);
    TYPES.iter().find(|spec| spec.name == name).or_else(|| alias().map(of))
}

pub(super) fn of(ty: Type) -> &'static Spec {
    &TYPES[ty as usize]
}

/// What a standard node type of trees takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeType {
    pub name: &'static str,
    pub props: &'static [&'static str],
    /// How many children, at least and at most; none for no limit.
    pub children: (usize, Option<usize>),
}

/// The standard node type of this name, or of one it also goes by.
pub fn node_type(name: &str) -> Option<NodeType> {
    find(name).map(|spec| NodeType {
        name: spec.name,
        props: spec.props,
        children: match spec.children {
            Children::Any => (0, None),
            Children::First => (1, None),
            Children::Between(least, most) => (least, Some(most)),
            Children::None => (0, Some(0)),
        },
    })
}

/// The names of the standard node types, in the order of their description.
pub fn node_types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|spec| spec.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_finds_its_own_row() {
        for spec in &TYPES {
            assert_eq!(of(spec.ty).name, spec.name);
            assert_eq!(find(spec.name).map(|found| found.ty), Some(spec.ty));
        }
        assert_eq!(find("Fallback").map(|found| found.name), Some("Selector"));
        assert!(find("sequence").is_none());
    }
}
