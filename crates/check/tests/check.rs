//! Flows as text in, codes and places out.

use weir_base::{Diagnostic, FileId, LineIndex, Map, Value};
use weir_catalog::Catalog;
use weir_dialects::{Context, Leaf, Names, NoFiles, Options, SourceFile, parse};
use weir_ir::{Flow, Node, NodeKind};

struct FromCatalog<'a>(&'a Catalog);

fn leaf(entry: &weir_catalog::Entry) -> Option<Leaf> {
    let component = entry.component();
    let params = entry.record()?.input_schema.keys().cloned().collect();
    let engine = component.implementation == weir_catalog::Implementation::Engine;
    let tree = component.tree.clone().unwrap_or_default();
    Some(Leaf {
        kind: component.name.clone(),
        tree,
        output_key: component.output_key.clone(),
        params,
        engine,
        ..Leaf::default()
    })
}

impl Names for FromCatalog<'_> {
    fn by_tree(&self, tree: &str) -> Option<Leaf> {
        self.0.by_tree(tree).and_then(leaf)
    }

    fn by_kind(&self, name: &str) -> Option<Leaf> {
        self.0.by_name(name).and_then(leaf)
    }
}

fn read(name: &str, text: &str) -> (Option<Flow>, Vec<Diagnostic>) {
    let catalog = weir_kinds::catalog().expect("the built-in records are good");
    let names = FromCatalog(&catalog);
    let options = Options::default();
    let source = SourceFile { id: FileId(0), name: name.into(), text: text.into() };
    let parsed = parse(source, &Context { loader: &NoFiles, names: &names, options: &options });
    let mut all = parsed.diagnostics;
    all.extend(parsed.flow.iter().flat_map(|flow| weir_check::check(flow, &catalog)));
    weir_base::sort_by_place(&mut all);
    (parsed.flow, all)
}

fn diagnostics(name: &str, text: &str) -> Vec<Diagnostic> {
    read(name, text).1
}

/// Every problem as `CODE line:column`, in order.
fn problems(name: &str, text: &str) -> Vec<String> {
    let all = diagnostics(name, text);
    let lines = LineIndex::new(text);
    let place = |span: Option<weir_base::Span>| {
        span.map_or("-".to_owned(), |span| {
            let at = lines.position(span.start);
            format!("{}:{}", at.line, at.column)
        })
    };
    all.iter()
        .filter(|d| d.severity != weir_base::Severity::Info)
        .map(|d| format!("{} {}", d.code, place(d.span)))
        .collect()
}

/// Severity and code of every problem of a tree.
fn severities(text: &str) -> Vec<String> {
    let found = diagnostics("flow.yaml", text);
    found.iter().map(|d| format!("{:?} {}", d.severity, d.code).to_lowercase()).collect()
}

fn tree(text: &str, expected: &[&str]) {
    assert_eq!(problems("flow.yaml", text), expected, "{text}");
}

fn graph(text: &str, expected: &[&str]) {
    assert_eq!(problems("flow.json", text), expected, "{text}");
}

#[test]
fn a_good_tree_has_no_problems() {
    tree(
        "type: Sequence\nid: s\nchildren:\n  - type: PrintAction\n    id: p\n    props: {message: \"{{ name }} {{ now }}\"}\n  - type: HttpRequest\n    id: h\n    props: {url: \"https://example.com/{{ name }}\"}\n",
        &[],
    );
}

#[test]
fn unknown_kinds_and_props_get_a_suggestion() {
    tree("type: HtpRequest\nid: a\nprops: {url: x}\n", &["UNKNOWN_NODE_TYPE 1:7"]);
    tree("type: HttpRequest\nid: a\nprops:\n  url: https://example.com\n  methd: GET\n", &["UNKNOWN_PROP 5:10"]);
    tree("type: HttpRequest\nid: a\nprops: {}\n", &["MISSING_REQUIRED_FIELD 1:1"]);
}

