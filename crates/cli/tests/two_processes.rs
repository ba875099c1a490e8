//! A run that is going on, reached from a second process, killed, and taken up again.

mod support;

use std::time::{Duration, Instant};
use support::process::{Going, Place, text};
use support::witness::Witness;
use weir_base::Value;

/// A second is the promise; the rest is for a busy machine.
const SOON: Duration = Duration::from_secs(8);

const CALLS: &str = r#"type: Sequence
id: calls
settings:
  egress: {private: ["127.0.0.1"]}
children:
- {type: HttpRequest, id: first, props: {url: "{{ base }}/first", outputKey: one}}
- {type: HttpRequest, id: second, props: {url: "{{ base }}/second", outputKey: two}}
- {type: Transform, id: both, props: {value: "{{ [one.data.path, two.data.path] }}"}}
"#;

const POST: &str = r#"type: Sequence
id: post
settings:
  egress: {private: ["127.0.0.1"]}
children:
- {type: HttpRequest, id: order, props: {url: "{{ base }}/order", method: POST, body: {n: 1}}}
"#;

const SIGNAL: &str = r#"{"id": "sig", "name": "sig", "nodes": [
  {"id": "start", "type": "trigger", "position": {"x": 0, "y": 0}, "data": {"label": "Start"}},
  {"id": "go", "type": "signal", "position": {"x": 1, "y": 0}, "data": {"label": "Go", "signalName": "go"}},
  {"id": "end", "type": "end", "position": {"x": 2, "y": 0}, "data": {"label": "End"}}
], "edges": [{"id": "a", "source": "start", "target": "go"}, {"id": "b", "source": "go", "target": "end"}]}"#;

fn place() -> (Place, Witness) {
    (Place::new(&[("calls.yaml", CALLS), ("post.yaml", POST), ("sig.json", SIGNAL)]), Witness::start())
}

fn input(witness: &Witness) -> String {
    format!("{{\"base\":\"{}\"}}", witness.url)
}

/// Starts a run that waits for the answer of one path.
fn held(place: &Place, witness: &Witness, file: &str, path: &str) -> (Going, String) {
    witness.hold(path);
    let mut going = place.start(&["run", file, "--input", &input(witness)]);
    let run = going.run_id();
    witness.until(path, 1);
    (going, run)
}

#[test]
fn a_second_run_on_the_same_data_is_told_who_owns_it() {
    let (place, witness) = place();
    let (going, _) = held(&place, &witness, "calls.yaml", "/first");
    let told = place.weir(&["run", "calls.yaml", "--input", &input(&witness)]);
    told.says(1, &format!("is in use by process {}", going.pid()));
    assert_eq!(told.out, "");
    witness.release("/first");
    assert_eq!(going.end().code, 0);
    assert_eq!(witness.paths(), ["/first", "/second"]);
}

#[test]
fn a_signal_reaches_a_run_in_another_process() {
    let (place, _) = place();
    let mut going = place.start(&["run", "sig.json"]);
    let run = going.run_id();
    going.until("waits for signal go");
    let begun = Instant::now();
    place.weir(&["runs", "signal", &run, "go", "{\"yes\":true}"]).says(0, "");
    let ended = going.end();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    ended.says(0, "succeeded");
    assert_eq!(ended.json().to_json(), "{\"yes\":true}");
}

/// The sender is told, since the process that carries the run cannot tell them.
#[test]
fn a_payload_that_the_flow_does_not_take_is_refused_where_it_is_sent() {
    let (place, _) = place();
    let schema = r#""signals": {"go": {"schema": {"type": "object", "required": ["yes"]}}}, "nodes""#;
    place.file("strict.json", SIGNAL.replacen("\"nodes\"", schema, 1));
    let mut going = place.start(&["run", "strict.json"]);
    let run = going.run_id();
    going.until("waits for signal go");
    place.weir(&["runs", "signal", &run, "go", "{}"]).says(2, "the payload is not what the signal `go` takes");
    place.weir(&["runs", "signal", &run, "go", "{\"yes\":true}"]).says(0, "");
    going.end().says(0, "succeeded");
    assert_eq!(place.journal(&run).len(), 2, "{:?}", place.journal(&run));
}

