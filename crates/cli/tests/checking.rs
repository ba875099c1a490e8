//! `weir check` at its door: exit codes, both formats, and files nobody should have written.

mod support;

use support::process::{Place, text};
use weir_base::Value;

const FINE: &str = "type: Sequence\nid: fine\nchildren:\n  - {type: LogMessage, id: hello, props: {message: hi}}\n";

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn bomb() -> String {
    let layer = |at: u8| {
        let (name, below) = ((b'b' + at) as char, (b'a' + at) as char);
        format!("{name}: &{name} [*{below}{}]\n", format!(",*{below}").repeat(8))
    };
    format!("a: &a [{}]\n{}", ["x"; 9].join(","), (0..12).map(layer).collect::<String>())
}

fn large() -> String {
    let step = "  - {type: LogMessage, props: {message: \"the same line again and again\"}}\n";
    format!("type: Sequence\nid: large\nchildren:\n{}", step.repeat((5 << 20) / step.len()))
}

/// Exit code, and a code that is among the problems; none where the file is fine.
#[track_caller]
fn check(name: &str, bytes: impl AsRef<[u8]>, exit: i32, code: &str) {
    let place = Place::new(&[]);
    place.file(name, bytes);
    let ended = place.weir(&["check", name, "--format", "json"]);
    assert_eq!((ended.code, ended.err.as_str()), (exit, ""), "{name}: {}", &ended.out[..ended.out.len().min(2000)]);
    let problems = ended.json();
    let codes: Vec<String> = problems.as_array().unwrap().iter().map(|problem| text(problem, "code")).collect();
    assert!(
        if code.is_empty() { codes.is_empty() } else { codes.iter().any(|found| found == code) },
        "{name}: {codes:?}"
    );
    let human = place.weir(&["check", name]);
    assert_eq!((human.code, human.out.as_str()), (exit, ""), "{name}");
    assert!(code.is_empty() || human.err.contains(code), "{name}: {}", human.err);
    assert!(!human.err.contains('\u{1b}'), "{name}: no colours off a terminal");
}

#[test]
fn files_nobody_should_have_written_end_in_diagnostics() {
    check("fine.yaml", FINE, 0, "");
    check("truncated.yaml", "type: Sequence\nid: \"a b\n", 1, "YAML_SYNTAX");
    check("truncated.json", "{\"type\": \"Sequence\", \"id\"", 1, "JSON_SYNTAX");
    check("indent.yaml", "type: Sequence\nchildren:\n  - type: LogMessage\n   id: x\n", 1, "YAML_SYNTAX");
    check("empty.yaml", "", 1, "EMPTY_FILE");
    check("number.yaml", "5\n", 1, "STRUCTURE");
    check("zero.yaml", "type: Seq\0uence\n", 1, "YAML_SYNTAX");
    check("bomb.yaml", bomb(), 1, "YAML_TOO_LARGE");
    check("deep.yaml", nested(10_000), 1, "TOO_DEEP");
    check("deep.json", "{\"type\":\"Invert\",\"children\":[".repeat(10_000) + &"]}".repeat(10_000), 1, "TOO_DEEP");
    check("twice.yaml", "type: Sequence\nid: a\nid: b\nchildren: []\n", 1, "DUPLICATE_KEY");
    check("twice.json", "{\"type\":\"Sequence\",\"id\":\"a\",\"id\":\"b\",\"children\":[]}", 1, "DUPLICATE_KEY");
    check(
        "nan.yaml",
        "type: Sequence\nid: s\nchildren:\n- {type: WaitAction, id: w, props: {waitMs: .nan}}\n",
        1,
        "VALUE_NOT_JSON",
    );
    check("types.yaml", "type: Sequence\nid: s\nchildren:\n- {type: LogMesage, id: w}\n", 1, "UNKNOWN_NODE_TYPE");
    let emoji = "type: Sequence\nid: \"🚀 go\"\nchildren:\n- {type: LogMessage, id: \"it's \\\"q\\\" 🎉\", props: {message: hi}}\n";
    check("emoji.yaml", emoji, 0, "");
}

#[test]
fn a_file_of_five_megabytes_is_read_and_refused_within_bounds() {
    check("large.yaml", large(), 1, "YAML_TOO_LARGE");
}

