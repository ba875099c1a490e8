//! The task host, looked at from outside: every way an attempt can end.

use async_trait::async_trait;
use std::sync::Arc;
use weir_base::{Duration, Sealed, SealedPart, Value};
use weir_catalog::UnknownPolicy;
use weir_kind::memory::MemoryPorts;
use weir_kind::{
    CancellationToken, Category, Effect, FlowContext, HostOptions, Kind, LogLevel, ObservationBody, Registration,
    Registry, TaskContext, TaskError, TaskHost, TaskOutput, TaskRequest, Usage,
};

/// A kind with a switch for everything a kind can do.
const RECORD: &str = r#"
component:
  name: test.probe
  title: Probe
  summary: Does what its parameter says.
  vendor: test
  category: testing
  complexity: low
  version: 1.0.0
  effect: idempotent
  effect_when:
    - { param: do, values: [charge], effect: non_idempotent }
  implementation: task
discovery:
  purpose: To test the host.
  usage_patterns: []
  known_issues: []
schema_decisions: []
input_schema:
  do: { type: string, description: what to do, default: echo }
  text: { type: string, description: some text, schema: { maxLength: 20 } }
output_schema:
  said: { type: string, description: what was said, guaranteed: true }
validation_rules: []
connections: { accepts_from: [], outputs_to: [] }
implementation_notes: none
typescript_template: none
test_cases: []
lessons_learned: []
related_components: []
future_improvements: []
"#;

const PLANNED: &str = "component: {name: test.planned, title: Planned, summary: Not yet., vendor: test, category: testing, complexity: low, version: 1.0.0, effect: pure, runnable: false, implementation: task}";
const ENGINE: &str = "component: {name: test.engine, title: Engine, summary: A step., vendor: test, category: testing, complexity: low, version: 1.0.0, effect: pure, implementation: engine}";

struct Probe;

#[async_trait]
impl Kind for Probe {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let text = params.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
        let said = |text: &str| Value::object([("said", text.into())]);
        match params.get("do").and_then(Value::as_str) {
            Some("panic") => panic!("no {text}"),
            Some("hang") => std::future::pending().await,
            Some("fail") => Err(TaskError::verdict("SAID_NO", format!("no: {text}")).detail(said(&text))),
            Some("break") => Ok(Value::object([("said", 1.into())]).into()),
            Some("large") => Ok(said(&"x".repeat(2_000)).into()),
            Some("log") => {
                cx.log(LogLevel::Warn, &format!("hear {text}"), said(&text));
                cx.stream(0, Value::from(text));
                Ok(said("done").into())
            }
            Some("secret") => Ok(said(&cx.secret("token").await?).into()),
            _ => {
                let usage = Usage { tokens_in: 1, tokens_out: 2, micros: 3 };
                Ok(TaskOutput { output: said(&text), handle: Some("left".into()), usage: Some(usage) })
            }
        }
    }
}

fn host(ports: &MemoryPorts) -> TaskHost {
    let registrations = [
        Registration { record: RECORD, kind: Some(Arc::new(Probe)) },
        Registration { record: PLANNED, kind: None },
        Registration { record: ENGINE, kind: None },
    ];
    let registry = Registry::from_registrations(registrations).unwrap();
    TaskHost::new(registry, ports.ports(), HostOptions { max_output: 1_000 })
}

fn request(kind: &str, params: Value) -> TaskRequest {
    TaskRequest::new("run", "a/b", kind, params, 0, Arc::new(FlowContext::default()))
}

fn sealed(before: &str) -> Value {
    let parts = vec![SealedPart::Text(before.into()), SealedPart::Secret("token".into())];
    Value::Sealed(Arc::new(Sealed { parts }))
}

fn probe(action: &str, text: Value) -> Value {
    Value::object([("do", action.into()), ("text", text)])
}

async fn perform(kind: &str, params: Value) -> Result<TaskOutput, TaskError> {
    let ports = MemoryPorts::default();
    ports.secrets.put("token", "hush-hush");
    host(&ports).perform(&request(kind, params), &CancellationToken::new()).await
}

/// `expected` is `output` as JSON, or `CODE category: message`.
async fn check(kind: &str, params: Value, expected: &str) {
    let found = match perform(kind, params.clone()).await {
        Ok(output) => output.output.to_json(),
        Err(error) => format!("{} {}: {}", error.code, error.category, error.message),
    };
    assert_eq!(found, expected, "{kind} {params}");
}

