//! Schedules of the server itself, which is killed in the middle of them again and again.

mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use support::process::{Going, Place, text};
use weir_base::Value;

const PATIENCE: Duration = Duration::from_secs(120);
const KILLS: usize = 4;
const CONFIG: &str = "ownerEmail: me@localhost\nownerPassword: correct horse battery\ndemo: false\n";
const FLOW: &str = "type: Sequence\nid: tick\nchildren:\n- {type: PrintAction, id: say, props: {message: tick}}\n";

/// The server, and a key for it.
struct Server {
    going: Going,
    address: String,
    key: String,
}

impl Server {
    fn start(place: &Place, key: &str) -> Self {
        let mut going = place.start(&["serve", "--listen", "127.0.0.1:0", "--config", "weir.yaml"]);
        let line = going.until("serving http://");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
        Self { going, address, key: key.to_owned() }
    }

    /// One request; the status, the head and the body of the answer.
    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nContent-Type: application/json");
        write!(stream, "{head}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        (status, head.to_owned(), body.to_owned())
    }

    /// A request that is answered well.
    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, _, answer) = self.send(method, path, &format!("Authorization: Bearer {}\r\n", self.key), body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        Value::from_json(&answer).unwrap_or_default()
    }

    /// Signs in and makes a key.
    fn sign_in(&mut self) {
        let body = r#"{"email":"me@localhost","password":"correct horse battery"}"#;
        let (status, head, session) = self.send("POST", "/api/session", "", body);
        assert_eq!(status, 200, "{session}");
        let cookie = head.lines().find_map(|line| line.to_lowercase().starts_with("set-cookie: ").then(|| &line[12..]));
        let cookie = cookie.unwrap().split(';').next().unwrap();
        let csrf = text(&Value::from_json(&session).unwrap(), "csrf");
        let headers = format!("Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\n");
        let (status, _, key) = self.send("POST", "/api/keys", &headers, r#"{"name":"me"}"#);
        assert_eq!(status, 201, "{key}");
        self.key = text(&Value::from_json(&key).unwrap(), "key");
    }

    /// A flow that is switched on, and a cron of every second for it. The ids of both.
    fn every_second(&self, name: &str, missed: &str) -> (String, String) {
        let flow = Value::object([("name", name.into()), ("source", FLOW.into())]).to_json();
        let flow = text(&self.ask("POST", "/api/flows", &flow), "id");
        self.ask("POST", &format!("/api/flows/{flow}/start"), "");
        let schedule = format!(
            r#"{{"name":"tick","spec":{{"type":"schedule","schedule":{{"cron":{{"expression":"* * * * * *"}},"missed":"{missed}"}}}}}}"#
        );
        let trigger = text(&self.ask("POST", &format!("/api/flows/{flow}/triggers"), &schedule), "id");
        (flow, trigger)
    }

    fn runs(&self, flow: &str) -> Vec<Value> {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.ask("GET", &format!("/api/runs?flow={flow}&limit=200{after}"), "");
            found.extend(page.get("items").and_then(Value::as_array).unwrap().iter().cloned());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => return found,
            }
        }
    }

    #[track_caller]
    fn until_more_runs(&self, flow: &str, than: usize) -> usize {
        let begun = Instant::now();
        loop {
            let count = self.runs(flow).len();
            if count > than {
                return count;
            }
            assert!(begun.elapsed() < PATIENCE, "no run beyond {than}");
        }
    }

    /// How many runs there are of each tick, by what the runs were told.
    fn ticks(&self, flow: &str) -> BTreeMap<String, usize> {
        let mut ticks = BTreeMap::new();
        for run in self.runs(flow) {
            let journal = self.ask("GET", &format!("/api/runs/{}/journal?limit=1", text(&run, "run")), "");
            let first = journal.get("records").or(journal.get("items")).and_then(|records| records.at(0)).unwrap();
            let input = first.get("payload").and_then(|payload| payload.get("input")).unwrap();
            *ticks.entry(text(input, "scheduledAt")).or_default() += 1;
        }
        ticks
    }
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
    let place = Place::new(&[("weir.yaml", CONFIG)]);
    let mut server = Server::start(&place, "");
    server.sign_in();
    let (all, trigger) = server.every_second("all", "all");
    let (skip, _) = server.every_second("skip", "skip");
    let mut count = 0;
    for _ in 0..KILLS {
        count = server.until_more_runs(&all, count + 1);
        let Server { going, key, .. } = server;
        going.kill();
        server = Server::start(&place, &key);
    }
    server.until_more_runs(&all, count + 1);
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
    let fired = server.ticks(&all);
    assert!(fired.values().all(|count| *count == 1) && fired.len() > 2 * KILLS, "{fired:?}");
    let seconds: Vec<i64> = fired.keys().map(|tick| second(tick)).collect();
    let gaps: Vec<_> = seconds.windows(2).filter(|pair| (pair[1] - pair[0]).rem_euclid(24 * 3_600) != 1).collect();
    assert!(gaps.is_empty(), "ticks are missing: {gaps:?} of {fired:?}");
    let fired = server.ticks(&skip);
    assert!(fired.values().all(|count| *count == 1) && !fired.is_empty(), "{fired:?}");
    // What is stopped is over: no tick comes after the answer.
    server.going.terminate();
    assert_eq!(server.going.end().code, 0);
}
