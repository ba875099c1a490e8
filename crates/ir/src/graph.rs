use crate::Node;
use serde::{Deserialize, Serialize};
use weir_base::{Span, Text};
use weir_expr::Template;

/// The handle an edge means when it names none.
pub const OUT: &str = "out";

/// A data-flow region. Acyclic: a cycle of the source became a loop node that owns its body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Graph {
    pub nodes: Vec<GraphNode>,
    pub edges: Vec<Edge>,
    /// Edges that leave the region of a loop body: taking one ends the loop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<GraphExit>,
    /// Where the region's output comes from, over its end nodes (those without an edge to follow in this region):
    /// the bare output of the one that ran, an object by node id, or a mapping. Where it is left at
    /// [`Input::Region`], one end node means [`Input::Bare`] and several mean [`Input::ByNode`].
    #[serde(default, skip_serializing_if = "Input::is_region")]
    pub output: Input,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GraphNode {
    pub node: Node,
    #[serde(default)]
    pub join: Join,
    /// With `join: any`: cancels everything else that leads here once the first edge is taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancel_rest: bool,
    #[serde(default)]
    pub on_error: OnError,
    #[serde(default)]
    pub input: Input,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    #[default]
    All,
    Any,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Takes the `error` edge where there is one, else fails the region.
    #[default]
    Fail,
    /// Leaves by `out` with null and `nodes.<id>.error`.
    Continue,
}

/// Where a node's `data` comes from; decided by the dialect, once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Input {
    /// The region's own input: a node without predecessors.
    #[default]
    Region,
    /// The bare output of the one predecessor that was taken.
    Bare,
    /// An object of the taken predecessors' outputs by their id.
    ByNode,
    Map(Template),
}

impl Input {
    pub fn is_region(&self) -> bool {
        *self == Input::Region
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Edge {
    pub from: Text,
    pub handle: Text,
    pub to: Text,
    /// The name the value goes by in [`Input::ByNode`], where it is not the source's id.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub alias: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// Leaving `from` by `handle` ends the region at once, by the region's own handle `name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GraphExit {
    pub from: Text,
    pub handle: Text,
    pub name: Text,
}
