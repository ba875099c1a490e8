//! `weir compile` without the compilers: what is written, what is refused, and that nothing of anybody else is lost.

mod support;

use support::asking::Asked;
use support::process::Place;
use weir_base::Value;

const FLOW: &str = "type: Sequence\nid: plain\nchildren:\n- {type: Mock, id: one, props: {output: 1}}\n";

fn compile(place: &Place, more: &[&str]) -> support::process::Ended {
    place.weir(&[&["compile", "flow.yaml", "--out", "made", "--no-verify"], more].concat())
}

#[test]
fn a_project_is_written_and_the_same_the_second_time() {
    let place = Place::new(&[("flow.yaml", FLOW)]);
    let ended = compile(&place, &["--format", "json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let answer = ended.json();
    let files: Vec<&str> = answer.get("files").unwrap().as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let read = || files.iter().map(|name| std::fs::read_to_string(place.path("made").join(name)).unwrap());
    let first: Vec<String> = read().collect();
    for wanted in
        ["workflow.ts", "activities.ts", "worker.ts", "client.ts", "package.json", "tsconfig.json", "README.md"]
    {
        assert!(files.contains(&wanted), "{files:?}");
    }
    let verification = answer.get("verification").unwrap();
    assert_eq!(verification.get("tscPassed"), Some(&Value::Null), "nobody asked the compilers");
    assert_eq!(compile(&place, &[]).code, 0, "it knows its own files");
    assert_eq!(read().collect::<Vec<_>>(), first);
}

#[test]
fn what_somebody_else_wrote_is_not_written_over() {
    let place = Place::new(&[("flow.yaml", FLOW)]);
    std::fs::create_dir(place.path("made")).unwrap();
    place.file("made/package.json", "{\"mine\": true}");
    place.file("made/notes.txt", "mine");
    let refused = compile(&place, &[]);
    refused.says(2, "package.json would be written over");
    assert!(refused.err.contains("--force") && !refused.err.contains("notes.txt"), "{refused:?}");
    assert!(!place.path("made/workflow.ts").exists(), "nothing is half written");
    assert_eq!(compile(&place, &["--force"]).code, 0);
    assert_eq!(std::fs::read_to_string(place.path("made/notes.txt")).unwrap(), "mine");
    place.file("made/workflow.ts", "// changed by hand");
    compile(&place, &[]).says(2, "workflow.ts would be written over");
    assert_eq!(std::fs::read_to_string(place.path("made/workflow.ts")).unwrap(), "// changed by hand");
}

#[test]
fn a_file_that_is_no_longer_needed_goes_unless_it_was_changed() {
    let place = Place::new(&[("flow.yaml", FLOW)]);
    assert_eq!(compile(&place, &[]).code, 0);
    let noted = std::fs::read_to_string(place.path("made/.weir-compile.json")).unwrap();
    let mut noted: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&noted).unwrap();
    let hash = noted["workflow.ts"].clone();
    let text = std::fs::read(place.path("made/workflow.ts")).unwrap();
    for (name, bytes) in [("old.ts", text), ("kept.ts", b"changed".to_vec())] {
        place.file(&format!("made/{name}"), bytes);
        noted.insert(name.to_owned(), hash.clone());
    }
    place.file("outside.ts", std::fs::read(place.path("made/workflow.ts")).unwrap());
    noted.insert("../outside.ts".to_owned(), hash);
    place.file("made/.weir-compile.json", serde_json::to_string(&noted).unwrap());
    assert_eq!(compile(&place, &[]).code, 0);
    let there = |name: &str| place.path(name).exists();
    assert_eq!((there("made/old.ts"), there("made/kept.ts"), there("outside.ts")), (false, true, true));
}

#[test]
fn problems_end_as_those_of_check_do_and_nothing_is_written() {
    let place = Place::new(&[("flow.yaml", FLOW), ("wrong.yaml", "type: Sequens\nid: a\n"), ("file", "")]);
    let wrong = place.weir(&["compile", "wrong.yaml", "--out", "made", "--no-verify"]);
    wrong.says(1, "Sequens");
    let listed = place.weir(&["compile", "wrong.yaml", "--out", "made", "--no-verify", "--format", "json"]).json();
    assert_eq!(listed.get("success"), Some(&Value::Bool(false)));
    assert!(!listed.get("diagnostics").unwrap().as_array().unwrap().is_empty());
    place.weir(&["compile", "nothing.yaml", "--out", "made"]).says(2, "nothing.yaml");
    place.weir(&["compile", "flow.yaml", "--out", "file", "--no-verify"]).says(2, "this is a file");
    place.weir(&["compile", "flow.yaml", "--out", "made", "--target", "java"]).says(2, "temporal-ts");
    place.weir(&["compile", "flow.yaml", "--out", "made", "--worker-queue", ""]).says(2, "--worker-queue");
    let missing = place.weir(&["compile", "flow.yaml", "--out", "made"]);
    missing.says(1, "weir toolchain install");
    assert!(missing.err.contains("--no-verify"), "{missing:?}");
    let elsewhere = place.weir(&["compile", "flow.yaml", "--out", "made", "--data", "other"]);
    elsewhere.says(1, "`weir toolchain install --data other`");
    assert!(!place.path("made").exists());
}

const CALLS: &str = r#"{"ir": 1, "name": "calls", "dialect": "ir",
    "root": {"id": "ask", "call": {"flow": "helper", "input": null}}}"#;

