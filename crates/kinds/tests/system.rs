//! The kinds of an installation's own flows: sound records whose cases come true, and nothing for anybody else.

use async_trait::async_trait;
use std::sync::Arc;
use weir_base::Value;
use weir_catalog::{record_from_yaml, value_from_yaml};
use weir_kind::memory::MemoryPorts;
use weir_kind::{
    CancellationToken, Category, FlowContext, HostOptions, Housekeeping, Registry, TaskError, TaskHost, TaskOutput,
    TaskRequest, validate_record,
};

/// Does as the letter is called; counts the same always.
struct StandIn;

#[async_trait]
impl Housekeeping for StandIn {
    fn is_own(&self, flow: &FlowContext) -> bool {
        &*flow.project == "own"
    }

    async fn perform(&self, _: &FlowContext, work: &str, params: &Value) -> Result<Value, TaskError> {
        let letter = params.get("letter").and_then(Value::as_str).unwrap_or_default();
        match (work, letter) {
            ("mail", "later") => Err(TaskError::new(Category::Upstream, "LETTER_WAITS", "later").retryable(true)),
            ("mail", "never") => Err(TaskError::new(Category::Upstream, "LETTER_GIVEN_UP", "never")),
            ("mail", id) => Ok(Value::object([("sent", id.starts_with("here").into())])),
            ("forget", _) => Ok(Value::object([("runs", 2.into()), ("logs", 3.into())])),
            ("reset" | "usage", _) => Ok(Value::Null),
            (other, _) => Err(TaskError::internal("UNKNOWN", other)),
        }
    }
}

fn keeping() -> Arc<dyn Housekeeping> {
    Arc::new(StandIn)
}

async fn perform(kind: &str, project: &str, params: Value) -> Result<TaskOutput, TaskError> {
    let registry = Registry::from_registrations(weir_kinds::system(&keeping())).expect("sound records");
    let host = TaskHost::new(registry, MemoryPorts::default().ports(), HostOptions::default());
    let flow = FlowContext { project: project.into(), ..FlowContext::default() };
    let request = TaskRequest::new("run-1", "step", kind, params, 0, Arc::new(flow));
    host.perform(&request, &CancellationToken::new()).await
}

#[tokio::test]
async fn every_case_comes_true_and_nothing_is_done_for_anybody_else() {
    for registration in weir_kinds::system(&keeping()) {
        let problems = validate_record(&value_from_yaml(registration.record).expect("YAML"));
        assert!(problems.is_empty(), "{:?}", problems.iter().map(|one| (&one.path, &one.message)).collect::<Vec<_>>());
        let record = record_from_yaml(registration.record).expect("a record");
        let name = &record.component.name;
        for case in &record.test_cases {
            let told = format!("{name}: {}", case.name);
            match (perform(name, "own", case.input.clone()).await, &case.expected_error) {
                (Ok(found), None) => assert_eq!(Some(found.output), case.expected_output, "{told}"),
                (Err(found), Some(expected)) => {
                    assert_eq!(found.code, expected.code, "{told}: {found}");
                    assert!(expected.retryable.is_none_or(|retryable| retryable == found.retryable), "{told}: {found}");
                }
                (found, _) => panic!("{told}: {found:?}"),
            }
        }
        let good = record.test_cases.iter().find(|case| case.expected_output.is_some()).expect("a good case");
        let foreign = perform(name, "default", good.input.clone()).await.expect_err("it is not for everybody");
        assert_eq!((&*foreign.code, foreign.retryable), ("KIND_UNKNOWN", false), "{name}");
    }
}

#[test]
fn nobody_can_name_them_in_a_flow() {
    let catalog = weir_kinds::catalog().expect("sound records");
    for registration in weir_kinds::system(&keeping()) {
        let record = record_from_yaml(registration.record).expect("a record");
        assert!(catalog.get(&record.component.name).is_none(), "{}", record.component.name);
    }
}
