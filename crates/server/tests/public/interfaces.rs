//! Flows that are open at a path: how they are declared, whom they let in, what they take, give and refuse.

use crate::issuer::{AUDIENCE, ISSUER, KeyServer, Signer};
use crate::routes::FLOW;
use crate::world::{Client, Data, Reply, Settings, Tenant, World, on_every_store, text};
use axum::body::Body;
use serde_json::{Value, json};
use weir_base::Micros;

on_every_store! {
    an_interface_is_declared_changed_and_closed
    what_is_declared_wrongly_is_refused
    only_the_interfaces_own_keys_open_it
    tokens_open_it_if_they_are_what_is_asked_for
    keys_of_an_issuer_are_asked_for_where_that_is_allowed
    requests_and_answers_are_what_is_declared
    each_mode_answers_in_its_time
    limits_hold_for_all_and_for_each
    a_key_of_one_caller_says_nothing_to_another
    the_same_key_is_the_same_run_across_a_restart
    it_asks_the_store_for_no_more_than_a_webhook_does
}

const ECHO: &str = r#"{"ir": 1, "name": "echo", "dialect": "ir", "root": {"id": "say", "task": {"kind": "transform", "params": {"value": "{{ input }}"}}}}"#;
const ANSWER: &str = r#"{"ir": 1, "name": "answer", "dialect": "ir", "root": {"id": "say", "task": {"kind": "transform", "params": {"value": "{{ input.body }}"}}}}"#;
const WAITS: &str =
    r#"{"ir": 1, "name": "waits", "dialect": "ir", "root": {"id": "rest", "wait": {"signal": {"name": "go"}}}}"#;
const FAILS: &str = r#"{"ir": 1, "name": "fails", "dialect": "ir", "root": {"id": "end", "fail": {"code": "NO_LUCK", "message": "the password is swordfish"}}}"#;
const ALL: &str = "/api/projects/default/interfaces";

/// Opens a new flow; the interface as it is shown, and its path.
async fn open(world: &World, tenant: &Tenant, name: &str, source: &str, spec: Value) -> (Value, String) {
    let flow = world.running(&tenant.key, name, source).await;
    let mut whole = json!({"type": "flow", "flow": flow, "auth": {"type": "none"}});
    whole.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
    let made = world.post(&tenant.key, ALL, json!({"name": name, "spec": whole})).await.is(201);
    let path = world.path_of(&made["url"]);
    (made, path)
}

async fn call(world: &World, client: &Client, method: &str, path: &str, body: impl Into<Body>) -> Reply {
    Reply::read(world.raw(World::request(client, method, path, body.into())).await).await
}

/// The answer with every header, those about limits too.
async fn call_whole(world: &World, client: &Client, path: &str) -> (u16, axum::http::HeaderMap) {
    let response = world.raw(World::request(client, "POST", path, Body::from("{}"))).await;
    (response.status().as_u16(), response.headers().clone())
}

