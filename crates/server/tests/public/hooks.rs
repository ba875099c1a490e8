//! Webhooks: what they take, when they answer, whom they let in, and what a restart does to them.

use crate::routes::FLOW;
use crate::world::{Client, Data, Hook, Reply, Tenant, World, on_every_store, text};
use axum::body::Body;
use serde_json::{Value, json};
use weir_vault::Secret;
use weir_vault::signature::Scheme;

on_every_store! {
    bodies_reach_the_flow_as_what_they_are
    each_mode_answers_in_its_time
    a_rotated_token_opens_nothing
    signatures_are_asked_for
    the_same_key_is_the_same_run_across_a_restart
}

/// Gives back what it was started with.
const ECHO: &str = r#"{"ir": 1, "name": "echo", "dialect": "ir", "root": {"id": "say", "task": {"kind": "transform", "params": {"value": "{{ input }}"}}}}"#;
const WAITS: &str =
    r#"{"ir": 1, "name": "waits", "dialect": "ir", "root": {"id": "rest", "wait": {"signal": {"name": "go"}}}}"#;
const FAILS: &str = r#"{"ir": 1, "name": "fails", "dialect": "ir", "root": {"id": "end", "fail": {"code": "NO_LUCK", "message": "none"}}}"#;

async fn fire(world: &World, client: &Client, path: &str, body: impl Into<Body>) -> Reply {
    Reply::read(world.raw(World::request(client, "POST", path, body.into())).await).await
}

async fn of(world: &World, tenant: &Tenant, name: &str, source: &str, spec: Value) -> (String, Hook) {
    let flow = world.running(&tenant.key, name, source).await;
    let hook = world.hook(&tenant.key, &flow, "hook", spec).await;
    (flow, hook)
}

async fn bodies_reach_the_flow_as_what_they_are(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let (_, hook) = of(&world, &tenant, "echo", ECHO, json!({"answer": "result"})).await;
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x--";
    let cases: [(&str, &[u8], Value); 7] = [
        ("application/json", br#"{"a": [1, null]}"#, json!({"a": [1, null]})),
        ("application/x-www-form-urlencoded", b"a=1&b=x+y", json!({"a": "1", "b": "x y"})),
        (
            "multipart/form-data; boundary=x",
            multipart.as_bytes(),
            json!({"f": {"filename": "a.txt", "type": "text/plain", "content": "hi"}}),
        ),
        ("text/plain", "Grüße".as_bytes(), json!("Grüße")),
        ("application/octet-stream", b"\xff\x00", json!({"base64": "/wA="})),
        ("text/plain", b"nul \x00 byte", json!("nul \u{0} byte")),
        ("application/json", b"", Value::Null),
    ];
    for (kind, body, expected) in cases {
        let client = Client::default().with("content-type", kind).with("x-seen", "yes");
        let reply = fire(&world, &client, &format!("{}?q=1&q2=%20", hook.path), body.to_vec()).await;
        let output = reply.is(200)["output"].clone();
        assert_eq!(output["body"], expected, "{kind}");
        assert_eq!((&output["method"], &output["query"]), (&json!("POST"), &json!({"q": "1", "q2": " "})));
        assert_eq!(output["headers"]["x-seen"], "yes");
    }
    let wrong = [("application/json", "{", "JSON_SYNTAX"), ("multipart/form-data", "x", "INVALID_MULTIPART")];
    for (kind, body, code) in wrong {
        fire(&world, &Client::default().with("content-type", kind), &hook.path, body).await.refused(400, code);
    }
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = fire(&world, &Client::default().with("content-type", "application/json"), &hook.path, deep).await;
    assert_eq!(deep.status, 400, "{}", deep.text);
    let large = vec![b'x'; world.settings.server.webhook_bytes + 1];
    fire(&world, &Client::default(), &hook.path, large).await.refused(413, "PAYLOAD_TOO_LARGE");
}

async fn each_mode_answers_in_its_time(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let open = Client::default();
    let (_, at_once) = of(&world, &tenant, "one", WAITS, json!({})).await;
    let begun = fire(&world, &open, &at_once.path, "{}").await.is(202);
    world.get(&tenant.key, &format!("/api/runs/{}", text(&begun["run"]))).await.is(200);
    let (_, late) = of(&world, &tenant, "two", WAITS, json!({"answer": "result", "deadline": 50})).await;
    let begun = fire(&world, &open, &late.path, "{}").await.is(202);
    let run = text(&begun["run"]);
    world.post(&tenant.key, &format!("/api/runs/{run}/signal"), json!({"name": "go"})).await.is(200);
    assert_eq!(world.ended(&tenant.key, &run).await["status"], "succeeded");
    let (_, fails) = of(&world, &tenant, "three", FAILS, json!({"answer": "result"})).await;
    let failed = fire(&world, &open, &fails.path, "{}").await.is(502);
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("NO_LUCK")));
    let (_, stream) = of(&world, &tenant, "four", FLOW, json!({"answer": "stream"})).await;
    let response = world.raw(World::request(&open, "POST", &stream.path, "{}".into())).await;
    let events = crate::live::read(response).await;
    let ended = events.last().expect("an event");
    assert_eq!(
        (ended.name.as_str(), &ended.data["status"], &ended.data["output"]),
        ("state", &json!("succeeded"), &json!("Hello you"))
    );
    // A trigger that is switched off is as good as none.
    let (flow, hook) = of(&world, &tenant, "five", FLOW, json!({})).await;
    let path = format!("/api/flows/{flow}/triggers/{}", hook.id);
    world.send(&tenant.key.with("if-match", "*"), "PATCH", &path, &json!({"enabled": false})).await.is(200);
    fire(&world, &open, &hook.path, "{}").await.refused(404, "NOT_FOUND");
}

