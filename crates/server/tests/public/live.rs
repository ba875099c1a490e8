//! Streams of events: nothing is missed and nothing comes twice, also across a restart.

use crate::world::{Client, Data, World, on_every_store, text};
use axum::response::Response;
use futures::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use weir_control::Role;

on_every_store! {
    a_run_is_followed_across_a_restart
    a_flow_is_followed_across_a_restart
    streams_carry_only_what_was_asked_for
    many_follow_one_run_and_the_slow_miss_nothing
    a_stream_ends_with_what_let_somebody_listen
    an_idle_stream_ends_at_once
    a_stream_ends_with_the_server
    whoever_has_heard_of_an_end_sees_it
}

pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub data: Value,
}

fn event(text: &str) -> Option<Event> {
    let line =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim_start().to_owned());
    let data = line("data:")?;
    Some(Event {
        id: line("id:"),
        name: line("event:").unwrap_or_default(),
        data: serde_json::from_str(&data).expect("JSON"),
    })
}

/// Events up to one for which `last` holds, or to the end of the stream.
async fn until(response: Response, last: impl Fn(&Event) -> bool) -> Vec<Event> {
    assert_eq!(response.status(), 200);
    let mut parts = response.into_body().into_data_stream();
    let (mut events, mut rest) = (Vec::new(), String::new());
    let reading = async {
        while let Some(part) = parts.next().await {
            rest += std::str::from_utf8(&part.expect("a part")).expect("UTF-8");
            while let Some((one, after)) =
                rest.split_once("\n\n").map(|(one, after)| (one.to_owned(), after.to_owned()))
            {
                rest = after;
                events.extend(event(&one));
                if events.last().is_some_and(&last) {
                    return;
                }
            }
        }
    };
    let came = tokio::time::timeout(Duration::from_secs(20), reading).await;
    let told = || {
        events
            .iter()
            .map(|event: &Event| format!("{} {} {}\n", event.id.as_deref().unwrap_or("-"), event.name, event.data))
            .collect::<String>()
    };
    assert!(came.is_ok(), "the events come, and not only these:\n{}{rest}", told());
    events
}

/// A stream to its end.
pub async fn read(response: Response) -> Vec<Event> {
    until(response, |_| false).await
}

async fn open(world: &World, client: &Client, path: &str, after: Option<&str>) -> Response {
    let client = after.map_or(client.clone(), |id| client.with("last-event-id", id));
    world.raw(World::request(&client, "GET", path, axum::body::Body::empty())).await
}

const FLOW: &str = r#"{"ir": 1, "name": "steps", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "a", "task": {"kind": "log", "params": {"message": "one"}}},
    {"id": "rest", "wait": {"signal": {"name": "go"}}},
    {"id": "b", "task": {"kind": "log", "params": {"message": "two"}}}
]}}}"#;

fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().filter(|event| event.name == "record").filter_map(|event| event.data["seq"].as_u64()).collect()
}

/// A stop waits for what is under way; nobody who only listens holds it up.
async fn a_stream_ends_with_the_server(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flow = world.running(&key, "steps", FLOW).await;
    let run = text(&world.post(&key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201)["run"]);
    let paths =
        [format!("/api/runs/{run}/events"), format!("/api/flows/{flow}/events"), format!("/api/flows/{flow}/logs")];
    let mut streams = Vec::new();
    for path in &paths {
        streams.push(open(&world, &key, path, None).await);
    }
    world.app.enter(weir_server::Phase::Stopping);
    for stream in streams {
        read(stream).await;
    }
}

const SHORT: &str = r#"{"ir": 1, "name": "short", "dialect": "ir",
    "root": {"id": "say", "task": {"kind": "print", "params": {"message": "done"}}}}"#;

