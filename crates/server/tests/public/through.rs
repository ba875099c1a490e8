//! Variables of other projects: closed unless an interface opens them, over the API and for flows, and written down.

use crate::world::{Client, Data, Reply, Tenant, World, on_every_store, text};
use serde_json::{Value, json};

on_every_store! {
    the_api_reads_and_writes_what_is_open_and_nothing_else
    flows_read_and_write_what_is_open_and_nothing_else
    nothing_is_open_between_organisations
    variables_go_along_with_a_project
    interfaces_go_along_with_a_project
}

/// Asks for a variable through an interface, and fails with what comes of it.
fn flow(project: &str, name: &str, op: &str, value: Value) -> String {
    let params = json!({"project": project, "interface": "stats", "name": name, "op": op, "value": value});
    json!({
        "ir": 1, "name": "asks", "dialect": "ir",
        "root": {"id": "ask", "task": {"kind": "project.interface", "params": params}}
    })
    .to_string()
}

/// Projects `alpha`, `beta` and `gamma`; `beta` has variables and opens some to `alpha`.
async fn three(world: &World, tenant: &Tenant) {
    let key = &tenant.key;
    for name in ["alpha", "beta", "gamma"] {
        world.post(key, "/api/projects", json!({"name": name})).await.is(201);
    }
    for (name, value) in [("counter", json!(41)), ("rate", json!(1.5)), ("hidden", json!("zebra"))] {
        world.send(key, "PUT", &format!("/api/projects/beta/variables/{name}"), &json!({"value": value})).await.is(200);
    }
    let spec = json!({
        "type": "variables", "read": ["counter", "rate"], "write": ["counter", "inbox"],
        "allow": [{"project": "alpha"}, {"project": "gamma", "flow": "trusted", "readOnly": true}]
    });
    world.post(key, "/api/projects/beta/interfaces", json!({"name": "stats", "spec": spec})).await.is(201);
}

async fn read(world: &World, client: &Client, interface: &str, name: &str, asker: &str) -> Reply {
    world.get(client, &format!("/api/projects/beta/interfaces/{interface}/variables/{name}?as={asker}")).await
}

async fn write(world: &World, client: &Client, name: &str, asker: &str, value: Value) -> Reply {
    let path = format!("/api/projects/beta/interfaces/stats/variables/{name}?as={asker}");
    world.send(client, "PUT", &path, &json!({"value": value})).await
}

async fn the_api_reads_and_writes_what_is_open_and_nothing_else(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    three(&world, &tenant).await;
    let key = &tenant.key;
    assert_eq!(read(&world, key, "stats", "counter", "alpha").await.is(200), json!({"name": "counter", "value": 41}));
    write(&world, key, "counter", "alpha", json!(7)).await.is(200);
    write(&world, key, "inbox", "alpha", json!(["x"])).await.is(200);
    let own = world.get(key, "/api/projects/beta/variables/counter").await.is(200);
    assert_eq!(own["value"], 7);
    let closed = read(&world, key, "stats", "hidden", "alpha").await;
    for other in [
        read(&world, key, "stats", "none", "alpha").await,
        read(&world, key, "none", "counter", "alpha").await,
        read(&world, key, "stats", "counter", "gamma").await,
        read(&world, key, "stats", "counter", "beta").await,
        read(&world, key, "stats", "counter", "").await,
        read(&world, key, "stats", "inbox", "alpha").await,
        write(&world, key, "rate", "alpha", json!(2)).await,
        write(&world, key, "counter", "gamma", json!(2)).await,
    ] {
        assert_eq!(other, closed, "what is closed looks like what is not there");
    }
    closed.refused(404, "NOT_FOUND");
    assert_eq!(world.get(key, "/api/projects/beta/variables/rate").await.is(200)["value"], 1.5);
    let viewer = world.member(&tenant.id, "viewer@example.org", weir_control::Role::Viewer).await;
    read(&world, &viewer, "stats", "counter", "alpha").await.is(200);
    write(&world, &viewer, "counter", "alpha", json!(9)).await.refused(403, "FORBIDDEN");
    let entries = audit(&world, key, "stats").await;
    let told: Vec<(String, String)> =
        entries.iter().rev().map(|one| (text(&one["action"]), text(&one["after"]["variable"]))).collect();
    let pair = |action: &str, variable: &str| (action.to_owned(), variable.to_owned());
    let expected = [
        pair("interface.read", "counter"),
        pair("interface.written", "counter"),
        pair("interface.written", "inbox"),
        pair("interface.read", "counter"),
    ];
    assert_eq!(told, expected);
    // Switched off, it opens nothing.
    let any = key.with("if-match", "*");
    world.send(&any, "PATCH", "/api/projects/beta/interfaces/stats", &json!({"enabled": false})).await.is(200);
    read(&world, key, "stats", "counter", "alpha").await.refused(404, "NOT_FOUND");
}

