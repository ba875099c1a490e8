//! The commands around flows: fmt, convert, kinds, completions, help.

mod support;

use std::process::{Command, Stdio};
use support::process::Place;
use weir_base::Value;

const TREE: &str = "# why\ntype: Sequence   \nid: tidy\nchildren:\n  # first\n  - type: LogMessage # says it\n    props: {message: hi}\n\n\n";

#[test]
fn fmt_keeps_comments_and_writes_ids() {
    let place = Place::new(&[("flow.yaml", TREE)]);
    let read = || std::fs::read_to_string(place.path("flow.yaml")).unwrap();
    let asked = place.weir(&["fmt", "--check", "flow.yaml"]);
    assert_eq!((asked.code, asked.out.as_str(), read().as_str()), (1, "flow.yaml\n", TREE));
    assert_eq!(place.weir(&["fmt", "flow.yaml"]).code, 0);
    let tidy = TREE.replace("Sequence   ", "Sequence").replace("\n\n\n", "\n");
    assert_eq!(read(), tidy);
    assert_eq!(place.weir(&["fmt", "--ids", "flow.yaml"]).code, 0);
    let with_ids = read();
    assert!(
        with_ids.contains("# first") && with_ids.contains("# says it") && with_ids.matches("id:").count() == 2,
        "{with_ids}"
    );
    let again = place.weir(&["fmt", "--ids", "--check", "flow.yaml"]);
    assert_eq!((again.code, again.out.as_str()), (0, ""));
    place.file("bad.yaml", "a: [");
    place.weir(&["fmt", "bad.yaml"]).says(1, "YAML_SYNTAX");
    place.weir(&["fmt", "missing.yaml"]).says(2, "missing.yaml");
}

/// Every example goes to its own dialect and to IR, and the result checks; what cannot be said elsewhere is refused.
#[test]
fn convert_loses_nothing_or_refuses() {
    let place = Place::new(&[]);
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let cases = [
        ("order-process/flow.yaml", "tree"),
        ("support-desk/flow.yaml", "organism"),
        ("stock-check/flow.json", "graph"),
    ];
    for (file, own) in cases {
        let file = format!("{examples}/{file}");
        for to in [own, "ir"] {
            let converted = place.weir(&["convert", &file, "--to", to]);
            assert_eq!((converted.code, converted.err.as_str()), (0, ""), "{file} to {to}");
            let name = if converted.out.starts_with('{') { "converted.json" } else { "converted.yaml" };
            place.file(name, &converted.out);
            let checked = place.weir(&["check", name, "--format", "json"]);
            assert_eq!(checked.code, 0, "{file} to {to}: {}", checked.out);
        }
        for to in ["tree", "organism"].into_iter().filter(|to| *to != own) {
            let refused = place.weir(&["convert", &file, "--to", to]);
            refused.says(1, "NOT_EXPRESSIBLE");
            assert_eq!(refused.out, "", "{file} to {to}");
        }
    }
    place.weir(&["convert", &format!("{examples}/order-process/flow.yaml"), "--to", "graph"]).says(1, "`in-time`");
    place.weir(&["convert", "x.yaml", "--to", "bpmn"]).says(2, "possible values: tree, organism, graph, ir");
}

#[test]
fn a_plain_tree_becomes_a_graph_that_runs_the_same() {
    let place = Place::new(&[(
        "tree.yaml",
        "type: Sequence\nid: plain\nchildren:\n- {type: Mock, id: one, props: {output: 1}}\n- {type: Mock, id: two, props: {output: 2}}\n",
    )]);
    let graph = place.weir(&["convert", "tree.yaml", "--to", "graph"]);
    assert_eq!(graph.code, 0, "{graph:?}");
    place.file("graph.json", &graph.out);
    for file in ["tree.yaml", "graph.json"] {
        assert_eq!(place.run(file, &[]).json().get("output").map(Value::to_json).as_deref(), Some("2"), "{file}");
    }
}

