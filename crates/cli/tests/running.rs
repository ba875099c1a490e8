//! `weir run` at its door: exit codes, the one JSON object, inputs, and what goes where.

mod support;

use support::process::{Place, text};
use weir_base::Value;

const ECHO: &str = "type: Transform\nid: echo\nprops: {value: \"{{ input }}\"}\n";
const FAILS: &str =
    "type: Sequence\nid: fails\nchildren:\n- {type: Mock, id: m, props: {returnStatus: FAILURE, errorCode: NO_LUCK}}\n";
const WAITS: &str = "type: Sequence\nid: waits\nchildren:\n- {type: PrintAction, id: p, props: {message: before}}\n- {type: WaitAction, id: w, props: {waitMs: 1h}}\n";
const LATE: &str =
    "type: Sequence\nid: late\nsettings: {timeout: 1s}\nchildren:\n- {type: WaitAction, id: w, props: {waitMs: 1h}}\n";
const BAD: &str = "type: Sequence\nid: bad\nchildren:\n- {type: Nope, id: n}\n";
const STEPS: &str = "type: Sequence\nid: steps\nchildren:\n- {type: LogMessage, id: say, props: {message: hello}}\n- {type: Mock, id: twice, props: {failTimes: 1, output: 7, outputKey: seven, retry: {maxAttempts: 2, initialInterval: 1s}}}\n";

fn place() -> Place {
    Place::new(&[
        ("echo.yaml", ECHO),
        ("fails.yaml", FAILS),
        ("waits.yaml", WAITS),
        ("late.yaml", LATE),
        ("bad.yaml", BAD),
        ("steps.yaml", STEPS),
    ])
}

#[track_caller]
fn keys(value: &Value) -> Vec<String> {
    value.as_object().unwrap().keys().map(|key| key.to_string()).collect()
}

#[test]
fn every_end_has_its_exit_code() {
    let place = place();
    let cases: [(&[&str], i32, &str); 9] = [
        (&["run", "echo.yaml"], 0, "succeeded"),
        (&["run", "fails.yaml"], 1, "NO_LUCK at fails/m"),
        (&["run", "missing.yaml"], 2, "missing.yaml"),
        (&["run", "echo.yaml", "--input", "{no"], 2, "--input is not JSON"),
        (&["run", "echo.yaml", "--bind", "x"], 2, "there is no `=`; write NAME=kind:X, NAME=flow:X or NAME={{…}}"),
        (&["run"], 2, "<FILE>"),
        (&["run", "bad.yaml"], 3, "UNKNOWN_NODE_TYPE"),
        (&["run", "late.yaml", "--virtual-time"], 4, "RUN_TIMEOUT"),
        (&["run", "waits.yaml", "--no-wait"], 5, "waits for timer"),
    ];
    for (args, code, piece) in cases {
        place.weir(args).says(code, piece);
    }
}

/// Nobody listens where it goes: whoever has the secret gets as far as that.
const ASKS: &str = "type: HttpRequest\nid: asks\nsettings: {egress: {private: [127.0.0.1]}}\nprops: {url: 'http://127.0.0.1:1/', method: GET, headers: {x-key: '{{ secrets[\"my-key\"] }}'}, retry: {maxAttempts: 1}}\n";

#[test]
fn secrets_are_found_in_the_environment() {
    let place = Place::new(&[("asks.yaml", ASKS)]);
    let code = |variable: &str, more: &[&str]| {
        let args = [&["run", "asks.yaml", "--json"], more].concat();
        let run = place.start_with(&args, &[(variable, "canary")]).end().json();
        text(run.get("error").unwrap(), "code")
    };
    let unknown = code("MY_KEY", &[]);
    assert_eq!(unknown, "SECRET_UNKNOWN");
    let found: [(&str, &[&str]); 3] =
        [("WEIR_SECRET_my-key", &[]), ("WEIR_SECRET_MY_KEY", &[]), ("MY_KEY", &["--secret", "my-key=MY_KEY"])];
    for (variable, more) in found {
        assert_ne!(code(variable, more), unknown, "{variable}");
    }
}

