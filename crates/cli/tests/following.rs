//! `weir flows run` while the run is paused, the server is away, or whoever asked leaves.

mod support;

use support::process::{Ended, Place, text};
use support::stub::{Reply, Script, stub};

const ENDED: &str = "event: state\ndata: {\"run\":\"r\",\"status\":\"succeeded\",\"waiting\":[],\"error\":null}\n\n";

const PAUSED_THEN_ENDED: &str = "event: state\ndata: {\"run\":\"r\",\"status\":\"paused\",\"waiting\":[],\"error\":null}\n\n\
    event: state\ndata: {\"run\":\"r\",\"status\":\"succeeded\",\"waiting\":[],\"error\":null}\n\n";

const BREAKS: &str = "event: state\ndata: {\"run\":\"r\",\"status\":\"paused\",\"waiting\":[],\
    \"error\":{\"code\":\"ENGINE_ERROR\",\"message\":\"told to\"}}\n\n";

const WAITS: &str = "event: state\ndata: {\"run\":\"r\",\"status\":\"waiting\",\"waiting\":[\"signal go\"]}\n\n";

/// What is said of a run `r` of the flow `f`, which stands like this, besides its events.
fn of_run(question: &str, status: &str) -> Reply {
    let error = r#"{"code":"ENGINE_ERROR","category":"internal","message":"told to","path":""}"#;
    let error = if status == "paused" { format!(r#","error":{error}"#) } else { String::new() };
    let run = |more: &str| {
        let at = "2026-01-31T09:00:00Z";
        format!(
            r#"{{"run":"r","flow":"f","version":"v","status":"{status}","output":null,"createdAt":"{at}"{error}{more}}}"#
        )
    };
    match question {
        "GET /api/flows" => Reply::Json(200, r#"{"items":[{"id":"f","project":"default","name":"f"}]}"#.into()),
        "GET /api/runs/r/logs" => Reply::Json(200, r#"{"items":[]}"#.into()),
        "GET /api/runs/r/replay" if status == "paused" => {
            Reply::Json(422, r#"{"code":"RUN_UNREADABLE","detail":"it cannot be followed"}"#.into())
        }
        "GET /api/runs/r/replay" => {
            let more = r#","seq":1,"at":"2026-01-31T09:00:00Z","variables":{},"signals":[],"open":[],"steps":[],"warnings":[]"#;
            Reply::Json(200, run(more))
        }
        "POST /api/triggers/f/inject" => Reply::Json(201, run("")),
        "GET /api/runs/r" => Reply::Json(200, run("")),
        other => Reply::Json(404, format!(r#"{{"code":"NOT_FOUND","detail":"{other}"}}"#)),
    }
}

#[track_caller]
fn follow(script: Script, more: &[&str]) -> Ended {
    let place = Place::new(&[]);
    let server = stub(script);
    place.start_with(&[&["flows", "run", "f", "--server", &server.url], more].concat(), &[("WEIR_KEY", "k")]).end()
}

/// Somebody who has paused a run goes on with it; meanwhile it is told how.
#[test]
fn a_run_that_somebody_pauses_is_followed_and_says_so() {
    let ended = follow(
        |question, _| match question {
            "GET /api/runs/r/events" => Reply::Silence(PAUSED_THEN_ENDED),
            other => of_run(other, "succeeded"),
        },
        &[],
    );
    ended.says(0, "paused; to go on: weir runs resume r --server http://127.0.0.1:");
}

/// Nobody can go on with it: it is told, and whoever waits is let go.
#[test]
fn a_run_that_the_engine_broke_on_is_not_waited_for() {
    let script: Script = |question, _| match question {
        "GET /api/runs/r/events" => Reply::Silence(BREAKS),
        other => of_run(other, "paused"),
    };
    let ended = follow(script, &[]);
    ended.says(5, "paused: ENGINE_ERROR: told to");
    ended.says(5, "to go on after an update of the server: weir runs resume r");
    let ended = follow(script, &["--json"]);
    let said = ended.json();
    assert_eq!((ended.code, text(&said, "status")), (5, "paused".to_owned()), "{ended:?}");
    assert_eq!(text(said.get("error").unwrap(), "code"), "ENGINE_ERROR");
}

/// It says that it is busy while it starts, and breaks off as it likes.
#[test]
fn a_server_that_is_away_for_a_while_is_waited_for() {
    let script: Script = |question, before| match (question, before) {
        ("GET /api/runs/r/events", 0) => Reply::Events(WAITS),
        ("GET /api/runs/r/events", 1..=3) => {
            Reply::Json(503, r#"{"code":"BUSY","detail":"the server is starting"}"#.into())
        }
        ("GET /api/runs/r/events", _) => Reply::Silence(ENDED),
        (other, _) => of_run(other, "succeeded"),
    };
    let ended = follow(script, &[]);
    ended.says(0, "waits for signal go");
    ended.says(0, "the server is starting (BUSY); trying again");
    let ended = follow(script, &["--json"]);
    ended.says(0, "the server is starting (BUSY); trying again");
    assert_eq!(text(&ended.json(), "status"), "succeeded");
}

/// The object of a run that is left to the server is the run as it stands.
#[test]
fn whoever_leaves_is_told_how_the_run_stands() {
    let place = Place::new(&[]);
    for json in [false, true] {
        let server = stub(|question, _| match question {
            "GET /api/runs/r/events" => Reply::Silence(WAITS),
            other => of_run(other, "waiting"),
        });
        let args = ["flows", "run", "f", "--server", &server.url, "--json"];
        let going = place.start_with(&args[..if json { 6 } else { 5 }], &[("WEIR_KEY", "k")]);
        let followed = server.is_followed();
        going.terminate();
        let ended = going.end();
        assert!(followed, "nobody asked for events: {ended:?}");
        ended.says(5, "the run goes on at the server: weir runs show r");
        match json {
            true => assert_eq!(text(&ended.json(), "status"), "waiting"),
            false => assert_eq!(ended.out, ""),
        }
    }
}
