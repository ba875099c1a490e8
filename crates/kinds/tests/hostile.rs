//! Whatever comes in, a kind answers or fails; it does not break.

use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use weir_base::Value;
use weir_catalog::Record;
use weir_egress::{Client, Options};
use weir_kind::memory::{InstantTimer, MemoryPorts};
use weir_kind::{CancellationToken, FlowContext, HostOptions, TaskHost, TaskRequest};

static RECORDS: LazyLock<Vec<Record>> = LazyLock::new(|| weir_kinds::records().unwrap());

static HOST: LazyLock<TaskHost> = LazyLock::new(|| {
    let ports = MemoryPorts { timer: Arc::new(InstantTimer::default()), ..MemoryPorts::default() };
    let registry = weir_kinds::registry(Arc::new(Client::new(Options::default()))).unwrap();
    TaskHost::new(registry, ports.ports(), HostOptions::default())
});

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[a-z$.\\[\\]\\\\(){}*+?|^]{0,10}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let object = prop::collection::vec((member(), inner.clone()), 0..4)
            .prop_map(|members| Value::object(members.iter().map(|(key, value)| (key.as_str(), value.clone()))));
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::from), object]
    })
}

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["role", "content", "$ref", "$tool", "toolCalls", "type", "secret", "when", "text"])
            .prop_map(str::to_owned),
        ".{0,6}",
    ]
}

/// Parameters with the names the kind knows, and values of all sorts; sometimes the right ones.
fn params(kind: usize) -> impl Strategy<Value = (String, Value)> {
    let record = &RECORDS[kind];
    let names: Vec<String> = record.input_schema.keys().map(ToString::to_string).collect();
    let defaults = record.input_schema.clone();
    let name = record.component.name.to_string();
    prop::collection::vec((0..names.len().max(1), value(), any::<bool>()), 0..6).prop_map(move |picked| {
        let members = picked.iter().filter_map(|(place, value, default)| {
            let field = names.get(*place)?;
            let usual = defaults[field.as_str()].default.clone().filter(|_| *default);
            Some((field.as_str(), usual.unwrap_or_else(|| value.clone())))
        });
        (name.clone(), Value::object(members))
    })
}

fn step() -> impl Strategy<Value = (String, Value)> {
    (0..RECORDS.len()).prop_flat_map(params)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_parameters_break_a_kind((kind, params) in step(), script in value()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let test_data = Value::object([("model", script)]);
        let flow = FlowContext { files: Some(folder.path().to_path_buf()), test_data, ..FlowContext::default() };
        let request = TaskRequest::new("run", "step", &kind, params, 0, Arc::new(flow));
        if let Err(error) = runtime.block_on(HOST.perform(&request, &CancellationToken::new())) {
            let faults = ["TASK_PANICKED", "OUTPUT_INVALID", "RECORD_INVALID"];
            prop_assert!(!faults.contains(&&*error.code), "{kind} {}: {error}", request.params);
        }
    }
}