#[test]
fn a_cancel_reaches_a_run_in_another_process() {
    let (place, witness) = place();
    let (going, run) = held(&place, &witness, "calls.yaml", "/first");
    let begun = Instant::now();
    place.weir(&["runs", "cancel", &run, "--reason", "enough"]).says(0, "");
    let ended = going.end();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    ended.says(4, "cancelled");
    assert_eq!(witness.paths(), ["/first"]);
}

/// A paused run takes results in and starts nothing (semantics 5.9).
#[test]
fn a_pause_holds_a_run_in_another_process_until_it_is_resumed() {
    let (place, witness) = place();
    let (going, run) = held(&place, &witness, "calls.yaml", "/first");
    let begun = Instant::now();
    place.weir(&["runs", "pause", &run]).says(0, "");
    place.until_journaled(&run, "pause");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    witness.release("/first");
    place.until_journaled(&run, "task_finished");
    assert_eq!(witness.paths(), ["/first"]);
    place.weir(&["runs", "resume", &run]).says(0, "");
    going.end().says(0, "succeeded");
    assert_eq!(witness.paths(), ["/first", "/second"]);
}

#[test]
fn after_kill_9_what_was_finished_is_not_repeated() {
    let (place, witness) = place();
    let (going, run) = held(&place, &witness, "calls.yaml", "/second");
    going.kill();
    assert_eq!(witness.paths(), ["/first", "/second"]);
    witness.release("/second");
    let recovered = place.weir(&["run", "--recover"]);
    recovered.says(0, &run);
    assert_eq!(recovered.json().to_json(), "[\"/first\",\"/second\"]");
    assert_eq!(witness.paths(), ["/first", "/second", "/second"]);
    let keys = witness.keys("/second");
    assert_eq!(keys[0], keys[1], "the call that was cut off is repeated under its key");
}

/// Asked to stop once, a run lets the step under way end and keeps its result.
#[test]
fn a_stop_waits_for_the_step_under_way() {
    let (place, witness) = place();
    let (mut going, run) = held(&place, &witness, "calls.yaml", "/second");
    going.terminate();
    going.until("stopping");
    witness.release("/second");
    going.end().says(5, "weir run --recover");
    assert_eq!(place.journal(&run).len(), 3, "{:?}", place.journal(&run));
    place.weir(&["run", "--recover"]).says(0, "");
    place.until_status(&run, "succeeded");
    assert_eq!(witness.paths(), ["/first", "/second"]);
}

/// Asked once more, it waits for nothing; the step is performed again as after a crash.
#[test]
fn a_second_request_stops_at_once() {
    let (place, witness) = place();
    let (mut going, run) = held(&place, &witness, "calls.yaml", "/second");
    going.terminate();
    going.until("stopping");
    let begun = Instant::now();
    going.terminate();
    going.end().says(5, "");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    witness.release("/second");
    place.weir(&["run", "--recover"]).says(0, &run);
    assert_eq!(witness.paths(), ["/first", "/second", "/second"]);
}

/// Semantics 5.7: nobody knows whether the order arrived, so a person decides.
#[test]
fn a_post_that_was_cut_off_waits_for_a_decision() {
    for (decision, code, calls) in [("retry", 0, 2), ("fail", 1, 1)] {
        let (place, witness) = place();
        let (going, run) = held(&place, &witness, "post.yaml", "/order");
        going.kill();
        witness.release("/order");
        place.weir(&["run", "--recover", "--no-wait"]).says(5, "decision post/order");
        assert_eq!(witness.paths().len(), 1);
        place.weir(&["runs", "decide", &run, "post/oder", decision]).says(2, "`post/oder` of run");
        place.weir(&["runs", "decide", &run, "post/order", decision]).says(0, "weir run --recover");
        let ended = place.weir(&["run", "--recover"]);
        assert_eq!((ended.code, witness.paths().len()), (code, calls), "{ended:?}");
        if decision == "fail" {
            ended.says(1, "OUTCOME_UNKNOWN");
        }
    }
}

