//! Runs that are over: lists, replays, forks, tests made of them, and going on under a fixed flow.

mod support;

use support::process::{Ended, Place, text};
use support::witness::Witness;
use weir_base::Value;

const TINY: &str = "type: Transform\nid: tiny\nprops: {value: \"{{ n }}\"}\n";

/// Fails at `gate` as long as the weight is above the limit; every step before it is a mock that is recorded.
fn parcel(limit: u32, label: &str) -> String {
    format!(
        "type: Sequence\nid: parcel\nchildren:\n\
         - {{type: Mock, id: weigh, props: {{output: {{kg: 24}}, outputKey: weight}}}}\n\
         - {{type: Mock, id: label, props: {{output: \"{label}\", outputKey: label}}}}\n\
         - type: Mock\n  id: gate\n  props:\n    returnStatus: \"{{{{ weight.kg > {limit} ? 'FAILURE' : 'SUCCESS' }}}}\"\n    \
         errorCode: TOO_HEAVY\n    output: through\n"
    )
}

fn parcels() -> (Place, String) {
    let place = Place::new(&[
        ("flow.yaml", &parcel(20, "{{ weight.kg }} kg")),
        ("fixed.yaml", &parcel(30, "{{ weight.kg }} kg")),
        ("other.yaml", &parcel(30, "heavy")),
    ]);
    place.run("flow.yaml", &[]);
    let run = place.newest();
    (place, run)
}

#[track_caller]
fn statuses(replay: &Ended) -> Vec<(String, String)> {
    let steps = replay.json().get("steps").and_then(Value::as_array).unwrap().to_vec();
    steps.iter().map(|step| (text(step, "path"), text(step, "status"))).collect()
}

#[test]
fn runs_are_listed_in_pages_and_filtered() {
    let place = Place::new(&[("tiny.yaml", TINY), ("flow.yaml", &parcel(20, "x"))]);
    let started: Vec<String> =
        (0..41).map(|n| text(&place.run("tiny.yaml", &["--input", &format!("{{\"n\":{n}}}")]).json(), "run")).collect();
    place.run("flow.yaml", &[]);
    let (mut seen, mut before) = (Vec::new(), None::<String>);
    loop {
        let more = before.iter().flat_map(|run| ["--before", run.as_str()]).collect::<Vec<_>>();
        let page = place
            .weir(&[&["runs", "ls", "--json", "--limit", "15", "--flow", "tiny"], more.as_slice()].concat())
            .json();
        seen.extend(page.get("runs").and_then(Value::as_array).unwrap().iter().map(|run| text(run, "run")));
        before = Some(text(&page, "next")).filter(|next| !next.is_empty());
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, started.iter().rev().cloned().collect::<Vec<_>>());
    place.weir(&["runs", "ls"]).says(0, "there are more: add --before ");
    assert_eq!(place.runs(&["--status", "failed"]).len(), 1);
    assert_eq!(place.runs(&["--text", "TOO_HEAVY"]).len(), 1);
    assert_eq!(place.runs(&["--status", "failed", "--status", "succeeded", "--limit", "100"]).len(), 42);
    place.weir(&["runs", "ls", "--flow", "nobody"]).says(0, "no runs");
    place.weir(&["runs", "ls", "--status", "lost"]).says(2, "one of pending, running");
    place.weir(&["runs", "ls", "--limit", "0"]).says(2, "0 is not in 1..");
}

#[test]
fn runs_that_do_not_exist_are_wrong_usage_everywhere() {
    let (place, _) = parcels();
    let cases: [&[&str]; 11] = [
        &["runs", "show", "nope"],
        &["runs", "journal", "nope"],
        &["runs", "signal", "nope", "go"],
        &["runs", "cancel", "nope"],
        &["runs", "pause", "nope"],
        &["runs", "resume", "nope"],
        &["runs", "decide", "nope", "a/b", "retry"],
        &["runs", "ls", "--before", "nope"],
        &["replay", "nope"],
        &["fork", "nope", "--at", "1"],
        &["save-test", "nope", "--out", "kept"],
    ];
    for args in cases {
        place.weir(args).says(2, "there is no run `nope`; `weir runs ls` lists them");
    }
    let resume = ["resume", "nope", "--with", "fixed.yaml"];
    place.weir(&resume).says(2, "there is no run `nope`; `weir runs ls` lists them");
    for args in [&["runs", "ls"][..], &["fork", "nope", "--at", "1"], &resume] {
        place.weir(&[args, &["--data", "elsewhere"]].concat()).says(2, "there are no runs in elsewhere");
        assert!(!place.path("elsewhere").exists(), "{args:?} makes nothing");
    }
}