/// The stream reads what is on disk, and may do so before the run has heard that its end is.
async fn whoever_has_heard_of_an_end_sees_it(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flow = world.running(&key, "short", SHORT).await;
    for _ in 0..100 {
        let run = text(&world.post(&key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201)["run"]);
        let path = format!("/api/runs/{run}");
        until(open(&world, &key, &format!("{path}/events"), None).await, |event| event.data["status"] == "succeeded")
            .await;
        let shown = world.get(&key, &path).await.is(200);
        assert_eq!((&shown["status"], &shown["output"]), (&json!("succeeded"), &json!("done")));
    }
}

async fn a_run_is_followed_across_a_restart(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flow = world.running(&key, "steps", FLOW).await;
    let run = text(&world.post(&key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201)["run"]);
    let path = format!("/api/runs/{run}/events");
    let seen = until(open(&world, &key, &path, None).await, |event| event.data["status"] == "waiting").await;
    let id = seen.iter().rev().find_map(|event| event.id.clone()).expect("an id");
    let waits = |events: &[Event]| {
        let told = events.iter().filter(|event| event.data["status"] == "waiting");
        told.map(|event| event.data["waiting"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(waits(&seen), [json!(["signal go"])], "what is waited for, once");
    let world = world.restart().await;
    let again = until(open(&world, &key, &path, Some(&id)).await, |event| event.data["status"] == "waiting").await;
    assert_eq!(waits(&again), [json!(["signal go"])], "also where nobody has taken it up yet");
    world.post(&key, &format!("/api/runs/{run}/signal"), json!({"name": "go"})).await.is(200);
    let rest = read(open(&world, &key, &path, Some(&id)).await).await;
    assert_eq!(rest.last().map(|event| &event.data["status"]), Some(&json!("succeeded")));
    let whole = read(open(&world, &key, &path, None).await).await;
    let expected = numbers(&whole);
    assert_eq!(expected, (1..=expected.len() as u64).collect::<Vec<_>>(), "every record once");
    assert_eq!([numbers(&seen), numbers(&rest)].concat(), expected, "none missing, none twice");
    let logs = |events: &[Event]| events.iter().filter(|event| event.name == "log").count();
    assert_eq!((logs(&seen) + logs(&rest), logs(&whole)), (2, 2));
    let ids = |events: &[Event]| events.iter().filter_map(|event| event.id.clone()).collect::<Vec<_>>();
    assert_eq!([ids(&seen), ids(&rest)].concat(), ids(&whole), "an event has the same id whenever it is told");
    let stranger = world.tenant("Bert").await;
    let theirs = world.running(&stranger.key, "steps", FLOW).await;
    let other = stranger.key.with("last-event-id", &id);
    world.get(&other, &format!("/api/flows/{theirs}/events")).await.refused(422, "INVALID_CURSOR");
    // From every place on it goes on as it went on then.
    for (at, event) in whole.iter().enumerate().filter(|(_, event)| event.id.is_some()) {
        let after = read(open(&world, &key, &path, event.id.as_deref()).await).await;
        assert_eq!(numbers(&after), numbers(&whole[at + 1..]), "after {:?}", event.id);
    }
}

async fn a_flow_is_followed_across_a_restart(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flow = world.running(&key, "greet", crate::routes::FLOW).await;
    let (inject, project) = (format!("/api/triggers/{flow}/inject"), "/api/projects/default/events".to_owned());
    for path in [format!("/api/flows/{flow}/events"), project] {
        let stream = open(&world, &key, &path, None).await;
        let first = text(&world.post(&key, &inject, json!({})).await.is(201)["run"]);
        world.ended(&key, &first).await;
        let seen = until(stream, |event| event.name == "state" && event.data["status"] == "succeeded").await;
        let id = seen.iter().rev().find_map(|event| event.id.clone()).expect("an id");
        // What happens while nobody listens is told to whoever comes again.
        let second = text(&world.post(&key, &inject, json!({})).await.is(201)["run"]);
        world.ended(&key, &second).await;
        let rest = open(&world, &key, &path, Some(&id)).await;
        let rest = until(rest, |event| {
            event.name == "state" && event.data["run"] == json!(second) && event.data["status"] == "succeeded"
        })
        .await;
        for (run, events) in [(&first, &seen), (&second, &rest)] {
            let of_run: Vec<u64> = events
                .iter()
                .filter(|event| event.name == "record" && event.data["run"] == json!(run))
                .filter_map(|event| event.data["seq"].as_u64())
                .collect();
            assert_eq!(of_run, (1..=of_run.len() as u64).collect::<Vec<_>>(), "{run}");
            assert!(
                !of_run.is_empty()
                    && events.iter().all(|event| event.name != "record" || event.data["run"] == json!(run))
            );
        }
    }
}

async fn streams_carry_only_what_was_asked_for(data: Data) {
    let world = World::open(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let (own, other) = (
        world.running(&a.key, "greet", crate::routes::FLOW).await,
        world.running(&b.key, "greet", crate::routes::FLOW).await,
    );
    let second = world.running(&a.key, "second", crate::routes::FLOW).await;
    let stream = open(&world, &a.key, &format!("/api/flows/{own}/events"), None).await;
    for (client, flow) in [(&b.key, &other), (&a.key, &second), (&a.key, &own)] {
        let run = text(&world.post(client, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201)["run"]);
        world.ended(client, &run).await;
    }
    let events = until(stream, |event| event.data["status"] == "succeeded").await;
    let runs: std::collections::BTreeSet<String> = events.iter().map(|event| text(&event.data["run"])).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert!(events.iter().all(|event| event.data["flow"] == "greet"));
}

/// Steps with large results, so that those who are slow come too late for what is kept for all.
const LARGE: usize = 400;

/// All who follow a run are told the same, each event once and in order: who was there from the beginning, who comes
/// while it goes on, who goes on after an event, and who stops reading for as long as the run takes.
async fn many_follow_one_run_and_the_slow_miss_nothing(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let output = "x".repeat(20_000);
    let flow = json!({"ir": 1, "name": "large", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
        {"id": "go", "wait": {"signal": {"name": "go"}}},
        {"id": "many", "loop": {"mode": {"repeat": LARGE}, "body":
            {"id": "step", "task": {"kind": "mock", "params": {"returnStatus": "SUCCESS", "output": output}}}}}
    ]}}});
    let flow = world.running(&key, "large", &flow.to_string()).await;
    let run = text(&world.post(&key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201)["run"]);
    let path = format!("/api/runs/{run}/events");
    let mut all = Vec::new();
    for _ in 0..10 {
        all.push(open(&world, &key, &path, None).await);
    }
    let slow = open(&world, &key, &path, None).await;
    world.post(&key, &format!("/api/runs/{run}/signal"), json!({"name": "go"})).await.is(200);
    let (mut parts, mut seen) = (slow.into_body().into_data_stream(), String::new());
    while !seen.contains("\n\n") {
        seen += std::str::from_utf8(&parts.next().await.expect("a part").expect("a part")).expect("UTF-8");
    }
    let early = until(open(&world, &key, &path, None).await, |event| event.data["seq"] == 40).await;
    let place = early.iter().rev().find_map(|event| event.id.clone()).expect("an id");
    let rest = read(open(&world, &key, &path, Some(&place)).await).await;
    let together: Vec<u64> = numbers(&early).into_iter().chain(numbers(&rest)).collect();
    let expected: Vec<u64> = (1..=LARGE as u64 + 2).collect();
    assert_eq!(together, expected);
    for response in all {
        assert_eq!(numbers(&read(response).await), expected);
    }
    while let Some(part) = parts.next().await {
        seen += std::str::from_utf8(&part.expect("a part")).expect("UTF-8");
    }
    let slow: Vec<Event> = seen.split("\n\n").filter_map(event).collect();
    assert_eq!(numbers(&slow), expected);
    assert_eq!(slow.last().map(|event| event.data["status"].clone()), Some(json!("succeeded")));
}

async fn user_of(world: &World, client: &Client) -> String {
    text(&world.get(client, "/api/session").await.is(200)["user"]["id"])
}

/// Whose access has gone is told nothing of what happens after: keys, sessions, memberships, and what has expired. Who
/// has another role and still may listen goes on.
async fn a_stream_ends_with_what_let_somebody_listen(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "greet", crate::routes::FLOW).await;
    let project = "/api/projects/default/events";
    let new_key = async |client: &Client, body: Value| world.post(client, "/api/keys", body).await.is(201);
    let service = new_key(&tenant.owner, json!({"name": "service", "service": true})).await;
    let soon = jiff::Timestamp::from_microsecond(world.control.now() + 600_000_000).expect("a time").to_string();
    let short = new_key(&tenant.owner, json!({"name": "short", "service": true, "expiresAt": soon})).await;
    let member = world.member(&tenant.id, "member@example.org", Role::Editor).await;
    let own = Client::key(&text(&new_key(&member, json!({"name": "own"})).await["key"]));
    let leaver = world.member(&tenant.id, "leaver@example.org", Role::Editor).await;
    let moved = world.member(&tenant.id, "moved@example.org", Role::Admin).await;
    let [service_key, short_key] = [&service, &short].map(|key| Client::key(&text(&key["key"])));
    let (flow_events, removed) = (format!("/api/flows/{flow}/events"), user_of(&world, &member).await);
    let mut gone = Vec::new();
    for client in [&service_key, &short_key, &own, &member, &leaver] {
        gone.push(open(&world, client, project, None).await);
        gone.push(open(&world, client, &flow_events, None).await);
    }
    let goes_on = open(&world, &moved, project, None).await;
    let any = |client: &Client| client.with("if-match", "*");
    world.send(&tenant.owner, "DELETE", &format!("/api/keys/{}", text(&service["id"])), &Value::Null).await.is(204);
    world.send(&any(&tenant.owner), "DELETE", &format!("/api/members/{removed}"), &Value::Null).await.is(204);
    world.send(&leaver, "DELETE", "/api/session", &Value::Null).await.is(204);
    let role = format!("/api/members/{}", user_of(&world, &moved).await);
    world.send(&any(&tenant.owner), "PATCH", &role, &json!({"role": "viewer"})).await.is(200);
    world.weather.pass(1_200);
    let run = text(&world.post(&tenant.key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201)["run"]);
    world.ended(&tenant.key, &run).await;
    for (place, stream) in gone.into_iter().enumerate() {
        let told = read(stream).await;
        assert!(told.is_empty(), "stream {place} was told of {} events", told.len());
    }
    let seen = until(goes_on, |event| event.data["status"] == "succeeded").await;
    assert!(seen.iter().all(|event| event.data["run"] == json!(run)));
}

/// Whoever waits for something to happen is told at once that he may not any more.
async fn an_idle_stream_ends_at_once(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let made = world.post(&tenant.owner, "/api/keys", json!({"name": "idle", "service": true})).await.is(201);
    let key = Client::key(&text(&made["key"]));
    let stream = open(&world, &key, "/api/projects/default/events", None).await;
    let listening = tokio::spawn(async move {
        let began = std::time::Instant::now();
        (read(stream).await.len(), began.elapsed())
    });
    tokio::task::yield_now().await;
    world.send(&tenant.owner, "DELETE", &format!("/api/keys/{}", text(&made["id"])), &Value::Null).await.is(204);
    let (events, took) = listening.await.expect("it ends");
    assert_eq!(events, 0);
    assert!(took < Duration::from_secs(10), "not only when access is looked up anyhow: {took:?}");
    world.get(&key, "/api/projects/default/events").await.refused(401, "UNAUTHENTICATED");
}
