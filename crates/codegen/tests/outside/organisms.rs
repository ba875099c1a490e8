//! Mailboxes and agents before the real compilers, with hostile text wherever a person may write some.

use crate::compilers;
use serde_json::{Value, json};
use weir_codegen::{Options, Project, generate};
use weir_ir::Flow;

/// What leads to a prototype cannot be read at all.
fn reads(text: &str) -> String {
    let text = if text == "__proto__" { "prototype-like" } else { text };
    format!("{{{{ project[{0}] + service[{0}] }}}}", serde_json::to_string(text).unwrap())
}

fn agent(text: &str) -> Value {
    let schema = json!({"type": "object", "properties": {text: {"type": "string", "description": text}}});
    let step = json!({"id": "step", "name": text, "task": {"kind": "print", "params": {"message": "{{ args }}"}}});
    let tool = |name: &str, schema: Value, target: Value| json!({"name": name, "description": text, "schema": schema, "target": target});
    json!({
        "model": text, "prompt": text, "input": reads(text), "options": {text: [text]}, "output": schema,
        "limits": {"turns": 3, "tokens": 1000, "micros": 1000},
        "assign": [{"var": text, "value": "output"}],
        "tools": [
            tool(text, schema.clone(), json!({"step": step})),
            tool("peer", json!({"type": "string", "enum": [text]}), json!({"peer": text})),
        ],
    })
}

/// An organism of two: an agent with tools, and a listener without a handler.
fn organism(text: &str) -> Flow {
    let rest = json!({"maxMessages": 9, "maxConcurrent": 2, "maxConcurrentPerAgent": 1, "contextSlots": 3});
    let handler = json!({"id": "asks", "name": text, "agent": agent(text)});
    let mut mailbox = json!({"entry": "desk", "scheduling": "depth-first", "listeners": [
        {"name": "desk", "agent": true, "peers": [text], "handler": handler},
        {"name": text, "agent": false, "peers": [], "groups": [text, "all"], "payloadClass": text, "binding": text},
    ]});
    mailbox.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let root = json!({"id": "main", "name": text, "mailbox": mailbox});
    serde_json::from_value(json!({"ir": 1, "name": text, "dialect": "ir", "root": root})).unwrap()
}

fn made(flow: &Flow) -> Project {
    generate(flow, &weir_kinds::catalog().unwrap(), &Options::default()).unwrap()
}

#[test]
fn organisms_pass_the_compilers_whatever_their_names() {
    for text in ["*/ evil(); /* '\"`${x}\\ \u{2028}\n\r// ]) => process.exit(1)", "__proto__"] {
        let project = made(&organism(text));
        assert_eq!(project, made(&organism(text)));
        compilers::check(text, &project.files);
    }
}

#[test]
fn a_project_gets_the_files_that_it_needs() {
    let files = made(&organism("plain")).files;
    for name in ["agent.ts", "mailbox.ts", "rounds.ts", "outer.ts", "project.ts", "models.ts"] {
        assert!(files.contains_key(name), "{name}");
    }
    let root = serde_json::from_value(json!({"id": "a", "agent": agent("plain")})).unwrap();
    let files = made(&Flow { root, ..organism("plain") }).files;
    assert!(files.contains_key("agent.ts") && !files.contains_key("mailbox.ts"));
}