#[test]
fn a_run_that_is_over_takes_nothing_in() {
    let (place, run) = parcels();
    for word in ["cancel", "pause", "resume"] {
        place.weir(&["runs", word, &run]).says(1, "is over: failed");
    }
    place.weir(&["runs", "signal", &run, "go", "{bad"]).says(2, "the payload is not JSON");
}

#[test]
fn a_run_is_shown_and_so_is_its_journal() {
    let (place, run) = parcels();
    let shown = place.weir(&["runs", "show", &run]);
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    for piece in ["parcel/weigh", "TOO_HEAVY at parcel/gate", "variables"] {
        assert!(shown.out.contains(piece), "{piece}: {}", shown.out);
    }
    let records = place.journal(&run);
    let expected = [
        ("started", ""),
        ("task_finished", "parcel/weigh"),
        ("task_finished", "parcel/label"),
        ("task_finished", "parcel/gate"),
    ];
    assert_eq!(records, expected.map(|(ty, path)| (ty.to_owned(), path.to_owned())));
}

#[test]
fn a_run_is_replayed_as_it_was_at_every_record() {
    let (place, run) = parcels();
    let done = |n: &str| {
        let replay = place.weir(&["replay", &run, "--to", n, "--json"]);
        statuses(&replay).into_iter().filter(|(_, status)| status == "succeeded").count()
    };
    assert_eq!(["1", "2", "3", "4"].map(done), [0, 1, 2, 2]);
    let whole = place.weir(&["replay", &run, "--json"]);
    assert_eq!(text(&whole.json(), "status"), "failed");
    assert_eq!(whole.out, place.weir(&["replay", &run, "--to", "4", "--json"]).out);
    for wrong in ["0", "5"] {
        place.weir(&["replay", &run, "--to", wrong]).says(2, "this run has records 1 to 4");
    }
    place.weir(&["replay", &run, "--to", "-1"]).says(2, "");
}

#[test]
fn a_fork_goes_on_from_a_record_with_a_change() {
    let (place, run) = parcels();
    let records = place.journal(&run);
    let forked = place.weir(&["fork", &run, "--at", "2", "--set", "vars.weight={\"kg\":3}", "--json"]);
    assert_eq!((forked.code, text(&forked.json(), "status").as_str()), (0, "succeeded"), "{forked:?}");
    // The label was already open after record 2, so it keeps its parameters; the gate comes later and sees the change.
    assert_eq!(text(&forked.json(), "output"), "through");
    assert_eq!(forked.json().get("variables").and_then(|all| all.get("label")).and_then(Value::as_str), Some("24 kg"));
    let event = "{\"type\":\"task_finished\",\"path\":\"parcel/weigh\",\"output\":{\"kg\":1}}";
    place.weir(&["fork", &run, "--at", "1", "--event", event]).says(0, "succeeded");
    let dry = place.weir(&["fork", &run, "--at", "3", "--dry-run"]);
    assert_eq!(dry.out, "runs again: parcel/gate\n");
    assert_eq!(
        (place.runs(&[]).len(), place.journal(&run)),
        (3, records),
        "the old run is as it was, and a dry run starts none"
    );
}

#[track_caller]
fn prints(ended: &Ended, code: i32, piece: &str) {
    assert!(ended.code == code && ended.out.contains(piece), "exit {code} and `{piece}`: {ended:?}");
}

/// Semantics 6.2 and 6.3: what a fork inherited counts as its own, with what was changed.
#[test]
fn a_fork_is_kept_as_a_test_and_fixed_forward() {
    let (place, run) = parcels();
    let forked = place.weir(&["fork", &run, "--at", "2", "--set", "vars.weight={\"kg\":25}", "--json"]);
    let fork = text(&forked.json(), "run");
    prints(&place.weir(&["save-test", &fork, "--out", "failed"]), 0, "failed: 5 records");
    prints(&place.weir(&["test", "failed"]), 0, "1 passed");
    let verdict = |with: &str| place.weir(&["resume", &fork, "--with", with, "--dry-run"]);
    prints(&verdict("other.yaml"), 1, "diverges at step parcel/label (record 2)");
    prints(&verdict("fixed.yaml"), 0, "compatible, resumes at parcel/gate");
    prints(&place.weir(&["resume", &fork, "--with", "fixed.yaml"]), 0, "succeeded");
    let replay = place.weir(&["replay", &fork, "--json"]);
    let ended = ["parcel", "parcel/weigh", "parcel/label", "parcel/gate"].map(|path| (path.into(), "succeeded".into()));
    assert_eq!(statuses(&replay), ended);
    assert_eq!(
        replay.json().get("variables").and_then(|all| all.get("weight")).map(Value::to_json).as_deref(),
        Some("{\"kg\":25}")
    );
    let before = place.weir(&["replay", &fork, "--to", "3", "--json"]);
    assert_eq!(text(&before.json(), "status"), "failed");
    prints(&place.weir(&["save-test", &fork, "--out", "fixed"]), 0, "fixed: 7 records");
    prints(&place.weir(&["test", "fixed"]), 0, "1 passed");
    place.weir(&["fork", &fork, "--at", "4"]).says(0, "succeeded");
}