/// Uses of an interface, the newest first.
async fn audit(world: &World, client: &Client, interface: &str) -> Vec<Value> {
    let found = world.get(client, &format!("/api/projects/beta/interfaces/{interface}")).await.is(200);
    let all = world.get(client, &format!("/api/audit?target={}&limit=200", text(&found["id"]))).await.is(200);
    let used = |one: &&Value| matches!(one["action"].as_str(), Some("interface.read" | "interface.written"));
    all["items"].as_array().expect("entries").iter().filter(used).cloned().collect()
}

/// Runs a flow in a project; what it came to.
async fn run(world: &World, client: &Client, project: &str, name: &str, source: &str) -> Value {
    let made = world.post(client, "/api/flows", json!({"project": project, "name": name, "source": source})).await;
    let flow = text(&made.is(201)["id"]);
    world.post(client, &format!("/api/flows/{flow}/start"), Value::Null).await.is(200);
    let begun = world.post(client, &format!("/api/triggers/{flow}/inject"), Value::Null).await.is(201);
    world.ended(client, &text(&begun["run"])).await
}

async fn flows_read_and_write_what_is_open_and_nothing_else(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    three(&world, &tenant).await;
    let key = &tenant.key;
    let cases = [
        ("alpha", "reads", flow("beta", "counter", "get", Value::Null), Ok(json!(41))),
        ("alpha", "counts", flow("beta", "counter", "increment", json!(1)), Ok(json!(42))),
        ("alpha", "sends", flow("beta", "inbox", "set", json!(["hello"])), Ok(json!(["hello"]))),
        ("gamma", "trusted", flow("beta", "rate", "get", Value::Null), Ok(json!(1.5))),
        ("alpha", "adds", flow("beta", "inbox", "append", json!("x")), Err("VARIABLES_REJECTED")),
        ("alpha", "writes", flow("beta", "rate", "set", json!(2)), Err("VARIABLES_REJECTED")),
        ("alpha", "looks", flow("beta", "hidden", "get", Value::Null), Err("VARIABLES_REJECTED")),
        ("alpha", "guesses", flow("beta", "none", "get", Value::Null), Err("VARIABLES_REJECTED")),
        ("gamma", "tries", flow("beta", "rate", "get", Value::Null), Err("VARIABLES_REJECTED")),
        ("alpha", "elsewhere", flow("gamma", "counter", "get", Value::Null), Err("VARIABLES_REJECTED")),
    ];
    for (project, name, source, expected) in cases {
        let ended = run(&world, key, project, name, &source).await;
        match expected {
            Ok(output) => assert_eq!((&ended["status"], &ended["output"]), (&json!("succeeded"), &output), "{ended:#}"),
            Err(code) => {
                assert_eq!(ended["error"]["code"], code, "{name}: {ended:#}");
                assert!(!ended.to_string().contains("zebra"), "{ended:#}");
            }
        }
    }
    let values = world.get(key, "/api/projects/beta/variables").await.is(200);
    let value = |name: &str| values["items"].as_array().expect("items").iter().find(|one| one["name"] == name).cloned();
    assert_eq!(value("counter").expect("there")["value"], 42);
    assert_eq!(value("rate").expect("there")["value"], 1.5);
    let entries = audit(&world, key, "stats").await;
    let told: Vec<(String, String)> =
        entries.iter().rev().map(|one| (text(&one["who"]), text(&one["action"]))).collect();
    let pair = |who: &str, action: &str| (who.to_owned(), action.to_owned());
    let expected = [
        pair("flow alpha/reads", "interface.read"),
        pair("flow alpha/counts", "interface.written"),
        pair("flow alpha/sends", "interface.written"),
        pair("flow gamma/trusted", "interface.read"),
    ];
    assert_eq!(told, expected, "each use is written down, and by whom");
}

