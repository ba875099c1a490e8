//! Bad input over a real connection: never a 5xx, never a wait without end.

use crate::routes::{body, fill, furnish, nothing, places, told};
use crate::world::{Client, Data, Reply, Settings, Tenant, World, on_every_store};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weir_server::endpoints;

on_every_store! {
    hostile_text_is_only_text
    broken_bodies_are_refused
    a_flow_is_told_of_digits_that_get_lost_and_any_other_body_is_refused
    slow_clients_are_let_go
}

const PATIENCE: Duration = Duration::from_millis(200);

struct Site {
    world: World,
    tenant: Tenant,
    address: SocketAddr,
}

async fn site(data: Data) -> Site {
    let mut settings = Settings::default();
    settings.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    settings.server.patience = PATIENCE;
    settings.server.body_bytes = 64 << 10;
    settings.control.sign_in_tries = u32::MAX;
    let world = World::with(data, settings).await;
    let tenant = world.tenant("Anna").await;
    let listening = weir_server::listen(&world.settings.server).await.expect("a port");
    let address = listening.address;
    tokio::spawn(listening.serve(world.app.clone(), world.router.clone(), std::future::pending()));
    Site { world, tenant, address }
}

/// What comes back for these bytes, up to the end of the connection.
async fn talk(address: SocketAddr, parts: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    for part in parts {
        // The server may have heard enough already.
        let _ = stream.write_all(part).await;
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(30), read).await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

fn head(method: &str, path: &str, client: &Client, more: &str) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    for (name, value) in &client.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + more + "\r\n"
}

impl Site {
    async fn send(&self, method: &str, path: &str, more: &str, body: &[u8]) -> String {
        let more = format!("content-length: {}\r\n{more}", body.len());
        let head = head(method, path, &self.tenant.key.with("if-match", "*"), &more);
        talk(self.address, &[head.as_bytes(), body]).await
    }
}

const HOSTILE: [&str; 16] = [
    "'; DROP TABLE projects; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "1) UNION SELECT body FROM secrets --",
    "%00",
    "\u{0}",
    "%",
    "_",
    "../../../../etc/passwd",
    "..%2f..%2fmaster.key",
    "%2e%2e/%2e%2e/master.key",
    "a\r\nX-Injected: yes",
    "\u{202e}\u{fffd}\u{1f4a5}",
    "{{ secrets.door }}",
    "\\",
    "-1e999999",
];

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Every place of every path, every query, every text of every body, and headers.
async fn hostile_text_is_only_text(data: Data) {
    let site = site(data).await;
    let things = furnish(&site.world, &site.tenant, "aardvark").await;
    for endpoint in &endpoints() {
        let client = told(endpoint, &site.tenant.key);
        for (number, text) in HOSTILE.iter().enumerate() {
            let places = places(endpoint.path).len();
            for from in 0..places {
                let mut hostile = nothing();
                hostile.values_mut().for_each(|value| *value = escaped(text));
                let path = fill(endpoint.path, from, &things, &hostile);
                check(&site, endpoint.method.as_str(), &path, &client, &body(endpoint)).await;
            }
            if places > 0 && endpoint.method != "GET" {
                continue;
            }
            let query = format!("?after={0}&text={0}&project={0}&since={0}&limit={0}&flow={0}", escaped(text));
            let path = fill(endpoint.path, 0, &nothing(), &nothing());
            check(&site, endpoint.method.as_str(), &(path.clone() + &query), &client, &body(endpoint)).await;
            let mut hostile = body(endpoint);
            replace(&mut hostile, text);
            check(&site, endpoint.method.as_str(), &path, &client, &hostile).await;
            let client = client
                .with("idempotency-key", &escaped(text))
                .with("last-event-id", &format!("{number}.{}", escaped(text)));
            check(&site, endpoint.method.as_str(), &path, &client, &body(endpoint)).await;
        }
    }
    site.world.get(&site.tenant.key, "/api/projects").await.is(200);
}

/// Every text in the value.
fn replace(value: &mut Value, text: &str) {
    match value {
        Value::String(old) => *old = text.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, text)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, text)),
        _ => {}
    }
}

async fn check(site: &Site, method: &str, path: &str, client: &Client, body: &Value) {
    let Ok(_) = path.parse::<axum::http::Uri>() else { return };
    let asked = tokio::time::timeout(Duration::from_secs(30), site.world.send(client, method, path, body));
    let reply = asked.await.unwrap_or_else(|_| panic!("{method} {path} {body}: no answer"));
    assert!(reply.status.as_u16() < 500, "{method} {path} {body}: {}", reply.text);
    assert!(!reply.headers.contains_key("x-injected"), "{method} {path}");
    let kind = reply.headers.get("content-type").map(|kind| kind.to_str().expect("text"));
    assert!(reply.status.as_u16() < 400 || kind == Some("application/problem+json"), "{method} {path}: {kind:?}");
}