#[test]
fn a_signal_sent_while_nobody_carries_the_run_is_taken_up_later() {
    let (place, _) = place();
    place.weir(&["run", "sig.json", "--no-wait"]).says(5, "waits for signal go");
    let run = place.newest();
    place.weir(&["runs", "signal", &run, "go", "5"]).says(0, "no process carries this run now");
    let recovered = place.weir(&["run", "--recover", "--json"]).json();
    let runs = recovered.get("runs").and_then(Value::as_array).unwrap();
    assert_eq!(
        (text(&runs[0], "status").as_str(), runs[0].get("output").map(Value::to_json).as_deref()),
        ("succeeded", Some("5"))
    );
}

#[test]
fn serve_forgets_old_runs_and_keeps_open_ones() {
    let (place, _) = place();
    place.file("echo.yaml", "type: Transform\nid: echo\nprops: {value: \"{{ input }}\"}\n");
    assert_eq!(place.run("echo.yaml", &[]).code, 0);
    place.weir(&["run", "sig.json", "--no-wait"]).says(5, "");
    let open = place.newest();
    let mut going = place.start(&["serve", "--keep-runs", "1ms"]);
    going.until("1 run goes on");
    let begun = Instant::now();
    while place.runs(&[]).len() > 1 {
        assert!(begun.elapsed() < SOON, "{:?}", place.runs(&[]));
    }
    assert_eq!(place.newest(), open);
    going.terminate();
    going.end().says(0, "stopped");
    place.weir(&["serve", "--keep-runs", "soon"]).says(2, "--keep-runs");
}

#[test]
fn serve_says_which_address_it_cannot_have() {
    let place = Place::new(&[("weir.yaml", "listen: here\n")]);
    let listen = |address: &str| place.weir(&["serve", "--listen", address]);
    listen("nonsense").says(2, "`nonsense` is no IP address with a port, such as 127.0.0.1:7878");
    place.weir(&["serve", "--config", "weir.yaml"]).says(2, "weir.yaml: listen: `here` is no IP address");
    // An address for documentation, which no machine has.
    listen("192.0.2.1:7878").says(1, "192.0.2.1:7878 cannot be listened on");
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    listen(&taken).says(1, &format!("{taken} is taken: stop what listens there, or give another port"));
    assert!(!place.path("data").exists(), "who cannot listen has made nothing");
}

#[test]
fn serve_carries_on_what_was_left_and_stops_when_told() {
    let (place, _) = place();
    place.weir(&["run", "sig.json", "--no-wait"]).says(5, "waits for signal go");
    let run = place.newest();
    let mut going = place.start(&["serve"]);
    going.until("1 run goes on");
    place.weir(&["run", "sig.json"]).says(1, &format!("is in use by process {}", going.pid()));
    place.weir(&["runs", "signal", &run, "go"]).says(0, "");
    place.until_journaled(&run, "signal");
    place.until_status(&run, "succeeded");
    going.terminate();
    going.end().says(0, "stopped");
}

/// In a mount namespace of its own, so that it needs no rights; where there are none such, nothing can be filled.
#[test]
fn a_disk_without_room_for_the_lock_is_said_to_be_full() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=16k tmpfs "$1" || exit 77
        cat /dev/zero > "$1/filler" 2>/dev/null
        "$2" serve --listen 127.0.0.1:0 --data "$1""#;
    let ended = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .args([folder.path(), env!("CARGO_BIN_EXE_weir").as_ref()])
        .output();
    let Ok(ended) = ended else { return };
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    if ended.status.code() == Some(77) || said.starts_with("unshare:") {
        return println!("no disk can be filled here: {said}");
    }
    let expected = format!("error: {}: the disk is full: weir.lock: ", folder.path().display());
    assert!(said.starts_with(&expected), "{said}");
    assert_eq!(ended.status.code(), Some(1), "{said}");
}