#[test]
fn flows_that_are_called_come_along_and_their_problems_count() {
    let place = Place::new(&[("flow.yaml", CALLS), ("helper.yaml", FLOW)]);
    let answer = compile(&place, &["--format", "json"]).json();
    let files = answer.get("files").unwrap().to_json();
    assert!(files.contains("flow_helper.ts"), "{files}");
    place.file("helper.yaml", "type: Sequens\nid: a\n");
    compile(&place, &[]).says(1, "Sequens");
}

#[test]
fn what_cannot_be_written_of_a_flow_that_is_called_is_shown_in_its_own_text() {
    let helper = "type: Sequence\nid: helps\nchildren:\n- {type: SubTree, id: asks, props: {treeId: gone}}\n";
    let place = Place::new(&[("flow.yaml", CALLS), ("helper.yaml", helper)]);
    let refused = compile(&place, &["--format", "json"]).json();
    let problems = refused.get("diagnostics").and_then(Value::as_array).unwrap();
    let found = problems.iter().find(|one| one.to_json().contains("CODEGEN_UNSUPPORTED")).expect("it is refused");
    assert!(support::process::text(found, "file").ends_with("helper.yaml"), "{}", found.to_json());
    // One without places names the flow.
    place.file("helper.yaml", CALLS.replace("helper", "gone"));
    compile(&place, &[]).says(1, "in the flow `helper`: ");
}

/// Not even where everything may be written over.
#[test]
fn a_folder_in_the_place_of_a_file_is_named_and_nothing_is_written() {
    let place = Place::new(&[("flow.yaml", FLOW)]);
    std::fs::create_dir_all(place.path("made/workflow.ts/mine")).unwrap();
    compile(&place, &["--force"]).says(2, "workflow.ts would be a file, and a folder of that name is there");
    assert!(place.path("made/workflow.ts/mine").is_dir());
    assert_eq!(std::fs::read_dir(place.path("made")).unwrap().count(), 1, "nothing is half written");
}

