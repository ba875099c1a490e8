use crate::{Node, Settings};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use weir_base::{Text, Value};
use weir_expr::{Expr, Template};

/// The version written to `ir`. Older numbers are brought up by [`crate::from_json`].
pub const IR_VERSION: u32 = 1;

/// One flow: what a person wrote, in the form that is checked and run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flow {
    pub ir: u32,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The dialect the flow came from: `tree`, `organism`, `graph` or `ir`.
    pub dialect: String,
    /// JSON Schema of the run's input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// JSON Schema of the run's output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// True for a tree: the top-level keys of the input are also the initial variables.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub input_as_variables: bool,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub variables: IndexMap<Text, Variable>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub signals: IndexMap<Text, SignalDecl>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub queries: IndexMap<Text, Expr>,
    #[serde(default)]
    pub settings: Settings,
    /// Sub-trees shared by reference; [`crate::NodeKind::Use`] names one.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub defs: IndexMap<Text, Node>,
    pub root: Node,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// Data for tests and examples, such as `{"model": [replies…]}` for the scripted model provider.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub test_data: Value,
}

/// A run-scope variable a flow declares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Variable {
    #[serde(rename = "type", default)]
    pub ty: VarType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VarType {
    #[default]
    Any,
    String,
    Number,
    Boolean,
    Array,
    Object,
}

impl VarType {
    /// What a variable of this type holds before anything is written to it.
    pub fn initial(self) -> Value {
        match self {
            VarType::Any => Value::Null,
            VarType::String => Value::from(""),
            VarType::Number => Value::from(0),
            VarType::Boolean => Value::from(false),
            VarType::Array => Value::array([]),
            VarType::Object => Value::object([]),
        }
    }
}

/// A signal a flow accepts. With `assign` it is folded on arrival; without, it is buffered for a `Wait`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignalDecl {
    /// JSON Schema of the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Variables to write, from expressions over `message` (the payload).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub assign: IndexMap<Text, Expr>,
}

/// What starts a flow from outside, like a kind: a name and its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trigger {
    pub id: String,
    pub kind: Text,
    pub params: Template,
}