#[tokio::test]
async fn every_ending_has_its_error() {
    let probe = |action: &str| probe(action, "x".into());
    check("test.probe", Value::object([("text", "hi".into())]), r#"{"said":"hi"}"#).await;
    check("test.prob", Value::Null, "KIND_UNKNOWN input: there is no kind `test.prob`; did you mean `test.probe`?")
        .await;
    check(
        "test.planned",
        Value::Null,
        "KIND_NOT_RUNNABLE input: `test.planned` cannot be run yet; take the step out, or replace it by another kind",
    )
    .await;
    check(
        "test.engine",
        Value::Null,
        "KIND_NOT_RUNNABLE input: `test.engine` is a step of the engine and cannot be performed as a task",
    )
    .await;
    check("test.probe", Value::object([("txt", "x".into())]), "INVALID_PARAMS input: `test.probe` cannot take these parameters: Additional properties are not allowed ('txt' was unexpected)").await;
    check("test.probe", probe("panic"), "TASK_PANICKED internal: the implementation of `test.probe` broke: no x").await;
    check("test.probe", probe("fail"), "SAID_NO verdict: no: x").await;
    check("test.probe", probe("break"), "OUTPUT_INVALID internal: the output of `test.probe` breaks its own contract: `said`: 1 is not of type \"string\"").await;
    check(
        "test.probe",
        probe("large"),
        "OUTPUT_TOO_LARGE limit: the output of `test.probe` is larger than 1000 bytes or nested deeper than 100 levels",
    )
    .await;
}

#[tokio::test]
async fn usage_and_handle_come_through() {
    let output = perform("test.probe", probe("echo", "x".into())).await.unwrap();
    assert_eq!(output.handle.as_deref(), Some("left"));
    assert_eq!(output.usage, Some(Usage { tokens_in: 1, tokens_out: 2, micros: 3 }));
}

/// Semantics 2.12: a sealed template is opened at the moment of egress, and what it held is seen nowhere after.
#[tokio::test]
async fn secrets_are_opened_and_taken_out_again() {
    check("test.probe", probe("echo", sealed("as ")), r#"{"said":"as [secret token]"}"#).await;
    check("test.probe", probe("secret", "x".into()), r#"{"said":"[secret token]"}"#).await;
    check("test.probe", probe("fail", sealed("")), "SAID_NO verdict: no: [secret token]").await;
    check(
        "test.probe",
        probe("panic", sealed("")),
        "TASK_PANICKED internal: the implementation of `test.probe` broke: no [secret token]",
    )
    .await;
    let long = "far too long for this field ";
    let error = perform("test.probe", probe("echo", sealed(long))).await.unwrap_err();
    assert!(!error.message.contains("hush") && !error.detail.to_json().contains("hush"), "{error:?}");
    let unknown = Value::Sealed(Arc::new(Sealed { parts: vec![SealedPart::Secret("tokn".into())] }));
    check(
        "test.probe",
        probe("echo", unknown),
        "SECRET_UNKNOWN auth: there is no secret `tokn` in this project; set it, or correct the name",
    )
    .await;
}

#[tokio::test]
async fn logs_and_streams_show_no_secret() {
    let ports = MemoryPorts::default();
    ports.secrets.put("token", "hush-hush");
    let request = request("test.probe", probe("log", sealed("to ")));
    host(&ports).perform(&request, &CancellationToken::new()).await.unwrap();
    let seen: Vec<ObservationBody> = ports.log.take().into_iter().map(|observation| observation.body).collect();
    let metadata = Value::object([("said", "to [secret token]".into())]);
    let message = "hear to [secret token]".to_owned();
    let stream = ObservationBody::Stream { index: 0, data: "to [secret token]".into() };
    assert_eq!(seen, [ObservationBody::Log { level: LogLevel::Warn, message, metadata }, stream]);
}

/// Semantics 7(c): every attempt has a timeout.
#[tokio::test(start_paused = true)]
async fn an_attempt_ends_with_its_time() {
    let mut request = request("test.probe", probe("hang", "x".into()));
    assert_eq!(request.timeout, Duration::from_secs(600));
    request.timeout = Duration::from_secs(30);
    let error = host(&MemoryPorts::default()).perform(&request, &CancellationToken::new()).await.unwrap_err();
    assert_eq!((&*error.code, error.category, error.retryable), ("TASK_TIMEOUT", Category::Timeout, true));
    assert_eq!(error.message, "`test.probe` did not finish within 30s");
}

#[tokio::test]
async fn an_attempt_ends_when_it_is_cancelled() {
    let (host, cancel) = (host(&MemoryPorts::default()), CancellationToken::new());
    let request = request("test.probe", probe("hang", "x".into()));
    let (result, ()) = tokio::join!(host.perform(&request, &cancel), async { cancel.cancel() });
    assert_eq!(&*result.unwrap_err().code, "TASK_CANCELLED");
}

/// Semantics 5.7 stands on this: only a dispatch that may do harm is marked.
#[test]
fn the_effect_depends_on_the_parameters() {
    let host = host(&MemoryPorts::default());
    assert_eq!(host.effect("test.probe", &probe("echo", "x".into())), Effect::Idempotent);
    assert_eq!(host.effect("test.probe", &probe("charge", "x".into())), Effect::NonIdempotent);
    assert_eq!(host.effect("no.such", &Value::Null), Effect::Pure);
    assert_eq!(host.component("test.probe").unwrap().on_unknown, UnknownPolicy::Retry);
}
