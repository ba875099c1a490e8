use crate::component::{Component, Level};
use crate::field::{Fields, input_schema, output_schema};
use serde::{Deserialize, Serialize};
use weir_base::{Text, Type, Value};

/// Everything there is to say about a kind, in twelve sections.
///
/// `related_components` and `future_improvements` together are the twelfth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub component: Component,
    pub discovery: Discovery,
    pub schema_decisions: Vec<Decision>,
    pub input_schema: Fields,
    pub output_schema: Fields,
    pub validation_rules: Vec<Rule>,
    pub connections: Connections,
    /// How it is done, for whoever changes or ports it. Markdown.
    pub implementation_notes: String,
    /// The step as a typed TypeScript activity.
    pub typescript_template: String,
    pub test_cases: Vec<TestCase>,
    pub lessons_learned: Vec<Lesson>,
    pub related_components: Vec<Related>,
    pub future_improvements: Vec<Improvement>,
}

impl Record {
    /// JSON Schema of the parameters, an object that takes no others.
    pub fn input_json_schema(&self) -> Value {
        input_schema(&self.input_schema)
    }

    pub fn output_json_schema(&self) -> Value {
        output_schema(&self.output_schema)
    }

    pub fn input_type(&self) -> Type {
        Type::from_schema(&self.input_json_schema())
    }

    pub fn output_type(&self) -> Type {
        Type::from_schema(&self.output_json_schema())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discovery {
    pub purpose: String,
    pub usage_patterns: Vec<Usage>,
    pub known_issues: Vec<Issue>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    pub pattern: String,
    pub description: String,
    /// `common`, `occasional` or `rare`.
    pub frequency: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    pub issue: String,
    pub severity: Level,
    pub resolution: String,
}

/// A choice in the contract, and what was not chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub decision: String,
    pub reasoning: String,
    pub alternatives_considered: Vec<Alternative>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    pub option: String,
    pub rejected_because: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub rule: String,
    pub error_code: Text,
    pub error_message: String,
    /// `error` or `warning`.
    pub severity: String,
    pub applies_when: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    pub accepts_from: Vec<Connection>,
    pub outputs_to: Vec<Connection>,
}

/// One way data comes in or goes out; `*` is the whole value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// A kind, or `any`.
    pub component_type: Text,
    pub output_field: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maps_to_input: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transformation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compatible_with_input: Option<Text>,
}

/// An example that is run: these parameters, in this world, give this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCase {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: TestType,
    /// Who runs it, where that is not the component's `implementation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_on: Option<crate::Implementation>,
    pub input: Value,
    /// The world around the step: `attempt`, `secrets`, `variables`, `vars`, `files`, `http`, `testData` and the like.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub given: Value,
    /// Members of objects that are not named here are not compared.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expected_output: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_error: Option<ExpectedError>,
    /// Variables after the step, for steps that write some.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub expected_variables: Value,
    pub description: String,
}

/// Keeps an expected null apart from no expectation.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestType {
    HappyPath,
    ErrorCase,
    EdgeCase,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedError {
    pub code: Text,
    /// A part of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// `schema`, `validation`, `codegen`, `testing` or `integration`.
    pub category: String,
    pub lesson: String,
    pub applies_to: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    pub name: Text,
    /// `similar_to`, `depends_on`, `often_used_with` or `alternative_to`.
    pub relationship: String,
    pub notes: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Improvement {
    pub improvement: String,
    pub priority: Level,
    pub effort: Level,
    pub blocked_by: String,
}