async fn an_interface_is_declared_changed_and_closed(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let anyone = Client::default();
    let (made, path) = open(&world, &tenant, "greet", FLOW, json!({"methods": ["POST", "GET", "POST"]})).await;
    assert_eq!(path, format!("/i/{}/default/greet", tenant.id));
    assert_eq!(
        (&made["type"], &made["settings"]["methods"], &made["settings"]["answer"]),
        (&json!("flow"), &json!(["GET", "POST"]), &json!("result"))
    );
    let said = call(&world, &anyone, "POST", &path, r#"{"name": "Ada"}"#).await;
    assert!(said.headers["weir-run"].to_str().is_ok_and(|run| !run.is_empty()));
    assert_eq!(said.is(200), "Hello Ada");
    assert_eq!(call(&world, &anyone, "GET", &path, "").await.is(200), "Hello you");
    let looked = call(&world, &anyone, "HEAD", &path, "").await;
    assert_eq!((looked.status.as_u16(), &looked.headers["allow"]), (200, &"GET, HEAD, POST".parse().unwrap()));
    assert!(looked.headers.get("weir-run").is_none());
    for method in ["PUT", "PATCH", "DELETE"] {
        let refused = call(&world, &anyone, method, &path, "").await;
        assert_eq!(
            (refused.status.as_u16(), &refused.headers["allow"]),
            (405, &"GET, HEAD, POST".parse().unwrap()),
            "{method}"
        );
    }
    let runs = world.get(&tenant.key, "/api/runs").await.is(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(2), "a method that is not taken starts nothing");

    let again = json!({"name": "greet", "spec": {"type": "variables"}});
    world.post(&tenant.key, ALL, again).await.refused(409, "NAME_TAKEN");
    let one = format!("{ALL}/greet");
    let shown = world.get(&tenant.key, &one).await;
    let etag = shown.headers["etag"].to_str().expect("text").to_owned();
    assert_eq!(shown.is(200), made);
    let change = async |client: &Client, body: Value| world.send(client, "PATCH", &one, &body).await;
    change(&tenant.key, json!({"enabled": false})).await.refused(428, "REVISION_NEEDED");
    let seen = tenant.key.with("if-match", &etag);
    change(&seen, json!({"enabled": false, "description": "for greeting"})).await.is(200);
    let conflict = change(&seen, json!({"enabled": true})).await.refused(409, "REVISION_CONFLICT");
    assert_eq!((&conflict["seen"], &conflict["current"]), (&json!(1), &json!(2)));
    let closed = call(&world, &anyone, "POST", &path, "{}").await;
    assert_eq!(closed, call(&world, &anyone, "POST", &format!("/i/{}/default/none", tenant.id), "{}").await);
    closed.refused(404, "NOT_FOUND");
    let any = tenant.key.with("if-match", "*");
    change(&any, json!({"enabled": true, "spec": {"type": "variables"}})).await.refused(409, "INTERFACE_SORT");
    change(&any, json!({"enabled": true})).await.is(200);
    assert_eq!(call(&world, &anyone, "POST", &path, "{}").await.is(200), "Hello you");

    // A flow that is stopped says so, as with a webhook; one that is deleted takes its interfaces with it.
    let flow = text(&made["settings"]["flow"]);
    world.post(&tenant.key, &format!("/api/flows/{flow}/stop"), Value::Null).await.is(200);
    call(&world, &anyone, "POST", &path, "{}").await.refused(409, "FLOW_STOPPED");
    world.send(&any, "DELETE", &format!("/api/flows/{flow}"), &Value::Null).await.is(204);
    call(&world, &anyone, "POST", &path, "{}").await.refused(404, "NOT_FOUND");
    assert_eq!(world.get(&tenant.key, ALL).await.is(200)["items"], json!([]));
    let audit = world.get(&tenant.key, &format!("/api/audit?target={}", text(&made["id"]))).await.is(200);
    let actions: Vec<&str> =
        audit["items"].as_array().expect("entries").iter().filter_map(|one| one["action"].as_str()).collect();
    assert_eq!(actions, ["interface.deleted", "interface.changed", "interface.changed", "interface.created"]);

    let (_, path) = open(&world, &tenant, "second", FLOW, json!({})).await;
    world.send(&any, "DELETE", &format!("{ALL}/second"), &Value::Null).await.is(204);
    call(&world, &anyone, "POST", &path, "{}").await.refused(404, "NOT_FOUND");
    for number in 0..3 {
        let body = json!({"name": format!("v{number}"), "spec": {"type": "variables"}});
        world.post(&tenant.key, ALL, body).await.is(201);
    }
    let first = world.get(&tenant.key, &format!("{ALL}?limit=2")).await.is(200);
    let next = text(&first["next"]);
    let last = world.get(&tenant.key, &format!("{ALL}?limit=2&after={next}")).await.is(200);
    let names = |page: &Value| page["items"].as_array().expect("items").iter().map(|one| text(&one["name"])).collect();
    let (first, rest): (Vec<String>, Vec<String>) = (names(&first), names(&last));
    assert_eq!((first, rest, &last["next"]), (vec!["v2".into(), "v1".into()], vec!["v0".into()], &Value::Null));
}

async fn what_is_declared_wrongly_is_refused(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    world.post(&tenant.key, "/api/projects", json!({"name": "other"})).await.is(201);
    let flow = world.running(&tenant.key, "greet", FLOW).await;
    let with = |spec: Value| {
        let mut whole = json!({"type": "flow", "flow": flow, "auth": {"type": "none"}});
        whole.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        json!({"name": "x", "spec": whole})
    };
    let token = |url: &str| json!({"auth": {"type": "jwt", "jwksUrl": url, "issuer": ISSUER, "audience": AUDIENCE}});
    let cases = [
        (with(json!({"methods": []})), 422, "INTERFACE_INVALID"),
        (with(json!({"request": {"type": "nonsense"}})), 422, "INTERFACE_INVALID"),
        (with(json!({"response": {"type": "string", "pattern": "x".repeat(70_000)}})), 422, "INTERFACE_INVALID"),
        (with(json!({"rate": 0})), 422, "INTERFACE_INVALID"),
        (with(json!({"largestBody": 0})), 422, "INTERFACE_INVALID"),
        (with(token("no address")), 422, "INTERFACE_INVALID"),
        (with(token("http://id.example.org/keys")), 422, "INTERFACE_INVALID"),
        (with(token("https://user:word@id.example.org/keys")), 422, "INTERFACE_INVALID"),
        (with(token("file:///etc/passwd")), 422, "INTERFACE_INVALID"),
        (with(json!({"auth": {"type": "password"}})), 400, "INVALID_BODY"),
        (with(json!({"methods": ["TRACE"]})), 400, "INVALID_BODY"),
        (json!({"name": "x", "spec": {"type": "flow", "flow": flow}}), 400, "INVALID_BODY"),
        (json!({"name": "a/b", "spec": {"type": "variables"}}), 422, "INVALID_NAME"),
        (json!({"name": "x", "spec": {"type": "variables", "service": "none"}}), 404, "NOT_FOUND"),
        (json!({"name": "x", "spec": {"type": "variables", "read": ["a b"]}}), 422, "INVALID_NAME"),
        (json!({"name": "x", "spec": {"type": "variables", "allow": [{"project": "none"}]}}), 422, "INTERFACE_INVALID"),
        (
            json!({"name": "x", "spec": {"type": "variables", "allow": [{"project": "default"}]}}),
            422,
            "INTERFACE_INVALID",
        ),
    ];
    for (body, status, code) in cases {
        let reply = world.post(&tenant.key, ALL, body.clone()).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (status, &json!(code)), "{body} {}", reply.text);
    }
    let elsewhere = world.post(&tenant.key, "/api/projects/other/interfaces", with(json!({}))).await;
    elsewhere.refused(404, "NOT_FOUND");
    assert_eq!(world.get(&tenant.key, ALL).await.is(200)["items"], json!([]));
}

