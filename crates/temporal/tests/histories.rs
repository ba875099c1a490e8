//! What this version makes of histories that it, or an earlier one, has left: the same. No server is needed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::Value;
use std::path::Path;

fn history(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_history_is_carried_again_in_the_same_way() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for rules in 1..=weir_temporal::INTERPRETER {
        let of = |name: &&std::ffi::OsString| name.to_string_lossy().starts_with(&format!("{rules}-"));
        assert!(names.iter().filter(of).count() >= 7, "histories of rules {rules}: {names:?}");
    }
    for name in names {
        let name = name.to_string_lossy().into_owned();
        let carried = weir_temporal::replay(history(&name).as_bytes()).await;
        assert_eq!(carried, Ok(()), "{name}");
    }
}

async fn check(text: String, whole: &str) {
    assert_ne!(text, whole, "the change changes something");
    let carried = weir_temporal::replay(text.as_bytes()).await;
    let said = carried.expect_err("another history").to_string();
    assert!(said.contains("TMPRL1100") || said.to_lowercase().contains("nondeterminis"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_has_become_one_of_another_kind_is_noticed() {
    let whole = history("1-branches.json");
    check(whole.replace("\"name\":\"log\"", "\"name\":\"print\""), &whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_in_another_order_are_noticed() {
    let whole = history("1-branches.json");
    let swapped =
        whole.replace("\"name\":\"log\"", "\"name\":\"?\"").replace("\"name\":\"regex.extract\"", "\"name\":\"log\"");
    check(swapped.replace("\"name\":\"?\"", "\"name\":\"regex.extract\""), &whole).await;
}

/// What each number of rules has brought is in a history, which the rules before make another one of.
#[tokio::test(flavor = "multi_thread")]
async fn runs_of_other_rules_go_another_way() {
    for name in [
        "3-many-logs",
        "3-outgrown-state",
        "4-signal-left-out",
        "4-large-child",
        "5-large-steps",
        "5-large-children",
        "5-large-data",
        "5-detached-last",
        "6-secret-elsewhere",
        "6-decision",
    ] {
        let whole = history(&format!("{name}.json"));
        let number: u32 = name[..1].parse().unwrap();
        println!("{name} by rules {}", number - 1);
        check(by_rules(&whole, number, number - 1), &whole).await;
    }
}

/// The history of a run that has begun under other rules.
fn by_rules(history: &str, from: u32, to: u32) -> String {
    let mut history: Value = serde_json::from_str(history).unwrap();
    let begun = &mut history["events"][0]["attributes"]["WorkflowExecutionStartedEventAttributes"];
    let data = &mut begun["input"]["payloads"][0]["data"];
    let input = String::from_utf8(BASE64.decode(data.as_str().unwrap()).unwrap()).unwrap();
    let other = input.replace(&format!("\"interpreter\":{from},"), &format!("\"interpreter\":{to},"));
    assert_ne!(other, input, "it says which rules it follows");
    *data = BASE64.encode(other).into();
    history.to_string()
}