#[test]
fn trees_that_contain_each_other_are_told() {
    let tree = |id: &str, other: &str| {
        format!("type: Sequence\nid: {id}\nchildren:\n- {{type: SubTree, id: x, props: {{treeId: {other}}}}}\n")
    };
    let place = Place::new(&[("one.yaml", &tree("one", "two")), ("two.yaml", &tree("two", "one"))]);
    place.weir(&["check", "one.yaml"]).says(1, "CYCLIC_SUBTREE");
    let nameless = |other: &str| format!("type: Invert\nchildren:\n- {{type: SubTree, props: {{treeId: {other}}}}}\n");
    let place = Place::new(&[("one.yaml", &nameless("two")), ("two.yaml", &nameless("one"))]);
    let ended = place.weir(&["check", "one.yaml"]);
    ended.says(1, "a tree cannot contain itself: `one` → `two` → `one`");
    ended.says(1, "1 error in 1 file");
}

/// Each problem has a place in the text, and looking it up must not read the whole text again.
#[test]
fn ten_thousand_problems_are_shown_within_seconds() {
    let place = Place::new(&[]);
    let steps: String = (1..=10_000).map(|n| format!("  - {{type: Nope, id: n{n}}}\n")).collect();
    place.file("many.yaml", format!("type: Sequence\nid: s\nchildren:\n{steps}"));
    for format in ["json", "human"] {
        let begun = std::time::Instant::now();
        let ended = place.weir(&["check", "many.yaml", "--format", format]);
        assert!(ended.out.contains("n10000") || ended.err.contains("many.yaml:10003:"), "{format}");
        assert!(begun.elapsed().as_secs() < 20, "{format} took {:?}", begun.elapsed());
    }
}

#[test]
fn what_cannot_be_read_is_wrong_usage_and_the_others_are_checked_all_the_same() {
    let place =
        Place::new(&[("fine.yaml", FINE), ("bad.yaml", "type: Sequence\nid: b\nchildren: [{type: Nope, id: n}]\n")]);
    place.file("binary.yaml", (0..=255_u8).cycle().take(9_000).collect::<Vec<_>>());
    std::fs::create_dir(place.path("folder")).unwrap();
    place.weir(&["check", "missing.yaml"]).says(2, "missing.yaml: No such file");
    place.weir(&["check", "folder"]).says(2, "folder: Is a directory");
    place.weir(&["check", "binary.yaml"]).says(2, "not UTF-8 text");
    let all = place.weir(&["check", "missing.yaml", "bad.yaml", "fine.yaml"]);
    all.says(2, "UNKNOWN_NODE_TYPE");
    all.says(2, "1 error in 3 files");
    place.weir(&["check"]).says(2, "required");
    place.weir(&["check", "fine.yaml", "--format", "xml"]).says(2, "possible values: human, json");
    place.weir(&["check", "fine.yaml"]).says(0, "no problems in 1 file");
}

#[test]
fn fifty_problems_are_all_shown_and_sorted_by_place() {
    let place = Place::new(&[]);
    let steps: String = (1..=50).map(|n| format!("  - {{type: Nope{n}, id: n{n}}}\n")).collect();
    place.file("fifty.yaml", format!("type: Sequence\nid: s\nchildren:\n{steps}"));
    let problems = place.weir(&["check", "fifty.yaml", "--format", "json"]).json();
    let line = |problem: &Value| problem.get("span").and_then(|span| span.get("line")).and_then(Value::as_u64).unwrap();
    let lines: Vec<u64> = problems.as_array().unwrap().iter().map(line).collect();
    assert_eq!(lines, (4..=53).collect::<Vec<_>>());
    let human = place.weir(&["check", "fifty.yaml"]);
    assert_eq!(human.err.matches("error[UNKNOWN_NODE_TYPE]").count(), 50);
    human.says(1, "50 errors in 1 file");
}

#[test]
fn a_problem_without_text_to_show_still_names_its_file() {
    let place = Place::new(&[("empty.yaml", "")]);
    place.file("deep.json", nested(5_000));
    let ended = place.weir(&["check", "empty.yaml", "deep.json"]);
    ended.says(1, "at empty.yaml");
    ended.says(1, "at deep.json:1:");
}

#[test]
fn checking_creates_no_data() {
    let place = Place::new(&[("fine.yaml", FINE)]);
    place.weir(&["check", "fine.yaml"]);
    let left: Vec<_> = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["fine.yaml"]);
}
