//! What opens doors never comes out again: not in an answer, a journal, a log, the audit, an error or a trace.

use crate::routes::{fill, furnish, nothing};
use crate::world::{Client, Data, MASTER_KEY, PASSWORD, World, text};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use weir_server::endpoints;
use weir_vault::totp::{Totp, step_at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_comes_out_on_sqlite() {
    nothing_secret_comes_out(Data::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_comes_out_on_postgresql() {
    nothing_secret_comes_out(Data::postgres().await).await;
}

const SECRET: &str = "canary-secret-value-5a81";
const BEARER: &str = "canary-bearer-5a82";
const NEW_PASSWORD: &str = "canary password five eighty three";

/// Calls a server with a secret that sends back whatever it was sent, logs it, and fails with it.
const FLOW: &str = r#"{
  "ir": 1, "name": "told", "dialect": "ir",
  "settings": {"egress": {"private": ["127.0.0.1"]}},
  "root": {"id": "all", "sequence": {"children": [
    {"id": "call", "task": {"kind": "http.request", "params": {"url": "{{ input.body.url }}", "auth": {"type": "bearer", "secret": "door"}}, "assign": [{"var": "said", "value": "output.data"}]}},
    {"id": "say", "task": {"kind": "log", "params": {"message": "{{ vars.said }}"}}},
    {"id": "end", "fail": {"code": "TOLD", "message": "it said {{ vars.said }}"}}
  ]}}
}"#;

/// Everything that is traced in this process.
fn traced() -> Arc<Mutex<Vec<u8>>> {
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    static TRACED: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    let traced = TRACED.get_or_init(|| {
        let all: Arc<Mutex<Vec<u8>>> = Arc::default();
        let sink = all.clone();
        let traces = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        traces.with_writer(move || Sink(sink.clone())).init();
        all
    });
    traced.clone()
}

/// A server on this machine that answers with the whole head of the request.
async fn echo() -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut head, mut part) = (Vec::new(), [0; 4096]);
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut part).await {
                    Ok(read) if read > 0 => head.extend(&part[..read]),
                    _ => break,
                }
            }
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                head.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.write_all(&head).await;
        }
    });
    url
}

