//! Schedules of the server itself, which is killed in the middle of them again and again.

mod support;

use std::collections::BTreeMap;
use std::time::Instant;
use support::process::{Place, text};
use support::server::{PATIENCE, Server};
use weir_base::Value;

const KILLS: usize = 4;
const FLOW: &str = "type: Sequence\nid: tick\nchildren:\n- {type: PrintAction, id: say, props: {message: tick}}\n";

/// A flow that is switched on, and a cron of every second for it. The ids of both.
fn every_second(server: &Server, name: &str, missed: &str) -> (String, String) {
    let flow = server.running(name, FLOW);
    let schedule = format!(
        r#"{{"name":"tick","spec":{{"type":"schedule","schedule":{{"cron":{{"expression":"* * * * * *"}},"missed":"{missed}"}}}}}}"#
    );
    let trigger = text(&server.ask("POST", &format!("/api/flows/{flow}/triggers"), &schedule), "id");
    (flow, trigger)
}

fn runs(server: &Server, flow: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = server.ask("GET", &format!("/api/runs?flow={flow}&limit=200{after}"), "");
        found.extend(page.get("items").and_then(Value::as_array).unwrap().iter().cloned());
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

#[track_caller]
fn until_more_runs(server: &Server, flow: &str, than: usize) -> usize {
    let begun = Instant::now();
    loop {
        let count = runs(server, flow).len();
        if count > than {
            return count;
        }
        assert!(begun.elapsed() < PATIENCE, "no run beyond {than}");
    }
}

/// How many runs there are of each tick, by what the runs were told.
fn ticks(server: &Server, flow: &str) -> BTreeMap<String, usize> {
    let mut ticks = BTreeMap::new();
    for run in runs(server, flow) {
        let journal = server.ask("GET", &format!("/api/runs/{}/journal?limit=1", text(&run, "run")), "");
        let first = journal.get("records").or(journal.get("items")).and_then(|records| records.at(0)).unwrap();
        let input = first.get("payload").and_then(|payload| payload.get("input")).unwrap();
        *ticks.entry(text(input, "scheduledAt")).or_default() += 1;
    }
    ticks
}

fn second(tick: &str) -> i64 {
    let (date, time) = tick.trim_end_matches('Z').split_once('T').unwrap();
    let day: i64 = date.rsplit('-').next().unwrap().parse().unwrap();
    time.split(':')
        .fold(day * 24, |sum, part| if part.len() == 2 { sum * 60 + part.parse::<i64>().unwrap() } else { sum })
}

/// Every tick starts at most one run, whenever the server is killed; and exactly one where each is to be made up for.
#[test]
fn a_cron_of_every_second_fires_once_a_tick_through_kill_9() {
    let place = Place::new(&[]);
    let mut server = Server::first(&place);
    let (all, trigger) = every_second(&server, "all", "all");
    let (skip, _) = every_second(&server, "skip", "skip");
    let mut count = 0;
    for _ in 0..KILLS {
        count = until_more_runs(&server, &all, count + 1);
        server = server.killed(&place);
    }
    until_more_runs(&server, &all, count + 1);
    let shown = server.ask("GET", &format!("/api/flows/{all}/triggers/{trigger}"), "");
    assert!(
        text(&shown, "lastRun").starts_with("tick-") && !text(&shown, "nextTick").is_empty(),
        "{}",
        shown.to_json()
    );
    let coming = server.ask("GET", "/api/schedule?limit=4", "");
    assert_eq!(coming.get("items").and_then(Value::as_array).map(<[Value]>::len), Some(4), "{}", coming.to_json());
    for flow in [&all, &skip] {
        server.ask("POST", &format!("/api/flows/{flow}/stop"), "");
    }
    let fired = ticks(&server, &all);
    assert!(fired.values().all(|count| *count == 1) && fired.len() > 2 * KILLS, "{fired:?}");
    let seconds: Vec<i64> = fired.keys().map(|tick| second(tick)).collect();
    let gaps: Vec<_> = seconds.windows(2).filter(|pair| (pair[1] - pair[0]).rem_euclid(24 * 3_600) != 1).collect();
    assert!(gaps.is_empty(), "ticks are missing: {gaps:?} of {fired:?}");
    let fired = ticks(&server, &skip);
    assert!(fired.values().all(|count| *count == 1) && !fired.is_empty(), "{fired:?}");
    // What is stopped is over: no tick comes after the answer.
    server.stop();
}