#[test]
fn constants_have_the_right_type() {
    tree(
        "type: HttpRequest\nid: a\nprops:\n  url: 5\n  timeout: soon\n",
        &["INVALID_PROP 4:8", "INVALID_DURATION 5:12"],
    );
}

#[test]
fn unknown_names_are_found_where_they_stand() {
    let text = r#"{"id":"w","name":"w","nodes":[
 {"id":"t","type":"trigger","position":{"x":0,"y":0},"data":{"label":"T"}},
 {"id":"a","type":"activity","position":{"x":0,"y":0},"data":{"label":"A","activityName":"log","config":{"message":"{{ nope }} {{ vars.nobody }}"}}},
 {"id":"e","type":"end","position":{"x":0,"y":0},"data":{"label":"E"}}],
 "edges":[{"id":"1","source":"t","target":"a"},{"id":"2","source":"a","target":"e"}]}"#;
    let found = problems("flow.json", text);
    let codes: Vec<&str> = found.iter().map(|problem| problem.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(codes, ["UNKNOWN_VARIABLE", "UNKNOWN_VARIABLE"], "{found:?}");
    assert!(found.iter().all(|problem| problem.contains(" 3:")), "{found:?}");
}

#[test]
fn a_near_miss_of_a_variable_is_a_warning_in_a_tree() {
    tree(
        "type: Sequence\nid: s\nchildren:\n  - type: CounterAction\n    id: c\n    props: {counterKey: orders}\n  - type: PrintAction\n    id: p\n    props: {message: \"{{ order }}\"}\n",
        &["UNKNOWN_VARIABLE 9:26"],
    );
}

#[test]
fn a_slip_of_a_name_that_is_always_there_is_a_warning_in_a_tree() {
    tree("type: PrintAction\nid: p\nprops: {message: \"{{ inptu.name }} {{ date }}\"}\n", &["UNKNOWN_VARIABLE 3:22"]);
}

#[test]
fn an_id_that_stands_twice_is_told_once() {
    let twice = "type: Sequence\nid: s\nchildren:\n- {type: SuccessNode, id: a}\n- {type: SuccessNode, id: a}\n";
    tree(twice, &["DUPLICATE_ID 5:27"]);
    tree(&twice.replace("id: a", "id: success-node-1"), &["DUPLICATE_ID 5:27"]);
    tree(&format!("{twice}- {{type: SuccessNode, id: a}}\n"), &["DUPLICATE_ID 5:27", "DUPLICATE_ID 6:27"]);
}

#[test]
fn an_output_must_fit_the_input_it_feeds() {
    let text = r#"{"id":"w","name":"w","nodes":[
 {"id":"t","type":"trigger","position":{"x":0,"y":0},"data":{"label":"T"}},
 {"id":"a","type":"activity","position":{"x":0,"y":0},"data":{"label":"A","activityName":"file.read","config":{"path":"x"}}},
 {"id":"b","type":"activity","position":{"x":0,"y":0},"data":{"label":"B","activityName":"http.request","config":{"url":"{{ data }}"}}},
 {"id":"e","type":"end","position":{"x":0,"y":0},"data":{"label":"E"}}],
 "edges":[{"id":"1","source":"t","target":"a"},{"id":"2","source":"a","target":"b"},{"id":"3","source":"b","target":"e"}]}"#;
    let found = problems("flow.json", text);
    assert!(found.iter().any(|problem| problem.starts_with("INVALID_CONNECTION")), "{found:?}");
}