async fn nothing_secret_comes_out(data: Data) {
    let traced = traced();
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let mut things = furnish(&world, &tenant, "aardvark").await;
    let secrets = "/api/projects/default/secrets";
    world.send(&tenant.key, "PUT", &format!("{secrets}/door"), &json!({"value": SECRET})).await.is(200);
    let flow = world.running(&tenant.key, "told", FLOW).await;
    let hook = world.hook(&tenant.key, &flow, "hook", json!({"answer": "result"})).await;
    let caller = Client::default().with("authorization", &format!("Bearer {BEARER}")).with("cookie", BEARER);
    let failed = world.post(&caller, &hook.path, json!({"url": echo().await})).await;
    let run = text(&failed.clone().is(502)["run"]);
    assert_eq!(failed.json()["error"]["code"], "TOLD", "{}", failed.text);
    assert!(failed.text.contains("authorization: Bearer"), "the server told what it was sent: {}", failed.text);
    things.extend([
        ("flow", flow.clone()),
        ("run", run.clone()),
        ("project", "default".to_owned()),
        ("secret", "door".to_owned()),
    ]);

    let opened = open(&world, &tenant, &flow).await;
    things.insert("interface", "door".to_owned());
    let browser = world.sign_in("anna@example.org").await;
    world.send(&browser, "PUT", "/api/password", &json!({"old": PASSWORD, "new": NEW_PASSWORD})).await.is(204);
    let offered = text(&world.post(&browser, "/api/two-factor", Value::Null).await.is(200)["secret"]);
    let now = weir_control::Ambient::now(&*world.weather);
    let code = Totp::parse(&offered).expect("a secret").code(step_at(now));
    let recovery = world.send(&browser, "PUT", "/api/two-factor", &json!({"code": code})).await.is(200);
    let made = text(&world.post(&browser, "/api/keys", json!({"name": "canary"})).await.is(201)["key"]);
    let wrong = json!({"email": "anna@example.org", "password": "canary-wrong-password-5a84"});
    let refused = world.post(&Client::default(), "/api/session", wrong).await;
    let malformed = world.get(&Client::key("weir_canary-malformed-5a85"), "/api/flows").await;

    let value =
        |client: &Client, name: &str| client.headers.iter().find(|(known, _)| known == name).expect("there").1.clone();
    let session = value(&browser, "cookie").split_once('=').expect("a value").1.to_owned();
    let canaries = [
        ("a secret", SECRET.to_owned()),
        ("an Authorization header", BEARER.to_owned()),
        ("a password", NEW_PASSWORD.to_owned()),
        ("a wrong password", "canary-wrong-password-5a84".to_owned()),
        ("a malformed key", "canary-malformed-5a85".to_owned()),
        ("an authenticator's secret", offered),
        ("a recovery code", text(&recovery["codes"][0])),
        ("an API key", made),
        ("a key of an interface", opened),
        ("the owner's key", value(&tenant.key, "authorization").replace("Bearer ", "")),
        ("a session", session),
        ("the master key", MASTER_KEY.to_owned()),
    ];
    let token = hook.path.rsplit('/').next().expect("a token").to_owned();
    let viewer = world.member(&tenant.id, "viewer@example.org", weir_control::Role::Viewer).await;

    let mut seen =
        vec![("the webhook's answer".to_owned(), failed.text), ("errors".to_owned(), refused.text + &malformed.text)];
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.method == "GET") {
        for client in [&browser, &tenant.key, &viewer] {
            let path = fill(endpoint.path, 0, &nothing(), &things);
            let reply = world.get(client, &path).await;
            let mut text = format!("{:?} {}", reply.headers, reply.text);
            if reply.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") && path.contains(&run)
            {
                text += &whole(&world, client, &path).await;
            }
            seen.push((path, text));
        }
    }
    let page = |table| (table, weir_store::DocumentPage { after: None, limit: 1_000, newest_first: false });
    for (table, page) in weir_store::Table::ALL.map(page) {
        let all = weir_store::DocumentFilter::default();
        let rows = world.documents.documents(&weir_store::Scope::System, table, &all, &page).await.expect("rows");
        seen.push((format!("the table {}", table.name()), format!("{rows:?}")));
    }
    seen.push(("the trace".to_owned(), String::from_utf8_lossy(&traced.lock().expect("no panic")).into_owned()));
    assert!(
        seen.iter().any(|(place, text)| place.contains("journal") && text.contains("task_finished")),
        "the journal was read"
    );
    for (place, text) in &seen {
        for (what, canary) in &canaries {
            assert!(!text.contains(canary.as_str()), "{what} is in {place}: {}", around(text, canary));
        }
        // The address of a webhook is shown to those who may change it, where triggers are, and nowhere else.
        let shown = place.contains("/triggers") && text.contains("\"url\"");
        assert!(shown || !text.contains(&token), "a webhook's token is in {place}: {}", around(text, &token));
    }
    let triggers = world.get(&viewer, &format!("/api/flows/{flow}/triggers")).await;
    assert!(!triggers.is(200).to_string().contains(&token), "a viewer may not change it");
}

/// Opens the flow at a path, and calls it with a key; the key.
async fn open(world: &World, tenant: &crate::world::Tenant, flow: &str) -> String {
    let interfaces = "/api/projects/default/interfaces";
    let spec = json!({"type": "flow", "flow": flow, "auth": {"type": "key"}});
    let made = world.post(&tenant.key, interfaces, json!({"name": "door", "spec": spec})).await.is(201);
    let path = world.path_of(&made["url"]);
    let key = world.post(&tenant.key, &format!("{interfaces}/door/keys"), json!({"name": "canary"})).await.is(201);
    let key = text(&key["key"]);
    for client in [Client::key(&key), Client::default().with("x-api-key", &key)] {
        world.post(&client, &path, json!({"url": echo().await})).await.refused(502, "FLOW_FAILED");
    }
    key
}

/// A stream of events to its end.
async fn whole(world: &World, client: &Client, path: &str) -> String {
    use http_body_util::BodyExt;
    let response = world.raw(World::request(client, "GET", path, axum::body::Body::empty())).await;
    String::from_utf8_lossy(&response.into_body().collect().await.expect("a stream").to_bytes()).into_owned()
}

fn around(text: &str, canary: &str) -> String {
    let at = text.find(canary).unwrap_or_default();
    let (from, to) =
        (text.floor_char_boundary(at.saturating_sub(200)), text.ceil_char_boundary((at + 200).min(text.len())));
    text[from..to].to_owned()
}
