use crate::text_duration;
use serde::{Deserialize, Serialize};
use weir_base::{Duration, Text, Value};

/// What a kind is, before anything about its parameters: the first section of its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Dotted and lower-case, such as `http.request`; what flows and journals call it.
    pub name: Text,
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// The type name trees use, such as `HttpRequest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<Text>,
    /// Other names graphs know it under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Text>,
    pub vendor: Text,
    pub category: Category,
    pub complexity: Level,
    /// Of the contract: `major.minor.patch`.
    pub version: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Text>,
    pub effect: Effect,
    /// Exceptions to `effect`, by parameter; the first that applies counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effect_when: Vec<EffectWhen>,
    /// False for a kind that parses and checks but whose capability is not built.
    #[serde(default = "yes")]
    pub runnable: bool,
    pub implementation: Implementation,
    /// The variable a tree leaf writes its output to where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_key: Option<Text>,
    /// Per attempt, where neither the step nor the flow says.
    #[serde(default, with = "text_duration::optional", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Where neither the step nor the flow says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryDefaults>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
    #[serde(default)]
    pub on_unknown: UnknownPolicy,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    CoreFlow,
    ControlFlow,
    State,
    Data,
    Integration,
    Ai,
    Files,
    Gateway,
    Testing,
}

impl Category {
    pub fn as_str(self) -> &'static str {
        match self {
            Category::CoreFlow => "core-flow",
            Category::ControlFlow => "control-flow",
            Category::State => "state",
            Category::Data => "data",
            Category::Integration => "integration",
            Category::Ai => "ai",
            Category::Files => "files",
            Category::Gateway => "gateway",
            Category::Testing => "testing",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Low,
    Medium,
    High,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        }
    }
}

/// What a second performance of the same step does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing outside is touched or read; its result need not be waited for.
    Pure,
    /// Doing it twice leaves the world as doing it once does.
    Idempotent,
    /// Doing it twice may do harm: a dispatch is recorded before each attempt.
    NonIdempotent,
}

/// "Where parameter `param` equals one of `values`, the effect is this one."
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectWhen {
    pub param: Text,
    pub values: Vec<Value>,
    pub effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Implementation {
    /// Performed by a task host; each result is journaled.
    Task,
    /// Lowered by the dialects to a control node or a pure step.
    Engine,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryDefaults {
    /// All attempts, the first included.
    pub max_attempts: u32,
    #[serde(with = "text_duration")]
    pub initial: Duration,
    pub coefficient: f64,
    #[serde(default, with = "text_duration::optional", skip_serializing_if = "Option::is_none")]
    pub max: Option<Duration>,
}

/// What a kind needs from its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    Egress,
    Files,
    Interfaces,
    Memory,
    Model,
    Secrets,
    Variables,
}

impl Capability {
    pub fn as_str(self) -> &'static str {
        match self {
            Capability::Egress => "egress",
            Capability::Files => "files",
            Capability::Interfaces => "interfaces",
            Capability::Memory => "memory",
            Capability::Model => "model",
            Capability::Secrets => "secrets",
            Capability::Variables => "variables",
        }
    }
}

/// What to do about an attempt whose outcome a crash made unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownPolicy {
    #[default]
    Retry,
    Ask,
    Fail,
}

impl Component {
    /// The effect of a step with these parameters.
    pub fn effect_of(&self, params: &Value) -> Effect {
        let applies = |rule: &&EffectWhen| params.get(&rule.param).is_some_and(|value| rule.values.contains(value));
        self.effect_when.iter().find(applies).map_or(self.effect, |rule| rule.effect)
    }
}