async fn nothing_is_open_between_organisations(data: Data) {
    let world = World::open(data).await;
    let (anna, bert) = (world.tenant("Anna").await, world.tenant("Bert").await);
    three(&world, &anna).await;
    // The same names in another organisation are other things.
    world.post(&bert.key, "/api/projects", json!({"name": "alpha"})).await.is(201);
    read(&world, &bert.key, "stats", "counter", "alpha").await.refused(404, "NOT_FOUND");
    let ended = run(&world, &bert.key, "alpha", "reads", &flow("beta", "counter", "get", Value::Null)).await;
    assert_eq!(ended["error"]["code"], "VARIABLES_REJECTED", "{ended:#}");
    assert!(audit(&world, &anna.key, "stats").await.is_empty());
}

async fn variables_go_along_with_a_project(data: Data) {
    let world = World::open(data).await;
    let (anna, bert) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let (own, path) = (&anna.key, "/api/projects/shop");
    world.post(own, "/api/projects", json!({"name": "shop"})).await.is(201);
    world.post(own, &format!("{path}/services"), json!({"name": "till"})).await.is(201);
    let set = async |client: &Client, name: &str, value: Value| {
        let any = client.with("if-match", "*");
        world.send(&any, "PUT", &format!("{path}/variables/{name}"), &json!({"value": value})).await.is(200)
    };
    set(own, "orders", json!(7)).await;
    set(own, "names", json!(["a", {"b": null}])).await;
    set(own, "drawer?service=till", json!({"cash": 12.5})).await;
    world.send(own, "PUT", &format!("{path}/secrets/card"), &json!({"value": "swordfish"})).await.is(200);
    let bundle = world.get(own, &format!("{path}/export")).await.is(200);
    let expected = json!([
        {"name": "names", "value": ["a", {"b": null}]},
        {"name": "orders", "value": 7},
        {"service": "till", "name": "drawer", "value": {"cash": 12.5}},
    ]);
    assert_eq!(bundle["variables"], expected);
    assert!(!bundle.to_string().contains("swordfish") && bundle["secrets"] == json!(["card"]), "{bundle:#}");

    let import = async |body: Value| world.post(&bert.key, "/api/import", body).await;
    let planned = import(json!({"bundle": bundle})).await.is(200);
    let made = json!([
        "project shop",
        "service default",
        "service till",
        "variable names",
        "variable orders",
        "variable drawer of till"
    ]);
    assert_eq!((&planned["made"], &planned["applied"]), (&made, &json!(false)));
    world.get(&bert.key, path).await.refused(404, "NOT_FOUND");
    import(json!({"bundle": bundle, "apply": true})).await.is(200);
    let again = world.get(&bert.key, &format!("{path}/export")).await.is(200);
    assert_eq!(again["variables"], expected);
    // What is there is never overwritten.
    set(&bert.key, "orders", json!(8)).await;
    import(json!({"bundle": bundle, "apply": true})).await.refused(409, "IMPORT_CONFLICT");
    let skipped = import(json!({"bundle": bundle, "apply": true, "skipExisting": true})).await.is(200);
    assert_eq!(skipped["made"], json!([]));
    assert_eq!(world.get(&bert.key, &format!("{path}/variables/orders")).await.is(200)["value"], 8);
    let mut twice = bundle.clone();
    twice["variables"] = json!([{"name": "x", "value": 1}, {"name": "x", "value": 2}]);
    import(json!({"bundle": twice, "apply": true})).await.refused(422, "INVALID_BUNDLE");
    twice["variables"] = json!([{"service": "nobody", "name": "x", "value": 1}]);
    import(json!({"bundle": twice, "apply": true, "skipExisting": true})).await.refused(422, "INVALID_BUNDLE");
}

