//! `weir compile` without the compilers: what is written, what is refused, and that nothing of anybody else is lost.

mod support;

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
    let missing = place.weir(&["compile", "flow.yaml", "--out", "made"]);
    missing.says(1, "weir toolchain install");
    assert!(missing.err.contains("--no-verify"), "{missing:?}");
    assert!(!place.path("made").exists());
}