#[test]
fn a_server_brings_the_published_flows_of_the_project_along() {
    let place = Place::new(&[]);
    let server = Asked::start(&place, "srv");
    let calls = r#"{"ir": 1, "name": "calls", "dialect": "ir", "root": {"id": "c", "call": {"flow": "helper", "input": null}}}"#;
    let calls = Value::from_json(calls).unwrap();
    let options = r#"{"skipVerification": true}"#;
    let alone = asked(&server, calls.clone(), options);
    assert!(alone.get("errors").unwrap().to_json().contains("CODEGEN_UNSUPPORTED"), "{}", alone.to_json());
    let helper = Value::object([("name", Value::from("helper")), ("source", Value::from(FLOW))]);
    let (status, made) = server.ask("POST", "/api/flows", Some(&helper));
    assert_eq!(status, 201, "{}", made.to_json());
    let id = support::process::text(&made, "id");
    assert_eq!(server.ask("POST", &format!("/api/flows/{id}/versions"), None).0, 201);
    let both = asked(&server, calls.clone(), options);
    assert!(both.get("files").unwrap().get("flow_helper.ts").is_some(), "{}", both.to_json());
    let elsewhere = asked(&server, calls, r#"{"skipVerification": true, "project": "elsewhere"}"#);
    assert_eq!(elsewhere.get("success"), Some(&Value::Bool(false)), "flows of another project are not called");
    server.stop();
}

/// A drawn workflow whose one step has this type.
fn workflow(ty: &str) -> Value {
    let text = format!(
        r#"{{"id": "wf", "name": "Small", "nodes": [
            {{"id": "start", "type": "trigger", "position": {{"x": 0, "y": 0}}, "data": {{}}}},
            {{"id": "said", "type": "{ty}", "position": {{"x": 0, "y": 0}}, "data": {{"message": "hello", "config": {{"message": "hello"}}}}}},
            {{"id": "stop", "type": "end", "position": {{"x": 0, "y": 0}}, "data": {{}}}}],
          "edges": [{{"id": "a", "source": "start", "target": "said"}}, {{"id": "b", "source": "said", "target": "stop"}}]}}"#
    );
    Value::from_json(&text).unwrap()
}

fn asked(server: &Asked, workflow: Value, options: &str) -> Value {
    let body = Value::object([("workflow", workflow), ("options", Value::from_json(options).unwrap())]);
    server.post("/compile", &body)
}

#[test]
fn a_server_writes_code_and_says_when_it_has_no_compilers() {
    let place = Place::new(&[]);
    let server = Asked::start(&place, "srv");
    let made = asked(&server, workflow("print"), r#"{"skipVerification": true}"#);
    assert_eq!(made.get("success"), Some(&Value::Bool(true)), "{}", made.to_json());
    assert_eq!(made.get("verification").unwrap().get("tscPassed"), Some(&Value::Null));
    let counted = |key: &str| made.get("metadata").unwrap().get(key).and_then(Value::as_u64);
    assert_eq!((counted("nodeCount"), counted("edgeCount")), (Some(3), Some(2)));
    let code = |answer: &Value| answer.get("code").unwrap().get("workflow").and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(made.get("files").unwrap().get("workflow.ts").and_then(Value::as_str), Some(code(&made).as_str()));
    let bare = asked(&server, workflow("print"), r#"{"skipVerification": true, "includeComments": false}"#);
    assert!(code(&made).contains("/**") && !code(&bare).contains("/**"), "{}", code(&bare));

    let missing = asked(&server, workflow("print"), "{}");
    let error = |answer: &Value, key: &str| {
        answer.get("errors").unwrap().as_array().unwrap()[0]
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(missing.get("success"), Some(&Value::Bool(false)));
    assert_eq!(error(&missing, "code"), "TOOLCHAIN_MISSING");
    assert!(error(&missing, "message").contains("`weir toolchain install --data DIR`"), "{}", missing.to_json());

    let wrong = asked(&server, workflow("prnt"), r#"{"skipVerification": true}"#);
    assert_eq!(wrong.get("success"), Some(&Value::Bool(false)));
    assert_eq!(error(&wrong, "nodeId"), "said", "{}", wrong.to_json());
    assert_eq!(wrong.get("code"), None);
    server.stop();
}
