//! Every record: does it keep the format, and do its test cases come true?

#[path = "../../egress/tests/support/stand_in.rs"]
mod stand_in;

use stand_in::{Answer, Seen, StandIn};
use std::collections::HashSet;
use std::sync::Arc;
use weir_base::{Map, Sealed, SealedPart, Text, Type, Value};
use weir_catalog::{Implementation, Record, TestCase, docs, value_from_yaml};
use weir_egress::{Client, Options};
use weir_kind::memory::{InstantTimer, MemoryPorts};
use weir_kind::{
    Backend, CancellationToken, EgressPolicy, FlowContext, HostOptions, MemoryLimit, ModelRouting, ModelSettings,
    Recorded, TaskError, TaskHost, TaskOutput, TaskRequest, Through, VariableScope, validate_record,
};

/// 2026-01-15T10:30:00Z
const NOW: i64 = 1_768_473_000_000_000;

#[test]
fn every_record_keeps_the_format_and_the_quality_criteria() {
    let mut all = Vec::new();
    for text in weir_kinds::record_texts() {
        let value = value_from_yaml(text).unwrap();
        let name = value.get("component").and_then(|component| component.get("name")).cloned();
        all.extend(validate_record(&value).into_iter().map(|problem| (name.clone(), problem.path, problem.message)));
    }
    assert!(all.is_empty(), "{all:#?}");
}

/// Each criterion is really enforced: a record that falls short of it is refused.
#[test]
fn the_schema_refuses_what_falls_short() {
    let text = include_str!("../src/core/print.yaml");
    let good = || value_from_yaml(text).unwrap();
    let spoil = |path: &[&str], new: Value| problems_after(good(), path, new);
    assert_eq!(problems_after(good(), &[], good()), 0);
    assert!(spoil(&["lessons_learned"], first_of(&good(), "lessons_learned")) > 0, "two lessons");
    assert!(spoil(&["related_components"], Value::array([])) > 0, "related components");
    assert!(spoil(&["discovery", "purpose"], "".into()) > 0, "a purpose");
    assert!(spoil(&["implementation_notes"], Value::Null) > 0, "notes");
    assert!(spoil(&["typescript_template"], "const x: any = 1; // long enough to be a template".into()) > 0, "no any");
    for kept in ["happy_path", "error_case", "edge_case"] {
        let without = cases(&good(), |ty| ty != kept);
        assert!(spoil(&["test_cases"], without) > 0, "cases of type {kept}");
    }
    let decision = Value::object([
        ("decision", "Something was decided.".into()),
        ("reasoning", "Because it is better that way.".into()),
        ("alternatives_considered", Value::array([])),
    ]);
    assert!(spoil(&["schema_decisions"], Value::array([decision])) > 0, "a rejected alternative");
    for section in good().as_object().unwrap().keys() {
        let rest: Map = good()
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| *key != section)
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        assert!(!validate_record(&Value::from(rest)).is_empty(), "section {section}");
    }
}

fn first_of(record: &Value, section: &str) -> Value {
    Value::array(record.get(section).and_then(|list| list.at(0)).cloned())
}

fn cases(record: &Value, keep: impl Fn(&str) -> bool) -> Value {
    let all = record.get("test_cases").and_then(Value::as_array).unwrap();
    Value::array(all.iter().filter(|case| keep(case.get("type").and_then(Value::as_str).unwrap())).cloned())
}

fn problems_after(record: Value, path: &[&str], new: Value) -> usize {
    validate_record(&replace(&record, path, new)).len()
}

fn replace(value: &Value, path: &[&str], new: Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return new };
    let mut map = value.as_object().unwrap().clone();
    let inner = replace(&map[*first], rest, new);
    map.insert((*first).into(), inner);
    Value::from(map)
}

