//! Whole projects: what is refused, what stays the same, and what the real compilers say.

use crate::compilers;
use serde_json::{Value, json};
use weir_base::Diagnostic;
use weir_codegen::{Options, Project, UNSUPPORTED, generate};
use weir_ir::Flow;

fn write(op: &str, value: &Value) -> Value {
    json!({"target": {"name": "count"}, "op": op, "value": value})
}

fn set(id: &str, writes: &[Value]) -> Value {
    json!({"id": id, "set": {"writes": writes}})
}

/// A flow with most steps that can be written; `name` and `text` stand wherever a person may write something.
fn flow(name: &str, text: &str) -> Flow {
    let check = json!({"op": "check", "value": "{{ vars.count }}"});
    let way = |id: &str| json!({"body": set(id, &[write("increment", &json!(2))])});
    let branch = json!({"id": "way", "branch": {"otherwise": way("else"),
        "cases": [{"when": {"expr": "vars.count"}, "then": way("then")}]}});
    let fail = json!({"id": "never", "name": name, "fail": {"code": "NO", "message": text}});
    let caught = set("caught", &[write("append", &json!(text))]);
    let tried = json!({"id": "tried", "try": {"body": fail, "catch": caught}});
    let select = json!({"id": "one", "select": {"children": [set("checked", &[check]), tried]}});
    let end = json!({"id": "end", "return": {"value": {"said": text, name: "kept"}}});
    let root = json!({"id": "main", "name": name, "sequence": {"children": [branch, select, end]}});
    let variables = json!({"count": {"type": "any"}, name: {"initial": text}});
    serde_json::from_value(json!({"ir": 1, "name": name, "dialect": "ir", "variables": variables, "root": root}))
        .unwrap()
}

fn made(flow: &Flow) -> Result<Project, Vec<Diagnostic>> {
    generate(flow, &weir_kinds::catalog().unwrap(), &Options::default())
}

#[test]
fn the_same_flow_gives_the_same_bytes_and_one_literal_changes_one_line() {
    let first = made(&flow("a flow", "hello")).unwrap();
    assert_eq!(first, made(&flow("a flow", "hello")).unwrap());
    let mut changed = flow("a flow", "hello");
    changed.variables.get_mut("count").unwrap().initial = Some(7.into());
    let second = made(&changed).unwrap();
    let lines =
        |project: &Project| project.files.values().flat_map(|text| text.lines().map(str::to_owned)).collect::<Vec<_>>();
    let (first, second) = (lines(&first), lines(&second));
    assert_eq!(first.len(), second.len());
    assert_eq!(first.iter().zip(&second).filter(|(a, b)| a != b).count(), 1);
}

#[test]
fn a_step_that_comes_first_leaves_the_code_of_the_others_alone() {
    let steps = |more: &[&str]| {
        let ids = more.iter().chain(&["charge", "notify", "close"]);
        let children: Vec<Value> = ids.map(|id| set(id, &[write("append", &json!(id))])).collect();
        let root = serde_json::from_value(json!({"id": "main", "sequence": {"children": children}})).unwrap();
        made(&Flow { root, ..flow("a flow", "hello") }).unwrap().files.remove("workflow.ts").unwrap()
    };
    let (before, after) = (steps(&[]), steps(&["greet"]));
    let gone: Vec<&str> = before.lines().filter(|line| !after.lines().any(|other| other == *line)).collect();
    assert_eq!(gone, ["    sequence(at, [chargeStep, notifyStep, closeStep]),"]);
}

#[test]
fn a_flow_that_is_called_keeps_its_type_when_others_are_called_too() {
    let names = ["Pack it", "charge", "PACK-IT", "é", "*/"];
    let library = names.map(|name| (name.into(), flow(name, "hello"))).into_iter().collect();
    let options = Options { library, ..Options::default() };
    let calls = |names: &[&str]| {
        let call = |name: &&str| json!({"id": format!("call {name}"), "call": {"flow": name, "input": null}});
        let children: Vec<Value> = names.iter().map(call).collect();
        let root = serde_json::from_value(json!({"id": "main", "sequence": {"children": children}})).unwrap();
        let flow = Flow { root, ..flow("order", "hello") };
        let files = generate(&flow, &weir_kinds::catalog().unwrap(), &options).unwrap().files;
        let called = files.into_iter().filter(|(name, _)| name.starts_with("flow_"));
        called.map(|(name, text)| (name, text.contains("async function orderWorkflow_"))).collect::<Vec<_>>()
    };
    let of = |files: &[&str]| files.iter().map(|file| ((*file).to_owned(), true)).collect::<Vec<_>>();
    assert_eq!(calls(&["Pack it"]), of(&["flow_packIt.ts"]));
    assert_eq!(calls(&["Pack it", "charge"]), of(&["flow_charge.ts", "flow_packIt.ts"]));
    let found = calls(&names);
    let lower: std::collections::BTreeSet<String> = found.iter().map(|(name, _)| name.to_lowercase()).collect();
    assert_eq!(lower.len(), names.len(), "no disk takes two of them for one: {found:?}");
}

