/// Every type a node of a workflow may name, and what else its `type` may turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeType {
    Trigger,
    End,
    Activity,
    Agent,
    /// `conditional` and `condition` mean the same.
    Conditional,
    Loop,
    ChildWorkflow,
    Signal,
    Phase,
    Retry,
    StateVariable,
    DataIn,
    DataOut,
    /// One of the components that are a task of a fixed kind: the kind's name.
    Component(&'static str),
    Wait,
    Approval,
    Fail,
    Return,
    Set,
    /// The name of a kind in place of a node type.
    Kind,
    Unknown,
}

use NodeType::*;

/// The twenty types of the format, then the ones added here.
pub const NODE_TYPES: [(&str, NodeType); 25] = [
    ("trigger", Trigger),
    ("end", End),
    ("activity", Activity),
    ("agent", Agent),
    ("conditional", Conditional),
    ("condition", Conditional),
    ("loop", Loop),
    ("child-workflow", ChildWorkflow),
    ("signal", Signal),
    ("phase", Phase),
    ("retry", Retry),
    ("state-variable", StateVariable),
    ("api-endpoint", Component("api.endpoint")),
    ("data-in", DataIn),
    ("data-out", DataOut),
    ("kong-logging", Component("log")),
    ("kong-cache", Component("kong.cache")),
    ("kong-cors", Component("kong.cors")),
    ("graphql-gateway", Component("graphql.gateway")),
    ("mcp-server", Component("mcp.server")),
    ("wait", Wait),
    ("approval", Approval),
    ("fail", Fail),
    ("return", Return),
    ("set", Set),
];

/// The names of the node types of a graph, in the order of their description.
pub fn node_types() -> impl Iterator<Item = &'static str> {
    NODE_TYPES.iter().map(|(name, _)| *name)
}

impl NodeType {
    pub fn named(name: &str) -> Option<Self> {
        NODE_TYPES.iter().find(|(known, _)| *known == name).map(|(_, ty)| *ty)
    }

    /// The node type a person most likely meant.
    pub fn closest(name: &str) -> Option<&'static str> {
        let spelled = name.chars().map(|c| if c == '_' || c == ' ' { '-' } else { c }).collect::<String>();
        NODE_TYPES.iter().map(|(known, _)| *known).find(|known| same_letters(known, name)).or_else(|| {
            let known = NODE_TYPES.iter().map(|(known, _)| *known);
            crate::fields::near(&spelled, known)
        })
    }

    /// The handles a node of this type may leave by, besides `error`. Conditionals name their own.
    pub fn handles(self) -> &'static [&'static str] {
        match self {
            Loop => &["body", "done"],
            Retry => &["body", "out"],
            Signal => &["out", "timeout"],
            Approval => &["approved", "rejected", "timeout"],
            End | Return | Fail | Conditional => &[],
            _ => &["out"],
        }
    }

    /// What the config of a control node may say; empty where any key may stand there.
    pub fn config_keys(self) -> &'static [&'static str] {
        match self {
            Conditional => {
                &["expression", "condition", "truePath", "falsePath", "cases", "else", "default", "value", "on"]
            }
            Loop => &[
                "maxIterations",
                "max_iterations",
                "iterations",
                "count",
                "condition",
                "while",
                "expression",
                "items",
                "collection",
                "forEach",
                "concurrency",
                "continueAsNew",
                "continue_as_new",
                "onLimit",
                "on_limit",
                "collect",
                "itemVariable",
                "itemVar",
                "indexVariable",
                "indexVar",
            ],
            ChildWorkflow => &[
                "workflowType",
                "workflow_type",
                "workflowName",
                "workflowId",
                "flow",
                "version",
                "taskQueue",
                "executionType",
                "execution_type",
                "inputMapping",
                "input_mapping",
                "assign",
            ],
            Signal => {
                &["signalName", "signal_name", "timeout", "schema", "payloadSchema", "payload", "assign", "target"]
            }
            StateVariable => &[
                "variableName",
                "variable",
                "key",
                "operation",
                "op",
                "value",
                "initialValue",
                "amount",
                "by",
                "scope",
                "storageType",
                "storage_type",
            ],
            Wait => &["duration", "after", "for", "delay", "until"],
            Approval => &["message", "prompt", "timeout", "deadline"],
            _ => &[],
        }
    }

    /// Whether a run can go past the node: by one exit, and with nothing that hangs on it.
    pub fn can_be_disabled(self) -> bool {
        !matches!(self, Trigger | Retry | Unknown) && self.handles().contains(&"out")
    }

    /// Whether the node is work done outside: what timeouts and retries are for.
    pub fn is_task(self) -> bool {
        matches!(self, Activity | Component(_) | Kind)
    }
}

fn same_letters(a: &str, b: &str) -> bool {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    letters(a) == letters(b)
}
