use crate::control::Case;
use crate::{Agent, Call, Decorator, Exit, Fail, Graph, Loop, Mailbox, Order, Parallel, Task, Wait, Write};
use serde::{Deserialize, Serialize};
use weir_base::{Span, Text};
use weir_expr::Template;

/// How deep nodes may nest. Deeper flows are refused by the dialects, so no walk over a flow can exhaust the stack.
pub const MAX_DEPTH: usize = 100;

/// One step or region of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Names the node within its flow; one segment of every step path below it.
    pub id: Text,
    /// Earlier ids, so that old journals still match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<Text>,
    /// What a person reads; the id where empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The phase this node belongs to, a label only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Text>,
    #[serde(default, skip_serializing_if = "Origin::is_empty")]
    pub origin: Origin,
    #[serde(flatten)]
    pub kind: NodeKind,
}

/// Where a node came from: the type name its dialect uses, and the place in the source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Origin {
    #[serde(rename = "type", default, skip_serializing_if = "str::is_empty")]
    pub ty: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Spans of single props, for diagnostics: prop name to place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<(Text, Span)>,
    /// The source says it is disabled. Only in a flow that was read to be written again: one that is run has no such
    /// nodes.
    #[serde(skip)]
    pub disabled: bool,
}

impl Origin {
    pub fn is_empty(&self) -> bool {
        *self == Origin::default()
    }

    /// The place of a prop, else of the node.
    pub fn prop(&self, name: &str) -> Option<Span> {
        self.props.iter().find(|(prop, _)| &**prop == name).map(|(_, span)| *span).or(self.span)
    }
}

/// The closed set of control nodes, and the one open node, `task`.
///
/// Output of a node: a sequence and a select give the output of the child that decided; a parallel gives a
/// list by child; a for-each gives a list by index where something reads it; the rest say so themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeKind {
    /// In order, stop at the first failure; an empty one succeeds.
    Sequence {
        #[serde(default)]
        order: Order,
        children: Vec<Node>,
    },
    /// In order, stop at the first success; an empty one fails.
    Select {
        #[serde(default)]
        order: Order,
        children: Vec<Node>,
    },
    Parallel(Parallel),
    Graph(Graph),
    /// The first case whose condition holds, else `otherwise`, else success with null.
    Branch {
        cases: Vec<Case>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otherwise: Option<Exit>,
    },
    Loop(Box<Loop>),
    /// `catch` runs on a failure of `body` (it sees `error`), `finally` once on every outcome.
    Try {
        body: Box<Node>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        catch: Option<Box<Node>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finally: Option<Box<Node>>,
    },
    Decorate {
        with: Decorator,
        body: Box<Node>,
    },
    /// A variable scope of its own: reads fall through, writes stay inside, the same scope on re-entry.
    Scope {
        body: Box<Node>,
    },
    /// The definition of this name, as an instance of its own.
    Use {
        def: Text,
    },
    Wait(Wait),
    Call(Box<Call>),
    Mailbox(Box<Mailbox>),
    Agent(Box<Agent>),
    /// Pure writes and checks, in order; the output is the value of the last. Never journaled.
    Set {
        writes: Vec<Write>,
    },
    /// Ends the whole run with success and this output.
    Return {
        value: Template,
    },
    Fail(Fail),
    Task(Box<Task>),
}

impl Node {
    pub fn new(id: impl Into<Text>, kind: NodeKind) -> Self {
        Self { id: id.into(), was: Vec::new(), name: None, phase: None, origin: Origin::default(), kind }
    }

    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}