async fn only_the_interfaces_own_keys_open_it(data: Data) {
    let mut settings = Settings::default();
    settings.control.sign_in_tries = 12;
    let world = World::with(data, settings).await;
    let tenant = world.tenant("Anna").await;
    let by_key = json!({"auth": {"type": "key"}});
    let (made, path) = open(&world, &tenant, "echo", ECHO, by_key.clone()).await;
    let (_, other_path) = open(&world, &tenant, "other", ECHO, by_key).await;
    assert_eq!(made["settings"]["auth"], json!({"type": "key", "keys": []}));
    let new_key =
        async |interface: &str, body: Value| world.post(&tenant.key, &format!("{ALL}/{interface}/keys"), body).await;
    let key = new_key("echo", json!({"name": "shop"})).await.is(201);
    let other = text(&new_key("other", json!({"name": "shop"})).await.is(201)["key"]);
    let later = time_of(weir_control::Ambient::now(&*world.weather) + 60_000_000);
    let short = text(&new_key("echo", json!({"name": "short", "expiresAt": later})).await.is(201)["key"]);
    let past = "2020-01-01T00:00:00Z";
    new_key("echo", json!({"name": "past", "expiresAt": past})).await.refused(422, "KEY_EXPIRED");
    new_key("echo", json!({"name": ""})).await.refused(422, "INTERFACE_INVALID");
    new_key("echo", json!({"name": "odd", "expiresAt": "soon"})).await.refused(422, "INVALID_TIME");
    let text_of_key = text(&key["key"]);
    let shown = world.get(&tenant.key, &format!("{ALL}/echo")).await;
    assert!(!shown.text.contains(&text_of_key) && !shown.text.contains("hash"), "{}", shown.text);

    let input = call(&world, &Client::key(&text_of_key), "POST", &path, r#"{"a": 1}"#).await.is(200);
    assert_eq!((&input["body"], &input["auth"]), (&json!({"a": 1}), &json!({"type": "key", "key": "shop"})));
    assert!(input["headers"].get("authorization").is_none(), "{input:#}");
    let input = call(&world, &Client::default().with("x-api-key", &text_of_key), "POST", &path, "").await.is(200);
    assert!(input["headers"].get("x-api-key").is_none(), "{input:#}");
    call(&world, &Client::key(&short), "POST", &path, "{}").await.is(200);
    call(&world, &Client::key(&other), "POST", &other_path, "{}").await.is(200);

    let refused = async |client: &Client| {
        let reply = call(&world, client, "POST", &path, "{}").await;
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
        reply.refused(401, "UNAUTHENTICATED");
    };
    refused(&Client::default()).await;
    refused(&Client::key("")).await;
    refused(&Client::key(&other)).await;
    refused(&tenant.key).await;
    refused(&tenant.owner).await;
    refused(&Client::key(&text_of_key[1..])).await;
    world.weather.pass(61);
    refused(&Client::key(&short)).await;

    // A change of what is declared keeps the keys; revoking one closes it at once.
    let any = tenant.key.with("if-match", "*");
    let spec = json!({"type": "flow", "flow": made["settings"]["flow"], "auth": {"type": "key"}, "rate": 1000});
    world.send(&any, "PATCH", &format!("{ALL}/echo"), &json!({"spec": spec})).await.is(200);
    call(&world, &Client::key(&text_of_key), "POST", &path, "{}").await.is(200);
    let one = format!("{ALL}/echo/keys/{}", text(&key["id"]));
    world.send(&tenant.key, "DELETE", &one, &Value::Null).await.is(204);
    world.send(&tenant.key, "DELETE", &one, &Value::Null).await.refused(404, "NOT_FOUND");
    refused(&Client::key(&text_of_key)).await;
    let variables = json!({"name": "vars", "spec": {"type": "variables"}});
    world.post(&tenant.key, ALL, variables).await.is(201);
    new_key("vars", json!({"name": "k"})).await.refused(409, "NO_INTERFACE_KEYS");

    // Whoever guesses has to wait; whoever has a key does not, though both come from one address.
    let good = text(&new_key("echo", json!({"name": "good"})).await.is(201)["key"]);
    let mut last = 401;
    for _ in 0..20 {
        last = call(&world, &Client::key(&other), "POST", &path, "{}").await.status.as_u16();
    }
    assert_eq!(last, 429);
    call(&world, &Client::key(&good), "POST", &path, "{}").await.is(200);
    let runs = world.get(&tenant.key, "/api/runs").await.is(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(6), "nobody who was refused has started anything");
}

fn time_of(at: Micros) -> String {
    jiff::Timestamp::from_microsecond(at).expect("a time").to_string()
}

/// A world whose operator lets keys be read at this address.
async fn with_issuer(data: Data, server: &KeyServer) -> World {
    let mut settings = Settings::default();
    settings.control.private_key_hosts = vec![server.address.clone()];
    settings.control.sign_in_tries = 25;
    World::with(data, settings).await
}

fn by_token(url: &str, claims: Value) -> Value {
    json!({"auth": {"type": "jwt", "jwksUrl": url, "issuer": ISSUER, "audience": AUDIENCE, "claims": claims}})
}

async fn tokens_open_it_if_they_are_what_is_asked_for(data: Data) {
    let (first, second) = (Signer::new("first"), Signer::new("second"));
    let server = KeyServer::start(&[&first]).await;
    let world = with_issuer(data, &server).await;
    let tenant = world.tenant("Anna").await;
    let claims = json!({"scope": "orders:write"});
    let (_, path) = open(&world, &tenant, "echo", ECHO, by_token(&server.url(), claims)).await;
    let now = || weir_control::Ambient::now(&*world.weather) / 1_000_000;
    let good = || json!({"iss": ISSUER, "aud": [AUDIENCE, "more"], "sub": "ada", "exp": now() + 600, "scope": "orders:read orders:write"});
    let but = |name: &str, value: Value| {
        let mut claims = good();
        claims[name] = value;
        claims
    };
    let send = async |token: &str| call(&world, &Client::key(token), "POST", &path, "{}").await;
    let input = send(&first.token(&good())).await.is(200);
    assert_eq!((&input["auth"]["type"], &input["auth"]["subject"]), (&json!("jwt"), &json!("ada")));
    assert_eq!(input["auth"]["claims"]["scope"], "orders:read orders:write");
    assert!(input["headers"].get("authorization").is_none(), "{input:#}");
    send(&first.token(&good())).await.is(200);
    assert_eq!(server.asked(), 1, "keys are remembered");

    let none = json!({"alg": "none", "kid": "first"});
    let shared = json!({"alg": "HS256", "kid": "first"});
    let other = Signer::new("first");
    let mut torn = first.token(&good());
    torn.truncate(torn.len() - 4);
    let refused = [
        (first.token(&but("iss", json!("https://other.test"))), "issuer"),
        (first.token(&but("aud", json!("others"))), "audience"),
        (first.token(&but("exp", json!(now() - 3_600))), "expired"),
        (first.token(&but("nbf", json!(now() + 3_600))), "not good yet"),
        (first.token(&but("exp", json!("never"))), "exp"),
        (first.token_with(&none, &good()), "not taken"),
        (first.token_with(&shared, &good()), "not taken"),
        (other.token(&good()), "signature"),
        (torn, ""),
        ("a.b.c".to_owned(), ""),
    ];
    for (token, part) in refused {
        let reply = send(&token).await;
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
        let problem = reply.refused(401, "TOKEN_REFUSED");
        assert!(text(&problem["detail"]).contains(part), "{problem:#}");
    }
    send("").await.refused(401, "TOKEN_REFUSED");
    call(&world, &Client::default(), "POST", &path, "{}").await.refused(401, "UNAUTHENTICATED");
    send(&first.token(&but("scope", json!("orders:read")))).await.refused(403, "TOKEN_CLAIMS");
    assert_eq!(server.asked(), 1, "nothing of this makes anybody ask for keys");

    // The issuer changes its keys: they are asked for once, and no oftener, whoever sends tokens with new ones.
    server.has(&[&second]);
    send(&second.token(&good())).await.refused(401, "TOKEN_REFUSED");
    assert_eq!(server.asked(), 1, "it is too soon to ask");
    world.weather.pass(31);
    send(&second.token(&good())).await.is(200);
    assert_eq!(server.asked(), 2);
    for number in 0..5 {
        send(&Signer::new(&format!("made-up-{number}")).token(&good())).await.refused(401, "TOKEN_REFUSED");
    }
    send(&first.token(&good())).await.refused(401, "TOKEN_REFUSED");
    assert_eq!(server.asked(), 2, "made-up keys do not make the issuer be asked");

    // An issuer that cannot be asked is no reason to let anybody in.
    server.breaks();
    send(&second.token(&good())).await.is(200);
    world.weather.pass(31);
    for _ in 0..3 {
        send(&first.token(&good())).await.refused(401, "TOKEN_REFUSED");
        send(&second.token(&good())).await.is(200);
    }
    assert_eq!(server.asked(), 3, "an issuer that fails is not asked for every token it did not sign");
    world.weather.pass(3_601);
    send(&second.token(&good())).await.refused(502, "KEYS_UNAVAILABLE");
    send(&second.token(&good())).await.refused(502, "KEYS_UNAVAILABLE");
    assert_eq!(server.asked(), 4, "what could not be had is not asked for at once again");
    server.has(&[&second]);
    world.weather.pass(31);
    send(&second.token(&good())).await.is(200);
    // Whoever guesses has to wait; whoever has a good token does not.
    let mut last = 401;
    for _ in 0..30 {
        last = send(&first.token(&good())).await.status.as_u16();
    }
    assert_eq!(last, 429);
    send(&second.token(&good())).await.is(200);
    for _ in 0..12 {
        let expired = send(&second.token(&but("exp", json!(now() - 3_600)))).await;
        expired.refused(401, "TOKEN_REFUSED");
    }
    let runs = world.get(&tenant.key, "/api/runs").await.is(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(9), "nobody who was refused has started anything");
}

async fn keys_of_an_issuer_are_asked_for_where_that_is_allowed(data: Data) {
    let signer = Signer::new("one");
    let server = KeyServer::start(&[&signer]).await;
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "echo", ECHO).await;
    let mut spec = by_token(&server.url(), json!({}));
    spec["type"] = json!("flow");
    spec["flow"] = json!(flow);
    world.post(&tenant.key, ALL, json!({"name": "x", "spec": spec})).await.refused(422, "INTERFACE_INVALID");
    // Over TLS it may be declared; a private address is not connected to all the same.
    let hidden = by_token(&format!("https://{}/keys", server.address), json!({}));
    let (_, path) = open(&world, &tenant, "hidden", ECHO, hidden).await;
    let now = weir_control::Ambient::now(&*world.weather) / 1_000_000;
    let token = signer.token(&json!({"iss": ISSUER, "aud": AUDIENCE, "exp": now + 600}));
    let problem = call(&world, &Client::key(&token), "POST", &path, "{}").await.refused(502, "KEYS_UNAVAILABLE");
    assert!(!problem.to_string().contains("127.0.0.1"), "{problem:#}");
    assert_eq!(server.asked(), 0);
}