async fn interfaces_go_along_with_a_project(data: Data) {
    let world = World::open(data).await;
    let (anna, bert) = (world.tenant("Anna").await, world.tenant("Bert").await);
    three(&world, &anna).await;
    let key = &anna.key;
    let source = crate::routes::FLOW;
    let made = world.post(key, "/api/flows", json!({"project": "beta", "name": "greet", "source": source})).await;
    let greet = text(&made.is(201)["id"]);
    let all = "/api/projects/beta/interfaces";
    let spec = json!({"type": "flow", "flow": greet, "auth": {"type": "key"}, "methods": ["POST"], "rate": 7});
    world.post(key, all, json!({"name": "greet", "description": "says hello", "spec": spec})).await.is(201);
    let kept = world.post(key, &format!("{all}/greet/keys"), json!({"name": "shop"})).await.is(201);
    let bundle = world.get(key, "/api/projects/beta/export").await.is(200);
    let shown = bundle["interfaces"].as_array().expect("interfaces");
    assert_eq!(shown.iter().map(|one| text(&one["name"])).collect::<Vec<_>>(), ["greet", "stats"]);
    assert_eq!((&shown[0]["spec"]["flow"], &shown[0]["spec"]["auth"]["keys"]), (&json!("greet"), &json!([])));
    assert!(!bundle.to_string().contains(&text(&kept["id"])) && !bundle.to_string().contains(&greet), "{bundle:#}");

    world.post(&bert.key, "/api/projects", json!({"name": "alpha"})).await.is(201);
    let import = async |body: Value| world.post(&bert.key, "/api/import", body).await;
    let planned = import(json!({"bundle": bundle})).await.is(200);
    let of_interfaces = |made: &Value| -> Vec<String> {
        made.as_array().expect("a list").iter().map(text).filter(|one| one.starts_with("interface")).collect()
    };
    let told = of_interfaces(&planned["made"]);
    assert_eq!(told, ["interface greet", "interface stats, without access for gamma: there is no such project"]);
    assert!(import(json!({"bundle": bundle, "apply": true})).await.is(200)["applied"] == true);
    let there = world.get(&bert.key, &format!("{all}/greet")).await.is(200);
    assert_eq!((&there["description"], &there["settings"]["rate"]), (&json!("says hello"), &json!(7)));
    assert_eq!(there["settings"]["auth"]["keys"], json!([]), "nobody is let in yet: {there:#}");
    assert_ne!(there["settings"]["flow"], json!(greet), "it opens the flow that came along");
    let again = world.get(&bert.key, "/api/projects/beta/export").await.is(200);
    assert_eq!(again["interfaces"][0], bundle["interfaces"][0]);
    import(json!({"bundle": bundle, "apply": true})).await.refused(409, "IMPORT_CONFLICT");
    let skipped = import(json!({"bundle": bundle, "apply": true, "skipExisting": true})).await.is(200);
    assert_eq!(skipped["made"], json!([]));
    let mut wrong = bundle.clone();
    wrong["interfaces"][0]["name"] = json!("other");
    wrong["interfaces"][0]["spec"]["flow"] = json!("none");
    import(json!({"bundle": wrong, "apply": true, "skipExisting": true})).await.refused(422, "INVALID_BUNDLE");
}