#[test]
fn the_readme_starts_a_run_with_an_input_that_fits() {
    let start = |input: Value| {
        let flow = Flow { input: serde_json::from_value(input).unwrap(), ..flow("a flow", "hello") };
        let readme = made(&flow).unwrap().files.remove("README.md").unwrap();
        readme.lines().find(|line| line.starts_with("    npm start")).unwrap().trim().to_owned()
    };
    assert_eq!(start(Value::Null), "npm start");
    let order = json!({"type": "object", "properties": {"lines": {"type": "array"}}});
    let level = json!({"enum": ["low", "high"]});
    let properties = json!({"name": {"type": "string"}, "age": {"type": "integer", "minimum": 18}, "order": order,
        "level": level, "since": {"type": "string", "default": "2026-01-01"}, "open": {"type": ["boolean", "null"]}});
    let input = r#"{"name":"text","age":18,"order":{"lines":[]},"level":"low","since":"2026-01-01","open":true}"#;
    assert_eq!(start(json!({"type": "object", "properties": properties})), format!("npm start '{input}'"));
    for text in ["'; rm -rf ~; '", "`rm`", "@NAME@", &"x".repeat(300)] {
        let hostile = json!({"type": "object", "properties": {text: {"type": "string"}}});
        assert_eq!(start(hostile), "npm start 'JSON'", "{text}");
    }
    for unclear in [
        json!({"type": "string", "minLength": 9}),
        json!({"anyOf": [{"type": "string"}]}),
        json!({"properties": {}}),
        json!({"type": "object", "required": ["id"]}),
        json!({"type": "object", "properties": {"at": {"type": "string", "format": "date"}}}),
    ] {
        assert_eq!(start(unclear.clone()), "npm start 'JSON'", "{unclear}");
    }
}

#[test]
fn the_readme_names_what_a_run_is_sent_and_asked() {
    let readme = |flow: &Flow| made(flow).unwrap().files.remove("README.md").unwrap();
    assert!(!readme(&flow("a flow", "hello")).contains("Signals"));
    let wait = |id: &str, wait: Value| json!({"id": id, "wait": wait});
    let children =
        [wait("go", json!({"signal": {"name": "go on"}})), wait("ask", json!({"approval": {"message": "may I?"}}))];
    let whole = json!({"ir": 1, "name": "talks", "dialect": "ir", "variables": {"speed": {"type": "any"}},
        "signals": {"faster": {"assign": {"speed": "message"}}, "noted": {}}, "queries": {"how-fast": "vars.speed"},
        "root": {"id": "all", "sequence": {"children": children}}});
    let said = readme(&serde_json::from_value(whole).unwrap());
    let (_, talk) = said.split_once("## Signals and queries").unwrap();
    let (talk, _) = talk.split_once("## Temporal").unwrap();
    for line in [
        "- go on: a step waits for it",
        "- faster: writes speed",
        "- `approve:PATH`: a step waits for a person",
        "It answers the queries how-fast, too.",
    ] {
        assert!(talk.contains(line), "no `{line}` in\n{talk}");
    }
    assert!(!talk.contains("noted"), "{talk}");
}

#[test]
fn what_cannot_be_written_is_refused_at_its_place() {
    let call = json!({"id": "odd", "call": {"flow": "another", "input": null}});
    let root = serde_json::from_value(call).unwrap();
    let flow = Flow { root, ..flow("a flow", "hello") };
    let problems = made(&flow).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].code.as_str(), problems[0].path.as_str()), (UNSUPPORTED, "odd"));
}

#[test]
fn names_and_texts_stay_names_and_texts_before_the_compilers() {
    let hostile = [
        "plain",
        "*/ evil(); /*",
        "'\"`${x}\\",
        "\u{2028}\n\r// x",
        "__proto__",
        "</script>",
        "constructor",
        "é 漢 \u{202e}",
    ];
    for text in hostile {
        let project = made(&flow(text, text)).unwrap();
        compilers::check(text, &project.files);
    }
}