#[test]
fn names_are_unique_and_references_lead_somewhere() {
    let (catalog, records) = (weir_kinds::catalog().unwrap(), weir_kinds::records().unwrap());
    assert_eq!(catalog.len(), 20);
    // Words that stand for a family of kinds or a control node.
    let beyond = HashSet::from(["any", "condition", "agents"]);
    for record in &records {
        let name = &record.component.name;
        let linked = record.connections.accepts_from.iter().chain(&record.connections.outputs_to);
        let related = record.related_components.iter().map(|related| &related.name);
        for other in linked.map(|link| &link.component_type).chain(related) {
            assert!(beyond.contains(&**other) || catalog.get(other).is_some(), "{name}: `{other}` does not exist");
        }
        for link in &record.connections.accepts_from {
            let input = link.maps_to_input.as_deref().unwrap_or_default();
            assert!(record.input_schema.contains_key(input), "{name}: no input `{input}`");
        }
        for link in &record.connections.outputs_to {
            let field = &*link.output_field;
            assert!(field == "*" || record.output_schema.contains_key(field), "{name}: no output `{field}`");
        }
        assert_eq!(
            catalog.by_tree(record.component.tree.as_deref().unwrap_or("none")).is_some(),
            record.component.tree.is_some()
        );
    }
}

#[test]
fn every_kind_has_a_page_and_types() {
    for record in weir_kinds::records().unwrap() {
        let page = docs(&record);
        for part in ["## Parameters", "## Output", "## Errors", "## Examples", "## Why it is so", "## See also"] {
            assert!(page.contains(part), "{}: {part}", record.component.name);
        }
        assert!(matches!(record.input_type(), Type::Object(object) if !object.open), "{}", record.component.name);
    }
}

#[test]
fn a_page_reads_well() {
    let catalog = weir_kinds::catalog().unwrap();
    insta::assert_snapshot!(docs(catalog.record("regex.extract").unwrap()));
}

/// Test cases of engine steps are run where the engine is; here their parameters are checked against the schema.
#[test]
fn cases_that_should_succeed_have_parameters_that_fit() {
    for record in weir_kinds::records().unwrap() {
        let checker = weir_kind::Checker::new(record.input_json_schema());
        for case in record.test_cases.iter().filter(|case| case.expected_output.is_some()) {
            let input = placeholders(&case.input, "http://standin", &|name| Value::from(format!("<{name}>")));
            // Templates are not yet what they will be.
            if !case.input.to_json().contains("{{") {
                assert_eq!(
                    checker.check(&checker.with_defaults(input)),
                    Ok(()),
                    "{}: {}",
                    record.component.name,
                    case.name
                );
            }
        }
    }
}

#[tokio::test]
async fn every_test_case_of_a_task_comes_true() {
    let mut ran = 0;
    for record in weir_kinds::records().unwrap() {
        for case in &record.test_cases {
            if !record.component.runnable {
                let error = World::new(&record, case).await.perform(&record, case).await.unwrap_err();
                assert_eq!(&*error.code, "KIND_NOT_RUNNABLE", "{}", record.component.name);
            } else if case.runs_on.unwrap_or(record.component.implementation) == Implementation::Task {
                World::new(&record, case).await.check(&record, case).await;
                ran += 1;
            }
        }
    }
    assert!(ran >= 60, "only {ran} cases ran");
}

/// What a test case's `given` describes.
struct World {
    host: TaskHost,
    ports: MemoryPorts,
    flow: Arc<FlowContext>,
    stand_in: StandIn,
    exchanges: Vec<Value>,
    folder: tempfile::TempDir,
}

fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn members(value: &Value) -> impl Iterator<Item = (&Text, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl World {
    async fn new(record: &Record, case: &TestCase) -> World {
        let exchanges = member(&case.given, "http").as_array().unwrap_or_default().to_vec();
        let answers = exchanges.clone();
        let stand_in = StandIn::start(move |place, _| answer(answers.get(place))).await;
        let ports = MemoryPorts { timer: Arc::new(InstantTimer::default()), ..MemoryPorts::default() };
        let folder = tempfile::tempdir().unwrap();
        let flow = Arc::new(flow(case, &stand_in, folder.path()));
        fill(&ports, &flow, case);
        let registry = weir_kinds::registry(Arc::new(Client::new(Options::default()))).unwrap();
        let host = TaskHost::new(registry, ports.ports(), HostOptions::default());
        for (name, content) in members(member(&case.given, "files")) {
            let path = folder.path().join(&**name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content.as_str().unwrap()).unwrap();
        }
        assert!(host.record(&record.component.name).is_some());
        World { host, ports, flow, stand_in, exchanges, folder }
    }

    async fn perform(&self, record: &Record, case: &TestCase) -> Result<TaskOutput, TaskError> {
        let params = placeholders(&case.input, &self.stand_in.url(""), &|name| {
            Value::Sealed(Arc::new(Sealed { parts: vec![SealedPart::Secret(name.into())] }))
        });
        let path = member(&case.given, "path").as_str().unwrap_or("step");
        let mut request = TaskRequest::new("run-1", path, &record.component.name, params, NOW, self.flow.clone());
        request.attempt = member(&case.given, "attempt").as_u64().map_or(1, |attempt| attempt as u32);
        self.host.perform(&request, &CancellationToken::new()).await
    }

    async fn check(self, record: &Record, case: &TestCase) {
        let name = format!("{}: {}", record.component.name, case.name);
        let result = self.perform(record, case).await;
        match (result, &case.expected_output, &case.expected_error) {
            (Ok(output), Some(expected), _) => {
                assert!(holds(&output.output, expected), "{name}:\n{} is not\n{expected}", output.output);
            }
            (Err(error), _, Some(expected)) => {
                assert_eq!(error.code, expected.code, "{name}: {error}");
                let message = expected.message.as_deref().unwrap_or_default();
                assert!(error.message.contains(message), "{name}: {error}");
                assert!(
                    expected.category.as_deref().is_none_or(|category| category == error.category.as_str()),
                    "{name}: {error:?}"
                );
                assert!(expected.retryable.is_none_or(|retryable| retryable == error.retryable), "{name}: {error:?}");
            }
            (result, _, _) => panic!("{name}: {result:?}"),
        }
        self.check_variables(case, &name);
        self.check_requests(&name);
        self.check_leaks(case, &name);
    }

    fn check_variables(&self, case: &TestCase, name: &str) {
        for (scope, variables) in members(&case.expected_variables) {
            for (variable, expected) in members(variables) {
                assert_eq!(self.ports.variables.get(&self.flow, self::scope(scope), variable), *expected, "{name}");
            }
        }
    }

    fn check_requests(&self, name: &str) {
        let seen = self.stand_in.seen();
        assert_eq!(seen.len(), self.exchanges.len(), "{name}: {seen:#?}");
        for (seen, exchange) in seen.iter().zip(&self.exchanges) {
            check_request(seen, member(exchange, "expect"), name);
        }
    }

    /// No secret is left in a log or a half-written file.
    fn check_leaks(&self, case: &TestCase, name: &str) {
        let logged = format!("{:?}", self.ports.log.take());
        for (_, secret) in members(member(&case.given, "secrets")) {
            assert!(!logged.contains(secret.as_str().unwrap()), "{name}: {logged}");
        }
        let left: Vec<_> =
            std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|file| !file.to_string_lossy().starts_with(".weir-")), "{name}: {left:?}");
    }
}

fn check_request(seen: &Seen, expected: &Value, name: &str) {
    for (part, wanted) in members(expected) {
        match &**part {
            "method" => assert_eq!(seen.method, text(wanted), "{name}"),
            "target" => assert_eq!(seen.target, text(wanted), "{name}"),
            "body" => assert_eq!(seen.body, text(wanted), "{name}"),
            "headers" => members(wanted).for_each(|(header, value)| {
                assert_eq!(seen.header(header), value.as_str(), "{name}: {header}");
            }),
            other => panic!("{name}: nothing is known about `{other}` of a request"),
        }
    }
}

fn answer(exchange: Option<&Value>) -> Answer {
    let Some(respond) = exchange.map(|exchange| member(exchange, "respond")) else {
        return stand_in::reply(500, &[], "nothing more was expected");
    };
    let status = member(respond, "status").as_u64().unwrap_or(200) as u16;
    let json = respond.get("json").map(Value::to_json);
    let body = json.unwrap_or_else(|| member(respond, "body").as_str().unwrap_or_default().to_owned());
    let headers: Vec<(String, String)> =
        members(member(respond, "headers")).map(|(name, value)| (name.to_string(), text(value))).collect();
    let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if respond.get("cut").is_none() {
        return stand_in::reply(status, &pairs, &body);
    }
    let lines: String = pairs.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    Answer::Raw(format!("HTTP/1.1 {status} Said\r\n{lines}\r\n{body}").into_bytes())
}