/// What step `b` says of an output, where `c` comes after it.
fn reading(config: &str, expected: &[&str]) {
    let text = format!(
        r#"{{"id":"w","name":"w","nodes":[
 {{"id":"t","type":"trigger","position":{{"x":0,"y":0}},"data":{{"label":"T"}}}},
 {{"id":"a","type":"activity","position":{{"x":0,"y":0}},"data":{{"label":"A","activityName":"http.request","config":{{"url":"https://example.com"}}}}}},
 {{"id":"b","type":"activity","position":{{"x":0,"y":0}},"data":{{"label":"B","activityName":"http.request","config":{config}}}}},
 {{"id":"c","type":"activity","position":{{"x":0,"y":0}},"data":{{"label":"C","activityName":"print","config":{{"message":"{{{{ nodes.a.output.status }}}}"}}}}}},
 {{"id":"e","type":"end","position":{{"x":0,"y":0}},"data":{{"label":"E"}}}}],
 "edges":[{{"id":"1","source":"t","target":"a"}},{{"id":"2","source":"a","target":"b"}},{{"id":"3","source":"b","target":"c"}},{{"id":"4","source":"c","target":"e"}}]}}"#
    );
    let found = problems("flow.json", &text);
    let codes: Vec<&str> = found.iter().filter_map(|problem| problem.split(' ').next()).collect();
    assert_eq!(codes, expected, "{config}: {found:?}");
}