async fn a_rotated_token_opens_nothing(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let (flow, hook) = of(&world, &tenant, "greet", FLOW, json!({"answer": "result"})).await;
    let open = Client::default();
    fire(&world, &open, &hook.path, "{}").await.is(200);
    let rotate = format!("/api/flows/{flow}/triggers/{}/rotate", hook.id);
    let rotated = world.post(&tenant.key, &rotate, Value::Null).await.is(200);
    let new = world.path_of(&rotated["url"]);
    let gone = fire(&world, &open, &hook.path, "{}").await;
    let unknown = fire(&world, &open, &format!("/api/triggers/{flow}/webhook/weirh_x"), "{}").await;
    assert_eq!(gone, unknown);
    gone.refused(404, "NOT_FOUND");
    fire(&world, &open, &new, "{}").await.is(200);
    let world = world.restart().await;
    fire(&world, &open, &hook.path, "{}").await.refused(404, "NOT_FOUND");
    fire(&world, &open, &new, "{}").await.is(200);
}

async fn signatures_are_asked_for(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    world.send(&tenant.key, "PUT", "/api/projects/default/secrets/sign", &json!({"value": secret})).await.is(200);
    let flow = world.running(&tenant.key, "signed", FLOW).await;
    let triggers = format!("/api/flows/{flow}/triggers");
    for spec in
        [json!({"signature": "none", "secret": "sign"}), json!({"signature": "github"}), json!({"secret": "sign"})]
    {
        let mut whole = json!({"type": "webhook"});
        whole.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        world
            .post(&tenant.key, &triggers, json!({"name": "x", "spec": whole}))
            .await
            .refused(422, "INVALID_SIGNATURE_SCHEME");
    }
    let schemes = [
        ("standard", Scheme::Standard),
        ("stripe", Scheme::Stripe),
        ("github", Scheme::GitHub),
        ("slack", Scheme::Slack),
    ];
    for (name, scheme) in schemes {
        let hook = world
            .hook(&tenant.key, &flow, name, json!({"answer": "result", "signature": name, "secret": "sign"}))
            .await;
        let now = weir_control::Ambient::now(&*world.weather);
        let body = r#"{"name": "Ada"}"#;
        let signed = |body: &str| {
            let headers = scheme.sign(&Secret::new(secret), "msg_1", body.as_bytes(), now).expect("a signature");
            headers.into_iter().fold(Client::default(), |client, (name, value)| client.with(name, &value))
        };
        assert_eq!(fire(&world, &signed(body), &hook.path, body).await.is(200)["output"], "Hello Ada", "{name}");
        fire(&world, &Client::default(), &hook.path, body).await.refused(401, "SIGNATURE_REFUSED");
        fire(&world, &signed("{}"), &hook.path, body).await.refused(401, "SIGNATURE_REFUSED");
    }
}

async fn the_same_key_is_the_same_run_across_a_restart(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let (_, hook) = of(&world, &tenant, "waits", WAITS, json!({})).await;
    let client = Client::default().with("idempotency-key", "order-1");
    let first = text(&fire(&world, &client, &hook.path, "{}").await.is(202)["run"]);
    assert_eq!(fire(&world, &client, &hook.path, "{}").await.is(202)["run"], json!(first));
    let other = text(&fire(&world, &Client::default(), &hook.path, "{}").await.is(202)["run"]);
    let world = world.restart().await;
    assert_eq!(fire(&world, &client, &hook.path, "{}").await.is(202)["run"], json!(first));
    for run in [&first, &other] {
        world.post(&tenant.key, &format!("/api/runs/{run}/signal"), json!({"name": "go"})).await.is(200);
        assert_eq!(world.ended(&tenant.key, run).await["status"], "succeeded");
    }
    let runs = world.get(&tenant.key, "/api/runs").await.is(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(2), "{runs:#}");
    let world = world.restart().await;
    assert_eq!(fire(&world, &client, &hook.path, "{}").await.is(202)["run"], json!(first), "also when it is over");
    fire(&world, &Client::default().with("idempotency-key", &"k".repeat(256)), &hook.path, "{}")
        .await
        .refused(400, "INVALID_IDEMPOTENCY_KEY");
}