async fn broken_bodies_are_refused(data: Data) {
    let site = site(data).await;
    let json = "content-type: application/json\r\n";
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
    let cases: Vec<(&str, Vec<u8>, &str, u16)> = vec![
        ("a body that is too large", vec![b' '; (64 << 10) + 1], json, 413),
        ("no UTF-8", b"{\"name\": \"\xff\"}".to_vec(), json, 400),
        ("10,000 arrays", deep("[", "]"), json, 400),
        ("half a pair of surrogates", br#"{"name": "\ud800"}"#.to_vec(), json, 400),
        ("a huge number", br#"{"name": "x", "priority": 1e400}"#.to_vec(), json, 400),
        ("a number for a text", br#"{"name": 99999999999999999999999999}"#.to_vec(), json, 400),
        ("a name twice", br#"{"name": "a", "name": "b"}"#.to_vec(), json, 400),
        ("half a body", b"{\"name\": ".to_vec(), json, 400),
        ("another type", b"<name/>".to_vec(), "content-type: application/xml\r\n", 415),
        (
            "a compressed body",
            vec![0x1f, 0x8b, 8, 0],
            "content-type: application/json\r\ncontent-encoding: gzip\r\n",
            415,
        ),
        ("a compressed body under another name", vec![0; 8], "content-encoding: br\r\n", 415),
        ("a hundred headers too many", b"{}".to_vec(), Box::leak("x-more: 1\r\n".repeat(200).into_boxed_str()), 431),
    ];
    for (what, body, more, expected) in &cases {
        let answer = site.send("POST", "/api/projects", more, body).await;
        assert_eq!(status(&answer), *expected, "{what}: {answer}");
    }
    let flow = site.world.running(&site.tenant.key, "greet", crate::routes::FLOW).await;
    let hook = site.world.hook(&site.tenant.key, &flow, "hook", json!({"answer": "result"})).await.path;
    for (what, body, more, expected) in &cases[1..3] {
        let answer = site.send("POST", &hook, more, body).await;
        assert_eq!(status(&answer), *expected, "{what}: {answer}");
    }
    assert_eq!(status(&site.send("POST", &hook, "content-encoding: gzip\r\n", b"\x1f\x8b").await), 415);
    // Flows that are deep, long, or no flows are drafts like any other; what is wrong with them is told.
    for source in
        ["[".repeat(10_000), "{\"a\":".repeat(10_000), "- ".repeat(10_000), "&a [*a]".to_owned(), "\u{0}".to_owned()]
    {
        let body = json!({"source": source}).to_string();
        for path in ["/api/flows", "/api/check", "/api/convert"] {
            let answer = site.send("POST", path, json, body.as_bytes()).await;
            assert!((200..500).contains(&status(&answer)), "{path}: {answer}");
        }
    }
    for broken in ["GET\r\n\r\n", "\x16\x03\x01\x00", "GET / HTTP/9.9\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n"] {
        let answer = talk(site.address, &[broken.as_bytes()]).await;
        assert!([0, 400, 505].contains(&status(&answer)), "{broken:?}: {answer}");
    }
    let long = head("GET", &format!("/{}", "x".repeat(1 << 20)), &Client::default(), "");
    let answer = talk(site.address, &[long.as_bytes()]).await;
    assert!([0, 400, 414, 431].contains(&status(&answer)), "{answer}");
    let twice = head("POST", "/api/projects", &site.tenant.key, "content-length: 2\r\ncontent-length: 7\r\n");
    assert_eq!(status(&talk(site.address, &[twice.as_bytes(), b"{}"]).await), 400);
}

async fn slow_clients_are_let_go(data: Data) {
    let site = site(data).await;
    let begun = std::time::Instant::now();
    // A head that never ends, nothing at all, and a body of which the rest never comes.
    let half_a_head = talk(site.address, &[b"GET /health HTTP/1.1\r\nhost:"]).await;
    assert!([0, 408].contains(&status(&half_a_head)), "{half_a_head}");
    let nothing = talk(site.address, &[]).await;
    assert!([0, 408].contains(&status(&nothing)), "{nothing}");
    let more = "content-length: 60000\r\ncontent-type: application/json\r\n";
    let half_a_body = head("POST", "/api/projects", &site.tenant.key, more);
    let answer = talk(site.address, &[half_a_body.as_bytes(), b"{\"name\":"]).await;
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(answer.contains("REQUEST_TIMEOUT"), "{answer}");
    // One byte after the other, for ever.
    let mut stream = TcpStream::connect(site.address).await.expect("connects");
    let mut pace = tokio::time::interval(Duration::from_millis(1));
    let slow = async {
        for byte in half_a_body.bytes().chain(std::iter::repeat(b' ')) {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            pace.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), slow).await.expect("it is let go");
    assert!(begun.elapsed() >= PATIENCE);
    // Others were served all the while.
    let health = talk(site.address, &[head("GET", "/health", &Client::default(), "").as_bytes()]).await;
    assert_eq!(status(&health), 200);
}

async fn a_flow_is_told_of_digits_that_get_lost_and_any_other_body_is_refused(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let post = async |path: &str, body: String| {
        let request = World::request(&key, "POST", path, body.into());
        Reply::read(world.raw(request).await).await
    };
    for number in ["9007199254740993", "123456789012345678901234567890"] {
        let flow = format!(
            r#"{{"ir": 1, "name": "greet", "dialect": "ir", "root": {{"id": "say", "return": {{"value": {number}}}}}}}"#
        );
        let wrapped = format!(r#"{{"workflow": {flow}}}"#);
        for body in [&flow, &wrapped] {
            let verdict = post("/validate", body.clone()).await.is(200);
            let warned = verdict["warnings"].as_array().expect("a list").iter();
            assert!(warned.clone().any(|one| one["code"] == "NUMBER_PRECISION"), "{body}: {verdict:#}");
            assert_eq!(verdict["valid"], true, "{verdict:#}");
        }
        // Nobody writes code in these tests: it has come as far as that.
        let made = post("/compile", wrapped).await.is(200);
        assert_eq!(made["errors"][0]["code"], "TOOLCHAIN_MISSING", "{made:#}");
        let input = post("/api/triggers/greet/inject", format!(r#"{{"input": {number}}}"#)).await;
        input.refused(400, "NUMBER_PRECISION");
    }
}