#[test]
fn a_part_of_an_output_must_fit_the_input_it_feeds() {
    reading(r#"{"url":"{{ nodes.a.output.status }}"}"#, &["INVALID_CONNECTION"]);
    reading(r#"{"url":"{{ data.status }}"}"#, &["INVALID_CONNECTION"]);
    reading(r#"{"url":"https://example.com/{{ data.status }}"}"#, &[]);
    reading(r#"{"url":"{{ String(data.status) }}"}"#, &[]);
    reading(r#"{"url":"https://example.com","headers":"{{ data.headers }}"}"#, &[]);
}

#[test]
fn a_step_cannot_read_what_comes_after_it() {
    reading(r#"{"url":"https://example.com/{{ nodes.c.output }}"}"#, &["UNKNOWN_VARIABLE"]);
    reading(r#"{"url":"https://example.com/{{ nodes.a.output.status }}"}"#, &[]);
}

#[test]
fn what_cannot_run_is_a_warning_until_someone_runs_it() {
    let text = r#"{"id":"w","name":"w","nodes":[
 {"id":"t","type":"trigger","position":{"x":0,"y":0},"data":{"label":"T"}},
 {"id":"a","type":"kong-cache","position":{"x":0,"y":0},"data":{"label":"A","config":{"cacheKey":"k"}}},
 {"id":"e","type":"end","position":{"x":0,"y":0},"data":{"label":"E"}}],
 "edges":[{"id":"1","source":"t","target":"a"},{"id":"2","source":"a","target":"e"}]}"#;
    let found = problems("flow.json", text);
    assert!(found.iter().any(|problem| problem.starts_with("KIND_NOT_RUNNABLE")), "{found:?}");
    graph("{}", &["STRUCTURE 1:1"]);
}

#[test]
fn fifty_problems_are_fifty_lines() {
    let step = |at: usize| format!("  - type: PrintAction\n    id: p{at}\n    props: {{mesage: hello}}\n");
    let text = format!("type: Sequence\nid: s\nchildren:\n{}", (0..25).map(step).collect::<String>());
    let found = problems("flow.yaml", &text);
    assert_eq!(found.len(), 50, "an unknown and a missing property each: {found:?}");
}

/// A placeholder without a variable stays in the text, so it is a warning, and one only.
#[test]
fn a_placeholder_of_nothing_is_one_warning() {
    let flow =
        |input: &str, message: &str| format!("type: LogMessage\nid: a\n{input}props: {{message: '{message}'}}\n");
    let check = |input: &str, message: &str, expected: &[&str]| {
        assert_eq!(severities(&flow(input, message)), expected, "{input} {message}");
    };
    let declared = "input: {type: object, properties: {total: {type: number}}, additionalProperties: false}\n";
    check(declared, "${nothing}", &["warning unknown_variable"]);
    check(declared, "${nothing} ${nothing.more} ${my key} ${total}", &["warning unknown_variable"; 3]);
    check(declared, "{{ nothing }}", &["error unknown_variable"]);
    check(
        declared,
        "{{ typeof nothing2 === \"string\" ? nothing : 1 }}",
        &["warning unknown_variable", "error unknown_variable"],
    );
    check("variables: {total: 1}\n", "${totl}", &["warning unknown_variable"]);
}

fn without_places(node: &Node) -> String {
    let bare = Node { origin: Default::default(), name: None, id: "".into(), ..node.clone() };
    let mut flow = weir_ir::from_json(r#"{"ir":1,"name":"w","dialect":"ir","root":{"id":"","set":{"writes":[]}}}"#)
        .expect("a flow");
    flow.root = bare;
    let value = Value::from_json(&weir_ir::to_json(&flow)).expect("a flow is JSON");
    let root = value.get("root").and_then(Value::as_object).expect("a root");
    Value::from(root.iter().filter(|(key, _)| &***key != "id").map(|(k, v)| (k.clone(), v.clone())).collect::<Map>())
        .to_json()
}

/// What the step `a` of a flow became, as JSON, then the codes of all problems.
fn became(name: &str, text: &str) -> String {
    let (flow, found) = read(name, text);
    let mut steps = Vec::new();
    flow.iter().for_each(|flow| {
        flow.for_each_node(&mut |node| {
            let kind = match &node.kind {
                NodeKind::Task(task) => format!("task {}", task.kind),
                _ => without_places(node),
            };
            steps.extend((&*node.id == "a").then_some(kind));
        });
    });
    let codes = found
        .iter()
        .filter(|d| d.severity != weir_base::Severity::Info)
        .map(|problem| format!(" {}", problem.code))
        .collect::<String>();
    steps.concat() + &codes
}

/// Semantics 2.4: steps that only compute or wait are the engine's own in every dialect that can name them.
#[test]
fn rule_2_4_steps_of_the_engine_in_every_dialect() {
    let graph = |kind: &str, config: &str| {
        let text = format!(
            r#"{{"id":"w","name":"w","nodes":[
 {{"id":"t","type":"trigger","position":{{"x":0,"y":0}},"data":{{"label":"T"}}}},
 {{"id":"a","type":"activity","position":{{"x":0,"y":0}},"data":{{"label":"A","activityName":"{kind}",{config}}}}},
 {{"id":"e","type":"end","position":{{"x":0,"y":0}},"data":{{"label":"E"}}}}],
 "edges":[{{"id":"1","source":"t","target":"a"}},{{"id":"2","source":"a","target":"e"}}]}}"#
        );
        became("flow.json", &text)
    };
    let ir = |kind: &str, params: &str| {
        let text =
            format!(r#"{{"ir":1,"name":"w","dialect":"ir","root":{{"id":"a","task":{{"kind":"{kind}",{params}}}}}}}"#);
        became("flow.json", &text)
    };
    let organism = |binding: &str| {
        let text = format!(
            "organism: {{name: o}}\nlisteners:\n  - {{name: a, description: d, handler: h.x, payload_class: h.P}}\n\
             bindings: {{h.x: {binding}}}\n"
        );
        became("organism.yaml", &text).replace(" UNREACHABLE_LISTENER", "")
    };
    let counted = |name: &str, by: &str| {
        format!(
            r#"{{"set":{{"writes":[{{"target":{{"scope":"run","name":"{name}"}},"op":"increment","value":{by}}}]}}}}"#
        )
    };
    let timer = |after: &str| format!(r#"{{"wait":{{"timer":{{"after":{after}}}}}}}"#);
    let value = |value: &str| format!(r#"{{"set":{{"writes":[{{"op":"set","value":{value}}}]}}}}"#);
    let cases = [
        (graph("wait", r#""config":{"waitMs":500}"#), timer("500")),
        (graph("wait", r#""config":{}"#), timer("1000")),
        (graph("delay", r#""config":{"waitMs":"{{ data.for }}"}"#), timer(r#""{{ data.for }}""#)),
        (graph("wait", r#""config":{"waitMs":"soon"}"#), "task wait INVALID_DURATION".into()),
        (graph("wait", r#""config":{"waitMs":-1}"#), "task wait INVALID_DURATION".into()),
        (graph("wait", r#""config":{"wait":1}"#), "task wait UNKNOWN_PROP".into()),
        (graph("wait", r#""config":{"waitMs":1},"timeout":"5s""#), timer("1") + " INVALID_CONFIG"),
        (graph("counter", r#""config":{"counterKey":"n","increment":0}"#), counted("n", "0")),
        (graph("counter", r#""config":{"increment":"many"}"#), "task counter INVALID_PROP".into()),
        (graph("transform", r#""config":{"value":{"x":"{{ data }}"}}"#), value(r#"{"x":"{{ data }}"}"#)),
        (graph("transform", r#""config":{}"#), "task transform MISSING_REQUIRED_FIELD".into()),
        (
            graph("transform", r#""config":{"value":1},"outputKey":"one""#),
            r#"{"set":{"writes":[{"target":{"scope":"run","name":"one"},"op":"set","value":1}]}}"#.into(),
        ),
        (
            graph("set-variable", r#""config":{"name":"x","value":2}"#),
            r#"{"set":{"writes":[{"target":{"scope":"run","name":"x"},"op":"set","value":2}]}}"#.into(),
        ),
        (graph("set-variable", r#""config":{"name":"x","value":2,"scope":"project"}"#), "task set".into()),
        (graph("set-variable", r#""config":{"name":"x","op":"multiply"}"#), "task set INVALID_PROP".into()),
        (
            graph("script", r#""config":{"textContent":"a = 1 + b"},"assign":{"c":"output * 2"}"#),
            concat!(
                r#"{"set":{"writes":[{"target":{"scope":"run","name":"a"},"op":"script","value":"{{ 1 + vars.b }}"},"#,
                r#"{"target":{"scope":"run","name":"c"},"op":"set","value":"{{ vars.a * 2 }}"},"#,
                r#"{"op":"set","value":"{{ vars.a }}"}]}} UNKNOWN_VARIABLE"#
            )
            .into(),
        ),
        (
            graph("script", r#""config":{"textContent":"x = 10 @ 5"}"#),
            r#"{"set":{"writes":[]}} EXPRESSION_SYNTAX"#.into(),
        ),
        (graph("script", r#""config":{"textContent":""}"#), "task script INVALID_PROP".into()),
        (graph("script", r#""config":{"textContent":"{{ data }}"}"#), "task script INVALID_PROP".into()),
        (ir("wait", r#""params":{"waitMs":"2h"}"#), timer(r#""2h""#)),
        (ir("counter", r#""params":{}"#), counted("counter", "1")),
        (organism("{kind: wait, waitMs: 5}"), timer("5")),
        (
            organism("kind:counter"),
            counted(
                "{{ (message.payload)?.counterKey ?? \\\"counter\\\" }}",
                r#""{{ (message.payload)?.increment ?? 1 }}""#,
            ),
        ),
    ];
    for (at, (found, expected)) in cases.into_iter().enumerate() {
        assert_eq!(found, expected, "case {at}");
    }
}

/// What a run would look for by name and not find beside the file is worth a word, and no more.
#[test]
fn flows_that_are_not_beside_are_a_warning() {
    let check = |binding: &str, expected: &[&str]| {
        let text = format!(
            "organism: {{name: o}}\nlisteners:\n  - {{name: a, description: d, handler: h.x, payload_class: h.P}}\n\
             bindings: {{h.x: {binding}}}\n"
        );
        let flow = read("organism.yaml", &text).0.expect("a flow");
        let found = weir_check::unknown_flows(&flow, &|name| name == "lookup" || name == "lookup.yaml");
        let told: Vec<String> = found.iter().map(|d| format!("{:?} {} {}", d.severity, d.code, d.message)).collect();
        assert_eq!(told, expected, "{binding}");
        assert!(found.iter().all(|problem| problem.span.is_some() && problem.help.is_some()));
    };
    check("flow:lookup", &[]);
    check("{flow: lookup.yaml}", &[]);
    check("{flow: o}", &[]);
    check("{flow: lokup}", &["Warning UNKNOWN_FLOW there is no flow `lokup` beside this file"]);
    check("{kind: log, message: x}", &[]);
}