async fn requests_and_answers_are_what_is_declared(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let anyone = Client::default();
    let spec = json!({
        "methods": ["POST", "GET"],
        "request": {"type": ["object", "null"], "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]},
        "query": {"type": "object", "properties": {"lang": {"enum": ["de", "en"]}}, "additionalProperties": false},
        "response": {"type": "object", "properties": {"n": {"maximum": 10}}, "required": ["n"]},
        "largestBody": 64,
    });
    let (_, path) = open(&world, &tenant, "answer", ANSWER, spec).await;
    let json_ = anyone.with("content-type", "application/json");
    assert_eq!(call(&world, &json_, "POST", &format!("{path}?lang=de"), r#"{"n": 2}"#).await.is(200), json!({"n": 2}));
    let wrong = call(&world, &json_, "POST", &format!("{path}?lang=fr&more=1"), r#"{"n": 0}"#).await;
    let wrong = wrong.refused(422, "REQUEST_INVALID");
    let places: Vec<String> =
        wrong["diagnostics"].as_array().expect("problems").iter().map(|one| text(&one["path"])).collect();
    assert!(places.contains(&"body.n".to_owned()) && places.contains(&"query.lang".to_owned()), "{wrong:#}");
    call(&world, &json_, "POST", &path, r#"{}"#).await.refused(422, "REQUEST_INVALID");
    call(&world, &json_, "POST", &path, r#"[1]"#).await.refused(422, "REQUEST_INVALID");
    call(&world, &json_, "POST", &path, "{").await.refused(400, "JSON_SYNTAX");
    call(&world, &json_, "POST", &path, format!("{{\"n\": 1{}}}", " ".repeat(80)))
        .await
        .refused(413, "PAYLOAD_TOO_LARGE");
    let runs = world.get(&tenant.key, "/api/runs").await.is(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(1), "what is refused starts nothing");
    // What the flow gives is held to what was promised, and its values stay inside.
    let broken = call(&world, &json_, "POST", &path, r#"{"n": 4711}"#).await;
    assert!(broken.headers.contains_key("weir-run") && !broken.text.contains("4711"), "{}", broken.text);
    broken.refused(502, "RESPONSE_INVALID");
    let (fails, path) = open(&world, &tenant, "fails", FAILS, json!({})).await;
    let failed = call(&world, &json_, "POST", &path, "{}").await;
    let run = failed.headers["weir-run"].to_str().expect("text").to_owned();
    let problem = failed.refused(502, "FLOW_FAILED");
    let detail = text(&problem["detail"]);
    assert!(detail.contains("NO_LUCK") && detail.contains(&run) && !detail.contains("swordfish"), "{detail}");
    let found = async |trigger: &str| {
        let runs = world.get(&tenant.key, &format!("/api/runs?trigger={trigger}")).await.is(200);
        runs["items"].as_array().map(Vec::len)
    };
    assert_eq!((found("interface").await, found(&text(&fails["id"])).await), (Some(3), Some(1)));
    let row = world.get(&tenant.key, &format!("/api/runs/{run}")).await.is(200);
    assert_eq!((&row["status"], &row["trigger"]["type"]), (&json!("failed"), &json!("interface")));
}

async fn each_mode_answers_in_its_time(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let anyone = Client::default();
    let (_, at_once) = open(&world, &tenant, "one", WAITS, json!({"answer": "atOnce"})).await;
    let begun = call(&world, &anyone, "POST", &at_once, "{}").await.is(202);
    let run = text(&begun["run"]);
    assert_eq!(begun.as_object().map(|members| members.len()), Some(2), "no more than that: {begun:#}");
    world.get(&tenant.key, &format!("/api/runs/{run}")).await.is(200);
    let (_, late) = open(&world, &tenant, "two", WAITS, json!({"deadline": 50})).await;
    let begun = call(&world, &anyone, "POST", &late, "{}").await.is(202);
    let run = text(&begun["run"]);
    world.post(&tenant.key, &format!("/api/runs/{run}/signal"), json!({"name": "go"})).await.is(200);
    assert_eq!(world.ended(&tenant.key, &run).await["status"], "succeeded");
    let (_, stream) = open(&world, &tenant, "three", FLOW, json!({"answer": "stream"})).await;
    let response = world.raw(World::request(&anyone, "POST", &stream, "{}".into())).await;
    assert!(response.headers().contains_key("weir-run"));
    let events = crate::live::read(response).await;
    assert!(events.iter().all(|event| event.name != "record" && event.name != "log"), "the journal stays inside");
    let ended = events.last().expect("an event");
    assert_eq!((ended.name.as_str(), &ended.data["output"]), ("state", &json!("Hello you")));
    let (_, stream) = open(&world, &tenant, "four", FAILS, json!({"answer": "stream"})).await;
    let response = world.raw(World::request(&anyone, "POST", &stream, "{}".into())).await;
    let ended = crate::live::read(response).await.pop().expect("an event");
    assert_eq!(ended.data["error"], json!({"code": "NO_LUCK"}));
}

async fn limits_hold_for_all_and_for_each(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let anyone = Client::default();
    let (_, path) = open(&world, &tenant, "all", FLOW, json!({"rate": 3})).await;
    for remaining in ["2", "1", "0"] {
        let (status, headers) = call_whole(&world, &anyone, &path).await;
        assert_eq!(
            (status, &headers["ratelimit-limit"], &headers["ratelimit-remaining"]),
            (200, &"3".parse().unwrap(), &remaining.parse().unwrap())
        );
    }
    let (status, headers) = call_whole(&world, &anyone, &path).await;
    assert_eq!((status, &headers["ratelimit-remaining"]), (429, &"0".parse().unwrap()));
    let wait: u64 = headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    let runs = world.get(&tenant.key, "/api/runs").await.is(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(3), "what comes too often starts nothing");
    world.weather.pass(21);
    assert_eq!(call_whole(&world, &anyone, &path).await.0, 200);
    // Another interface has a limit of its own.
    let (_, path) =
        open(&world, &tenant, "each", FLOW, json!({"auth": {"type": "key"}, "callerRate": 2, "rate": 5})).await;
    let mut keys = Vec::new();
    for name in ["a", "b", "c"] {
        let made = world.post(&tenant.key, &format!("{ALL}/each/keys"), json!({"name": name})).await.is(201);
        keys.push(Client::key(&text(&made["key"])));
    }
    let mut statuses = Vec::new();
    for key in [&keys[0], &keys[0], &keys[0], &keys[1], &keys[2]] {
        statuses.push(call_whole(&world, key, &path).await.0);
    }
    assert_eq!(statuses, [200, 200, 429, 200, 200], "one who asks too often is in nobody else's way");
    assert_eq!(call_whole(&world, &keys[1], &path).await.0, 429, "all together have asked often enough");
}

async fn the_same_key_is_the_same_run_across_a_restart(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let (_, path) = open(&world, &tenant, "waits", WAITS, json!({"answer": "atOnce", "methods": ["PUT"]})).await;
    let client = Client::default().with("idempotency-key", "order-1");
    let first = text(&call(&world, &client, "PUT", &path, "{}").await.is(202)["run"]);
    assert_eq!(call(&world, &client, "PUT", &path, "{}").await.is(202)["run"], json!(first));
    let world = world.restart().await;
    assert_eq!(call(&world, &client, "PUT", &path, "{}").await.is(202)["run"], json!(first));
    world.post(&tenant.key, &format!("/api/runs/{first}/signal"), json!({"name": "go"})).await.is(200);
    assert_eq!(world.ended(&tenant.key, &first).await["status"], "succeeded");
    let runs = world.get(&tenant.key, "/api/runs").await.is(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(1), "{runs:#}");
}

/// A key names a run to who has made it up: another caller, another interface and another flow get a run of their own.
async fn a_key_of_one_caller_says_nothing_to_another(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let spec = json!({"auth": {"type": "key"}, "answer": "atOnce"});
    let (_, path) = open(&world, &tenant, "closed", WAITS, spec).await;
    let flow = world.running(&tenant.key, "hooked", WAITS).await;
    let (_, beside) = open(&world, &tenant, "beside", WAITS, json!({"answer": "atOnce"})).await;
    let hook = world.hook(&tenant.key, &flow, "hook", json!({})).await;
    let mut clients = Vec::new();
    for name in ["a", "b"] {
        let made = world.post(&tenant.key, &format!("{ALL}/closed/keys"), json!({"name": name})).await.is(201);
        clients.push(Client::key(&text(&made["key"])).with("idempotency-key", "order-1"));
    }
    let anyone = Client::default().with("idempotency-key", "order-1");
    let mut runs = std::collections::BTreeSet::new();
    let calls = [(&clients[0], &path), (&clients[1], &path), (&anyone, &beside), (&anyone, &hook.path)];
    for (client, path) in calls {
        let run = text(&call(&world, client, "POST", path, "{}").await.is(202)["run"]);
        assert_eq!(text(&call(&world, client, "POST", path, "{}").await.is(202)["run"]), run);
        runs.insert(run);
    }
    assert_eq!(runs.len(), calls.len(), "{runs:?}");
}

/// What is known of a door is remembered, keys and tokens too: only the run itself is left to be asked for.
async fn it_asks_the_store_for_no_more_than_a_webhook_does(data: Data) {
    let signer = Signer::new("one");
    let server = KeyServer::start(&[&signer]).await;
    let world = with_issuer(data, &server).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "hooked", WAITS).await;
    let hook = world.hook(&tenant.key, &flow, "hook", json!({})).await;
    let at_once =
        json!({"answer": "atOnce", "request": {"type": "object"}, "rate": 1_000_000, "callerRate": 1_000_000});
    let with = |auth: Value| {
        let mut spec = at_once.clone();
        spec["auth"] = auth;
        spec
    };
    let (_, open_to_all) = open(&world, &tenant, "all", WAITS, with(json!({"type": "none"}))).await;
    let (_, by_key) = open(&world, &tenant, "key", WAITS, with(json!({"type": "key"}))).await;
    let token = by_token(&server.url(), json!({}))["auth"].clone();
    let (_, by_token) = open(&world, &tenant, "token", WAITS, with(token)).await;
    let key = world.post(&tenant.key, &format!("{ALL}/key/keys"), json!({"name": "k"})).await.is(201);
    let now = weir_control::Ambient::now(&*world.weather) / 1_000_000;
    let token = signer.token(&json!({"iss": ISSUER, "aud": AUDIENCE, "exp": now + 600, "sub": "ada"}));
    let doors = [
        (&hook.path, Client::default()),
        (&open_to_all, Client::default()),
        (&by_key, Client::key(&text(&key["key"]))),
        (&by_token, Client::key(&token)),
    ];
    let mut costs = Vec::new();
    for (path, client) in &doors {
        call(&world, client, "POST", path, "{}").await.is(202);
        let before = world.count.now();
        call(&world, client, "POST", path, "{}").await.is(202);
        costs.push(world.count.now() - before);
    }
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    assert_eq!(server.asked(), 1);
}