fn flow(case: &TestCase, stand_in: &StandIn, folder: &std::path::Path) -> FlowContext {
    let lists = |name: &str| -> Vec<String> {
        member(member(&case.given, "egress"), name).as_array().unwrap_or_default().iter().map(text).collect()
    };
    let mut private = lists("private");
    private.push(stand_in.address.to_string());
    FlowContext {
        tenant: "t".into(),
        project: "p".into(),
        service: "s".into(),
        flow: "f".into(),
        egress: EgressPolicy { hosts: Vec::new(), allow: lists("allow"), private },
        files: case.given.get("files").map(|_| folder.to_path_buf()),
        models: case.given.get("models").map(|models| models_of(models, stand_in)),
        memory: case
            .given
            .get("memory")
            .map(|memory| MemoryLimit { bytes: member(memory, "limit").as_u64().unwrap_or(u64::MAX) }),
        test_data: member(&case.given, "testData").clone(),
    }
}

fn models_of(models: &Value, stand_in: &StandIn) -> ModelSettings {
    let backend = |backend: &Value| Backend {
        provider: text(member(backend, "provider")).into(),
        base_url: member(backend, "baseUrl").as_str().map(|url| url.replace("${standin}", &stand_in.url("")).into()),
        api_key: member(backend, "apiKey").as_str().map(Text::from),
        priority: member(backend, "priority").as_f64().unwrap_or(0.0) as i32,
        models: member(backend, "models")
            .as_array()
            .unwrap_or_default()
            .iter()
            .map(|model| text(model).into())
            .collect(),
        ..Backend::default()
    };
    ModelSettings {
        routing: ModelRouting::Failover,
        retries: member(models, "retries").as_u64().unwrap_or(0) as u32,
        backends: member(models, "backends").as_array().unwrap_or_default().iter().map(backend).collect(),
        ..ModelSettings::default()
    }
}

fn fill(ports: &MemoryPorts, flow: &FlowContext, case: &TestCase) {
    for (name, value) in members(member(&case.given, "secrets")) {
        ports.secrets.put(name, value.as_str().unwrap());
    }
    for (path, recorded) in members(member(&case.given, "transcript")) {
        let output = recorded.get("output").cloned().map(Recorded::Output);
        ports.transcript.put(path, output.unwrap_or_else(|| Recorded::Error(member(recorded, "error").clone())));
    }
    for (key, value) in members(member(member(&case.given, "memory"), "entries")) {
        ports.memory.put(flow, key, value.clone());
    }
    open(ports, flow, member(&case.given, "open"));
    for (scope, variables) in members(member(&case.given, "variables")) {
        members(variables).for_each(|(name, value)| ports.variables.put(flow, self::scope(scope), name, value.clone()));
    }
}

/// Variables of another project, to be read or to be written too.
fn open(ports: &MemoryPorts, flow: &FlowContext, open: &Value) {
    let named = |name| member(open, name).as_str().unwrap_or_default().into();
    let through = Through { project: named("project"), interface: named("interface") };
    for (what, writable) in [("read", false), ("write", true)] {
        for (name, value) in members(member(open, what)) {
            ports.variables.open(flow, &through, name, value.clone(), writable);
        }
    }
}

fn scope(name: &str) -> VariableScope {
    if name == "service" { VariableScope::Service } else { VariableScope::Project }
}

/// Puts the stand-in's address and sealed secrets into the places a case marks.
fn placeholders(value: &Value, base: &str, secret: &dyn Fn(&str) -> Value) -> Value {
    match value {
        Value::String(text) => {
            match text.split_once("${secret:").and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
                Some((before, (name, after))) => join(before, secret(name), after),
                None => Value::from(text.replace("${standin}", base)),
            }
        }
        Value::Array(items) => Value::array(items.iter().map(|item| placeholders(item, base, secret))),
        Value::Object(map) => {
            Value::from(map.iter().map(|(key, item)| (key.clone(), placeholders(item, base, secret))).collect::<Map>())
        }
        other => other.clone(),
    }
}

fn join(before: &str, secret: Value, after: &str) -> Value {
    match secret {
        Value::Sealed(sealed) => {
            let text = |text: &str| (!text.is_empty()).then(|| SealedPart::Text(text.into()));
            let parts = text(before).into_iter().chain(sealed.parts.clone()).chain(text(after)).collect();
            Value::Sealed(Arc::new(Sealed { parts }))
        }
        other => Value::from(format!("{before}{}{after}", other.as_str().unwrap_or_default())),
    }
}

/// Equal, but for members of objects that are not expected.
fn holds(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| holds(found, value)))
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected.iter()).all(|(found, expected)| holds(found, expected))
        }
        _ => found == expected,
    }
}