#[test]
fn json_is_one_object_with_the_keys_that_are_promised() {
    let place = place();
    let ended = place.run("steps.yaml", &[]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let run = ended.json();
    assert_eq!(keys(&run), ["run", "status", "output", "error", "steps", "variables", "logs"]);
    let steps = run.get("steps").and_then(Value::as_array).unwrap();
    assert_eq!(steps.iter().map(|step| text(step, "path")).collect::<Vec<_>>(), ["steps", "steps/say", "steps/twice"]);
    for step in steps {
        assert_eq!(keys(step), ["path", "kind", "status", "attempts", "startedAt", "endedAt", "output"]);
    }
    assert_eq!(steps[2].get("attempts").and_then(Value::as_u64), Some(2));
    assert_eq!(run.get("variables").map(Value::to_json).as_deref(), Some("{\"seven\":7}"));
    assert_eq!(text(&run.get("logs").and_then(Value::as_array).unwrap()[0], "message"), "hello");
    for (file, code, status) in [("fails.yaml", 1, "failed"), ("late.yaml", 4, "timed_out")] {
        let ended = place.run(file, &[]);
        assert_eq!((ended.code, text(&ended.json(), "status").as_str()), (code, status));
    }
}

#[test]
fn a_flow_with_problems_leaves_stdout_alone() {
    let ended = place().run("bad.yaml", &[]);
    assert_eq!((ended.code, ended.out.as_str()), (3, ""));
    ended.says(3, "UNKNOWN_NODE_TYPE");
}

#[test]
fn input_is_json_or_a_file() {
    let place = place();
    place.file("input.json", "{\"a\": [1, \"ä\"]}");
    let output = |given: &[&str]| place.run("echo.yaml", given).json().get("output").map(Value::to_json).unwrap();
    assert_eq!(output(&["--input", "{\"a\":1}"]), "{\"a\":1}");
    assert_eq!(output(&["--input", "@input.json"]), "{\"a\":[1,\"ä\"]}");
    assert_eq!(output(&[]), "{}");
    for wrong in ["@missing.json", "", "{\"a\":NaN}", "{\"a\":1} {}"] {
        let ended = place.run("echo.yaml", &["--input", wrong]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{wrong}: {}", ended.err);
    }
}

#[test]
fn what_a_run_warns_of_is_told_beside_the_object_and_later_too() {
    let place = Place::new(&[("soft.yaml", "type: SoftAssert\nid: soft\nchildren: [{type: FailureNode}]\n")]);
    let ended = place.weir(&["run", "soft.yaml", "--json"]);
    ended.says(0, "warning: ");
    let run = text(&ended.json(), "run");
    place.weir(&["runs", "show", &run]).says(0, "warning: ");
}

#[test]
fn an_input_the_flow_does_not_take_is_wrong_usage() {
    let schema = "input: {type: object, properties: {n: {type: number}}, required: [n]}\n";
    let place = Place::new(&[(
        "typed.yaml",
        &format!(
            "type: Sequence\nid: typed\n{schema}children:\n- {{type: LogMessage, id: l, props: {{message: hi}}}}\n"
        ),
    )]);
    place.weir(&["run", "typed.yaml"]).says(2, "\"n\" is a required property");
    for (option, name) in [("--project", ""), ("--project", ".system"), ("--service", "a/b")] {
        place.weir(&["run", "typed.yaml", option, name]).says(2, "a name is 1 to 100 letters");
    }
    place.weir(&["run", "typed.yaml", "--input", "{\"n\": 1}"]).says(0, "succeeded");
}

#[test]
fn only_the_output_goes_to_stdout_and_lines_are_plain() {
    let place = place();
    let ended = place.weir(&["run", "steps.yaml", "--virtual-time"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, "7\n"));
    assert!(!ended.err.contains('\u{1b}'), "{}", ended.err);
    let lines: Vec<&str> = ended.err.lines().collect();
    let about = |path: &str| lines.iter().filter(|line| line.contains(path) && line.contains('✓')).count();
    assert_eq!([about("steps/say"), about("steps/twice")], [1, 1], "{}", ended.err);
    assert_eq!(lines.iter().filter(|line| line.contains("hello")).count(), 1, "said once: {}", ended.err);
    ended.says(0, "attempt 1 failed");
    let failed = place.weir(&["run", "fails.yaml"]);
    assert_eq!(failed.out, "");
    assert_eq!(failed.err.matches('✗').count(), 1, "a failure is told where it happened: {}", failed.err);
}

#[test]
fn every_durability_keeps_the_end() {
    let place = place();
    for durability in ["sync", "async", "exit"] {
        let run = place.run("steps.yaml", &["--durability", durability]).json();
        let kept = place.weir(&["runs", "show", &text(&run, "run"), "--json"]).json();
        assert_eq!(kept, run, "{durability}");
    }
    place.weir(&["run", "steps.yaml", "--durability", "never"]).says(2, "possible values: sync, async, exit");
}

/// Timers of one run have nothing to do with the next one, whatever time that one lives in.
#[test]
fn a_run_leaves_the_others_as_they_are_unless_it_is_told_to_recover() {
    let place = place();
    place.weir(&["run", "waits.yaml", "--no-wait"]).says(5, "to carry it on: weir run --recover");
    place.run("echo.yaml", &[]);
    let statuses = || place.runs(&[]).iter().map(|run| text(run, "status")).collect::<Vec<_>>();
    assert_eq!(statuses(), ["succeeded", "waiting"]);
    let ended = place.weir(&["run", "echo.yaml", "--recover", "--virtual-time", "--json"]);
    assert_eq!((ended.code, text(&ended.json(), "status").as_str()), (0, "succeeded"));
    assert_eq!(statuses(), ["succeeded", "succeeded", "succeeded"]);
    place.weir(&["run", "--recover"]).says(0, "no run was cut off");
}

#[test]
fn every_command_takes_a_data_folder_and_says_what_is_wrong_with_it() {
    let place = place();
    place.file("plain", "no folder");
    let with = |args: &[&str]| place.weir(&[args, &["--data", "plain"]].concat());
    for args in [&["run", "echo.yaml"][..], &["serve"], &["runs", "ls"], &["replay", "r"], &["fork", "r", "--at", "1"]]
    {
        with(args).says(2, "plain is a file, not a folder");
    }
    for args in [&["check", "echo.yaml"][..], &["convert", "echo.yaml", "--to", "ir"], &["kinds", "ls"]] {
        with(args).says(0, "");
    }
    place.run("echo.yaml", &["--data", "other"]);
    for args in
        [["--data", "other", "runs", "ls"], ["runs", "--data", "other", "ls"], ["runs", "ls", "--data", "other"]]
    {
        assert_eq!(place.weir(&args).out.lines().count(), 1, "{args:?}");
    }
}

#[test]
fn json_of_a_recovery_lists_the_runs() {
    let place = place();
    place.weir(&["run", "waits.yaml", "--no-wait"]);
    let ended = place.weir(&["run", "--recover", "--virtual-time", "--json"]);
    let runs = ended.json();
    let statuses: Vec<String> =
        runs.get("runs").and_then(Value::as_array).unwrap().iter().map(|run| text(run, "status")).collect();
    assert_eq!((ended.code, statuses), (0, vec!["succeeded".to_owned()]));
}
