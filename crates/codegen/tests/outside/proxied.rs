//! Kinds without TypeScript of their own: their steps go to Weir's own worker.

use crate::compilers;
use serde_json::{Value, json};
use weir_catalog::{Capability, Catalog};
use weir_codegen::{Options, Project, UNSUPPORTED, generate};
use weir_ir::Flow;

const HOSTILE: [&str; 4] = ["plain", "*/ evil(); /* ' \" ` \\ ${x}", "\u{2028}\n\r// }, ]); evil(", "__proto__"];

/// The built-in kinds, and `print` once more under another name, which only Weir can perform because of `reason`.
fn catalog(kind: &str, reason: &str, capabilities: &[Capability]) -> Catalog {
    let mut catalog = weir_kinds::catalog().unwrap();
    let mut record = catalog.record("print").unwrap().clone();
    record.component.name = kind.into();
    record.component.tree = None;
    record.component.aliases.clear();
    record.component.capabilities = capabilities.to_vec();
    record.typescript_template = format!("// proxied: {reason}");
    catalog.insert(record).unwrap();
    catalog
}

fn task(id: &str, kind: &str, params: &Value) -> Value {
    json!({"id": id, "task": {"kind": kind, "params": params, "timeout": "5s"}})
}

/// A step of the kind, one of `print`, and one with a secret in it.
fn flow(kind: &str, text: &str) -> Flow {
    let children = [
        task("left", kind, &json!({"message": "{{ input }}"})),
        task("own", "print", &json!({"message": text})),
        task("sealed", kind, &json!({"message": "{{ secrets.shop }}"})),
    ];
    let root = json!({"id": "main", "sequence": {"children": children}});
    let settings = json!({
        "files": "data",
        "memory": {},
        "egress": {"allow": [text]},
        "models": {"backends": [{"provider": "openai", "apiKey": "model-key", "models": [text]}]},
    });
    let testing = json!({text: [text]});
    let whole =
        json!({"ir": 1, "name": text, "dialect": "ir", "settings": settings, "testData": testing, "root": root});
    serde_json::from_value(whole).unwrap()
}

fn options() -> Options {
    Options { worker_queue: "weir/shop".into(), tenant: "acme".into(), project: "shop".into(), ..Options::default() }
}

fn made(kind: &str, text: &str) -> Project {
    generate(&flow(kind, text), &catalog(kind, text, &[]), &options()).unwrap()
}

#[test]
fn steps_that_only_weir_can_perform_pass_the_compilers_whatever_their_names() {
    for text in HOSTILE {
        let project = made(text, text);
        assert_eq!(project, made(text, text), "the same every time");
        assert_eq!(project.proxied[0].kind.as_ref(), text);
        compilers::check(text, &project.files);
    }
}

#[test]
fn a_flow_of_nothing_else_passes_the_compilers() {
    let root = serde_json::from_value(task("left", "lab.probe", &json!({"message": "x"}))).unwrap();
    let flow = Flow { root, ..flow("lab.probe", "plain") };
    let project = generate(&flow, &catalog("lab.probe", "why", &[]), &options()).unwrap();
    compilers::check("alone", &project.files);
    assert!(!project.files["workflow.ts"].contains("performs"), "nothing is performed by the project itself");
}

#[test]
fn the_worker_is_told_what_its_own_runs_tell_it() {
    let workflow = &made("lab.probe", "plain").files["workflow.ts"];
    for part in [
        "queue: 'weir/shop',",
        "tenant: 'acme',",
        "project: 'shop',",
        "service: 'plain',",
        "files: 'data',",
        "allow: ['plain'],",
        "apiKey: 'model-key',",
        "retryBaseDelay: ",
        "plain: ['plain'],",
        "proxied('lab.probe', 5000, weir)",
        "performs('print', 5000)",
    ] {
        assert!(workflow.contains(part), "no `{part}` in\n{workflow}");
    }
}

#[test]
fn its_kinds_are_named_and_no_function_stands_for_them() {
    let project = made("lab.probe", "it needs a machine of its own");
    let (activities, readme) = (&project.files["activities.ts"], &project.files["README.md"]);
    assert!(!activities.contains("probe") && activities.contains("print"));
    assert!(!project.files.values().any(|text| text.contains("not implemented")));
    assert!(readme.contains("weir worker --task-queue weir/shop"), "{readme}");
    assert!(readme.contains("- lab\\.probe: it needs a machine of its own"), "{readme}");
    let (own, left) = readme.split_once("## Weir's own worker").unwrap();
    assert!(left.contains("- shop") && !own.contains("WEIR_SECRET_SHOP"), "its secrets are its own:\n{readme}");
    assert!(own.contains("WEIR_SECRET_MODEL_KEY") && !left.contains("model-key"), "{readme}");
}

#[test]
fn a_kind_with_a_mark_alone_needs_no_reason() {
    let project = generate(&flow("lab.probe", "plain"), &catalog("lab.probe", "", &[]), &options()).unwrap();
    assert!(project.files["README.md"].contains("\n- lab\\.probe\n"));
}

#[test]
fn a_project_shares_no_task_queue_with_the_worker_that_it_leaves_steps_to() {
    let made = |kind: &str| {
        let (flow, own) = (flow(kind, "plain"), Options { task_queue: Some("weir/shop".into()), ..options() });
        generate(&flow, &catalog("lab.probe", "why", &[]), &own)
    };
    let problems = made("lab.probe").unwrap_err();
    assert_eq!(problems[0].code, UNSUPPORTED);
    assert!(problems[0].message.contains("both take work from the task queue `weir/shop`"), "{}", problems[0].message);
    assert!(made("print").is_ok(), "nothing is left to it");
}

#[test]
fn what_weirs_worker_could_not_do_for_others_is_refused() {
    for capability in [Capability::Variables, Capability::Memory, Capability::Interfaces] {
        let catalog = catalog("lab.probe", "why", &[capability]);
        let problems = generate(&flow("lab.probe", "plain"), &catalog, &options()).unwrap_err();
        let places: Vec<(&str, &str)> = problems.iter().map(|one| (one.code.as_str(), one.path.as_str())).collect();
        assert_eq!(places, [(UNSUPPORTED, "main/left"), (UNSUPPORTED, "main/sealed")]);
    }
    let agent = json!({"id": "asks", "agent": {"kind": "lab.model", "model": "m", "prompt": "p", "input": "i", "limits": {"turns": 2}}});
    let flow = Flow { root: serde_json::from_value(agent).unwrap(), ..flow("lab.probe", "plain") };
    let problems = generate(&flow, &catalog("lab.model", "why", &[]), &options()).unwrap_err();
    assert_eq!((problems[0].code.as_str(), problems[0].path.as_str()), (UNSUPPORTED, "asks"));
}