#[test]
fn a_number_that_would_be_rounded_is_refused() {
    let (place, run) = parcels();
    let id = "9007199254740993";
    let wrong: [&[&str]; 5] = [
        &["run", "flow.yaml", "--input", "{\"id\": 9007199254740993}"],
        &["run", "flow.yaml", "--bind", "a.b={\"kind\":\"print\",\"params\":{\"message\":9007199254740993}}"],
        &["fork", &run, "--at", "2", "--set", "vars.id=9007199254740993"],
        &["fork", &run, "--at", "2", "--event", "{\"type\":\"signal\",\"name\":\"go\",\"payload\":9007199254740993}"],
        &["runs", "signal", &run, "go", id],
    ];
    for args in wrong {
        place.weir(args).says(2, "`9007199254740993` at line 1 column");
    }
    assert_eq!(place.runs(&[]).len(), 1);
    place.run("flow.yaml", &["--input", "{\"id\": \"9007199254740993\", \"even\": 9007199254740994}"]);
    assert_eq!(place.runs(&[]).len(), 2);
}

#[test]
fn a_fork_that_cannot_be_is_wrong_usage() {
    let (place, run) = parcels();
    let cases: [(&[&str], &str); 7] = [
        (&["--at", "99"], "records 1 to 4"),
        (&["--at", "0"], "records 1 to 4"),
        (&["--at", "2", "--set", "weight=1"], "write vars.NAME"),
        (&["--at", "2", "--set", "vars.weight"], "there is no `=`"),
        (&["--at", "2", "--set", "vars.weight=kg"], "the value is not JSON"),
        (&["--at", "2", "--event", "{\"type\":\"nope\"}"], "`nope`"),
        (&["--at", "2", "--event", "{\"type\":\"forked\",\"path\":\"\",\"from\":\"x\",\"seq\":1}"], "--event"),
    ];
    for (more, piece) in cases {
        place.weir(&[&["fork", &run], more].concat()).says(2, piece);
    }
    assert_eq!(place.runs(&[]).len(), 1);
}

