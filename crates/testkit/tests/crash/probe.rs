//! Kinds that do nothing but call the world outside.

use crate::notes::{Call, Mark};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_base::{Text, Value};
use weir_kind::{
    Category, Effect, Kind, Registration, Registry, TaskContext, TaskError, TaskOutput, VariableChange, VariableOp,
    VariableScope,
};

/// The world outside: it notes every call and what was acknowledged.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// Returns once the call is noted.
    async fn call(&self, call: Call);
    /// As `call`, without giving way to anything else.
    async fn call_at_once(&self, call: Call);
    /// Notes that the program has promised to keep this.
    async fn acknowledge(&self, what: &str);
    async fn acknowledged(&self) -> BTreeSet<String>;
}

const RECORD: &str = r#"component: {name: test.NAME, title: Probe, summary: Calls the witness., vendor: test, category: testing, complexity: low, version: 1.0.0, effect: EFFECT, implementation: task, on_unknown: ask}
discovery: {purpose: To test., usage_patterns: [], known_issues: []}
schema_decisions: []
input_schema:
  do: { type: string, description: what to do, default: echo }
  value: { type: any, description: what to give back }
  times: { type: number, description: how often to fail }
  name: { type: string, description: a variable }
  mark: { type: string, description: what the judge is to know }
output_schema: { "*": { type: any, description: whatever was asked for } }
validation_rules: []
connections: { accepts_from: [], outputs_to: [] }
implementation_notes: none
typescript_template: none
test_cases: []
lessons_learned: []
related_components: []
future_improvements: []
"#;

const KINDS: [(&str, &str, Effect); 3] = [
    ("pure", "pure", Effect::Pure),
    ("call", "idempotent", Effect::Idempotent),
    ("charge", "non_idempotent", Effect::NonIdempotent),
];

pub fn registry(outside: &Arc<dyn Outside>) -> Registry {
    let registration = |(name, word, effect): &(&str, &str, Effect)| {
        let record = RECORD.replace("NAME", name).replace("EFFECT", word);
        let probe = Probe { effect: *effect, outside: outside.clone() };
        Registration { record: record.leak(), kind: Some(Arc::new(probe)) }
    };
    Registry::from_registrations(KINDS.iter().map(registration)).expect("the records are sound")
}

struct Probe {
    effect: Effect,
    outside: Arc<dyn Outside>,
}

#[async_trait]
impl Kind for Probe {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (attempt, what) = (cx.request.attempt, text("do"));
        let call =
            Call { key: cx.request.key.clone(), attempt, effect: self.effect, mark: Mark::from(text("mark").as_str()) };
        match what.as_str() {
            "at_once" => self.outside.call_at_once(call).await,
            _ => self.outside.call(call).await,
        }
        match what.as_str() {
            "never" => std::future::pending().await,
            "flaky" if u64::from(attempt) <= params.get("times").and_then(Value::as_u64).unwrap_or(1) => {
                Err(TaskError::new(Category::Network, "FLAKY", "not yet"))
            }
            "fail" => Err(TaskError::new(Category::Upstream, "BROKEN", "it broke").retryable(false)),
            "increment" => increment(cx, text("name").into()).await,
            _ => Ok(params.get("value").cloned().unwrap_or_default().into()),
        }
    }
}

async fn increment(cx: &TaskContext<'_>, name: Text) -> Result<TaskOutput, TaskError> {
    let (scope, op) = (VariableScope::Project, VariableOp::Increment);
    let change = VariableChange { scope, name, op, value: Value::from(1), key: cx.request.key.clone(), through: None };
    cx.change_variable(change).await.map(TaskOutput::from)
}