/// What is disabled stays so in another dialect, and is not run there either; what has no words for it says so.
#[test]
fn what_is_disabled_stays_so() {
    let place = Place::new(&[(
        "tree.yaml",
        "type: Sequence\nid: plain\nchildren:\n- {type: Mock, id: one, props: {output: 1}}\n- {type: Mock, id: two, disabled: true, props: {output: 2}}\n",
    )]);
    let graph = place.weir(&["convert", "tree.yaml", "--to", "graph"]);
    assert!(graph.code == 0 && graph.out.contains(r#""disabled": true"#), "{graph:?}");
    let tree = place.weir(&["convert", "tree.yaml", "--to", "tree"]);
    assert!(tree.code == 0 && tree.out.contains("disabled: true"), "{tree:?}");
    place.file("graph.json", &graph.out);
    place.file("again.yaml", &tree.out);
    for file in ["tree.yaml", "graph.json", "again.yaml"] {
        assert_eq!(place.run(file, &[]).json().get("output").map(Value::to_json).as_deref(), Some("1"), "{file}");
    }
    place.weir(&["convert", "tree.yaml", "--to", "ir"]).says(1, "`two` is disabled");
}

#[test]
fn kinds_are_listed_shown_and_documented() {
    let place = Place::new(&[]);
    let listed = place.weir(&["kinds", "ls"]);
    assert!(listed.code == 0 && listed.out.contains("http.request"), "{listed:?}");
    let rows = place.weir(&["kinds", "ls", "--json"]).json();
    assert_eq!(rows.as_array().unwrap().len(), listed.out.lines().count());
    for name in ["mock", "Mock"] {
        let shown = place.weir(&["kinds", "show", name]).json();
        let sections =
            ["component", "discovery", "schema_decisions", "input_schema", "output_schema", "validation_rules"];
        assert!(sections.iter().all(|section| shown.get(section).is_some()), "{name}: {shown}");
    }
    assert!(place.weir(&["kinds", "docs", "mock"]).out.starts_with("# Mock"));
    place.weir(&["kinds", "show", "mok"]).says(2, "did you mean `mock`?");
}

#[test]
fn every_command_explains_itself() {
    let place = Place::new(&[]);
    let commands = [
        "check",
        "fmt",
        "convert",
        "run",
        "serve",
        "runs",
        "replay",
        "fork",
        "save-test",
        "test",
        "resume",
        "kinds",
        "bench",
        "completions",
    ];
    for command in commands {
        let help = place.weir(&[command, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{command}");
        assert!(help.out.contains(&format!("  weir {command} ")), "{command} has no example: {}", help.out);
    }
    let words = ["ls", "show", "journal", "signal", "cancel", "pause", "resume", "decide"];
    for (command, word) in
        words.map(|word| ("runs", word)).into_iter().chain(["ls", "show", "docs"].map(|w| ("kinds", w)))
    {
        let help = place.weir(&[command, word, "--help"]);
        assert!(help.code == 0 && help.out.contains(&format!("  weir {command} {word}")), "{command} {word}: {help:?}");
    }
    let all = place.weir(&["--help"]);
    assert!(commands.iter().all(|command| all.out.contains(command)) && all.out.contains("Examples:"));
    assert_eq!(place.weir(&["--version"]).out, format!("weir {}\n", env!("CARGO_PKG_VERSION")));
    place.weir(&[]).says(2, "Usage: weir");
    place.weir(&["chek"]).says(2, "'check'");
}

#[test]
fn completions_name_the_commands() {
    let place = Place::new(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.weir(&["completions", shell]);
        assert!(script.code == 0 && script.out.contains("save-test") && script.err.is_empty(), "{shell}");
    }
}

/// As under `| head -1`: nobody reads on, and the command ends as ever.
#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let place = Place::new(&[("bad.yaml", "type: Sequence\nid: b\nchildren: [{type: Nope, id: n}]\n")]);
    for (args, code) in
        [(&["check", "bad.yaml"][..], 1), (&["completions", "bash"], 0), (&["kinds", "docs", "mock"], 0)]
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command.current_dir(place.path("")).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(code), "{args:?}");
    }
}