#[test]
fn a_run_becomes_a_test_that_passes_and_tells_step_by_step_what_a_change_does() {
    let (place, run) = parcels();
    let saved = place.weir(&["save-test", &run, "--out", "kept"]);
    assert_eq!(saved.code, 0, "{saved:?}");
    let passed = place.weir(&["test", "kept"]);
    assert_eq!(passed.code, 0, "{passed:?}");
    assert!(passed.out.ends_with("1 passed, 0 failed\n"), "{}", passed.out);
    place.weir(&["save-test", &run, "--out", "kept"]).says(2, "kept is not empty");
    place.file("kept/flow.yaml", parcel(30, "{{ weight.kg }} kg"));
    let failed = place.weir(&["test", "kept", "--json"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    let told = failed.json().to_json();
    assert!(told.contains("parcel/gate.status: expected \\\"failed\\\""), "{told}");
    assert_eq!(place.weir(&["test", "kept"]).code, 1);
    place.weir(&["test", "elsewhere"]).says(2, "not a folder");
    place.weir(&["test", "data"]).says(2, "there is no test here");
}

#[test]
fn a_test_with_another_flow_names_the_step_where_they_part() {
    let (place, run) = parcels();
    place.weir(&["save-test", &run, "--out", "kept"]);
    let failed = place.weir(&["test", "kept", "--with", "other.yaml"]);
    assert_eq!(failed.code, 1);
    assert!(failed.out.contains("diverges at step parcel/label"), "{}", failed.out);
}

const PROBE: &str = r#"type: Sequence
id: probe
settings:
  egress: {private: ["127.0.0.1"]}
children:
- {type: HttpRequest, id: look, props: {url: "{{ base }}/look/{{ n }}", outputKey: seen}}
- {type: Mock, id: label, props: {output: "LABEL", outputKey: label}}
- {type: Mock, id: gate, props: {returnStatus: GATE, errorCode: SHUT}}
- {type: HttpRequest, id: tell, props: {url: "{{ base }}/tell/{{ n }}"}}
"#;

/// Twenty failed runs of a broken flow. The fixed one labels odd ones differently, so that their record does not fit.
#[test]
fn twenty_failed_runs_go_on_where_they_can_and_the_others_are_named() {
    let witness = Witness::start();
    let broken = PROBE.replace("GATE", "FAILURE").replace("LABEL", "parcel {{ n }}");
    let fixed = PROBE.replace("GATE", "SUCCESS").replace("LABEL", "{{ n % 2 === 0 ? `parcel ${n}` : `odd ${n}` }}");
    let place = Place::new(&[("broken.yaml", &broken), ("fixed.yaml", &fixed)]);
    let start = |n| place.run("broken.yaml", &["--input", &format!("{{\"n\":{n},\"base\":\"{}\"}}", witness.url)]);
    let runs: Vec<String> = (0..20).map(|n| text(&start(n).json(), "run")).collect();
    let looked: Vec<String> = (0..20).map(|n| format!("/look/{n}")).collect();
    assert_eq!(witness.paths(), looked);

    let command = ["resume", "--failed", "--flow", "probe", "--with", "fixed.yaml"];
    let dry = place.weir(&[&command[..], &["--dry-run"]].concat());
    assert_eq!((dry.code, dry.out.lines().count()), (1, 20), "{dry:?}");
    assert_eq!(witness.paths(), looked, "asking calls nothing");
    assert_eq!(place.runs(&["--status", "failed"]).len(), 20);

    let resumed = place.weir(&command);
    assert_eq!(resumed.code, 1, "some could not go on: {resumed:?}");
    for (n, run) in runs.iter().enumerate() {
        let verdict = if n % 2 == 0 { "compatible, resumes at probe/gate" } else { "diverges at step probe/label" };
        let told = resumed.out.lines().any(|line| line.starts_with(run.as_str()) && line.contains(verdict));
        assert!(told, "{n}: {verdict}: {}", resumed.out);
    }
    let mut after = witness.paths();
    let mut told = after.split_off(20);
    told.sort();
    let mut expected: Vec<String> = (0..20).step_by(2).map(|n| format!("/tell/{n}")).collect();
    expected.sort();
    assert_eq!((after, told), (looked, expected), "finished steps are not called again");
    assert_eq!(place.runs(&["--status", "succeeded"]).len(), 10);
    assert_eq!(place.runs(&["--status", "failed"]).len(), 10);
}

/// Semantics 6.2: what a finally has done is not undone, so going on must be asked for.
#[test]
fn a_run_whose_failure_was_compensated_goes_on_only_with_force() {
    let flow = |outcome: &str| {
        let book =
            format!(r#"{{"id": "book", "task": {{"kind": "mock", "params": {{"returnStatus": "{outcome}"}}}}}}"#);
        let give_back = r#"{"id": "give-back", "task": {"kind": "mock", "params": {}}}"#;
        let root = format!(r#"{{"id": "saga", "try": {{"body": {book}, "finally": {give_back}}}}}"#);
        format!(r#"{{"ir": 1, "name": "saga", "dialect": "ir", "root": {root}}}"#)
    };
    let place = Place::new(&[("flow.json", &flow("FAILURE")), ("fixed.json", &flow("SUCCESS"))]);
    let ended = place.run("flow.json", &[]);
    assert_eq!(ended.code, 1, "{ended:?}");
    let run = text(&ended.json(), "run");
    let asked = place.weir(&["resume", &run, "--with", "fixed.json"]);
    assert!(asked.out.contains("--force") && asked.out.contains("saga/give-back"), "{asked:?}");
    assert_eq!(place.runs(&["--status", "failed"]).len(), 1);
    let forced = place.weir(&["resume", &run, "--with", "fixed.json", "--force"]);
    assert_eq!((forced.code, place.runs(&["--status", "succeeded"]).len()), (0, 1), "{forced:?}");
}

#[test]
fn a_fix_for_one_run_goes_on_once() {
    let (place, run) = parcels();
    let resumed = place.weir(&["resume", &run, "--with", "fixed.yaml", "--json"]).json();
    let row = &resumed.get("runs").and_then(Value::as_array).unwrap()[0];
    assert_eq!((text(row, "status").as_str(), text(row, "output").as_str()), ("succeeded", "through"));
    let again = place.weir(&["resume", &run, "--with", "fixed.yaml"]);
    assert!(again.code == 1 && again.out.contains("it is succeeded"), "{again:?}");
    place
        .weir(&["resume", "--failed", "--flow", "nobody", "--with", "fixed.yaml"])
        .says(2, "no run of a flow called `nobody`");
    place.weir(&["resume", "--failed", "--with", "fixed.yaml"]).says(2, "--flow");
    place.weir(&["resume", &run, "--with", "missing.yaml"]).says(2, "missing.yaml");
}
