//! What flows remember from one run to the next: only where they say so, each for itself, within its limits.

use crate::world::{Client, Data, Settings, Tenant, World, on_every_store, text};
use serde_json::{Value, json};
use weir_control::Tier;

on_every_store! {
    a_flow_remembers_across_runs_and_restarts
    what_is_remembered_can_be_looked_at_and_taken_away
    no_flow_reaches_anothers_memory
    limits_hold_however_many_write_at_once
    a_tier_without_memory_says_so_when_the_flow_is_switched_on
    a_change_is_made_once_however_often_it_is_attempted
}

/// Does this with its memory, as its input says.
const ASKS: &str = r#"{
  "ir": 1, "name": "asks", "dialect": "ir", "settings": {"memory": {"limit": 2000}},
  "root": {"id": "ask", "task": {"kind": "memory", "params": {"op": "{{ input.op }}", "key": "{{ input.key }}", "value": "{{ input.value }}"}}}
}"#;

const WAITS: &str =
    r#"{"ir": 1, "name": "waits", "dialect": "ir", "root": {"id": "rest", "wait": {"signal": {"name": "go"}}}}"#;

async fn ask(world: &World, client: &Client, flow: &str, op: &str, key: &str, value: Value) -> Value {
    let body = json!({"input": {"op": op, "key": key, "value": value}});
    let begun = world.post(client, &format!("/api/triggers/{flow}/inject"), body).await.is(201);
    world.ended(client, &text(&begun["run"])).await
}

async fn said(world: &World, client: &Client, flow: &str, op: &str, key: &str, value: Value) -> Value {
    let ended = ask(world, client, flow, op, key, value).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    ended["output"].clone()
}

async fn a_flow_remembers_across_runs_and_restarts(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let key = &tenant.key;
    let flow = world.running(key, "asks", ASKS).await;
    assert_eq!(said(&world, key, &flow, "get", "user/ada", Value::Null).await, Value::Null);
    said(&world, key, &flow, "set", "user/ada", json!({"likes": "tea"})).await;
    said(&world, key, &flow, "append", "notes", json!("a")).await;
    said(&world, key, &flow, "increment", "visits", json!(2)).await;
    let world = world.restart().await;
    assert_eq!(said(&world, key, &flow, "get", "user/ada", Value::Null).await, json!({"likes": "tea"}));
    assert_eq!(said(&world, key, &flow, "append", "notes", json!("b")).await, json!(["a", "b"]));
    assert_eq!(said(&world, key, &flow, "increment", "visits", json!(1)).await, 3);
    let all = said(&world, key, &flow, "list", "", Value::Null).await;
    let keys: Vec<&str> = all.as_array().expect("a list").iter().filter_map(|one| one["key"].as_str()).collect();
    assert_eq!(keys, ["notes", "user/ada", "visits"]);
    said(&world, key, &flow, "delete", "notes", Value::Null).await;
    assert_eq!(said(&world, key, &flow, "get", "notes", Value::Null).await, Value::Null);
    let failed = ask(&world, key, &flow, "append", "visits", json!(1)).await;
    assert_eq!(failed["error"]["code"], "MEMORY_REJECTED", "{failed:#}");
    // What was read is in the journal: the run shows it, whatever has become of the entry.
    let begun = ask(&world, key, &flow, "get", "user/ada", Value::Null).await;
    said(&world, key, &flow, "delete", "user/ada", Value::Null).await;
    let replayed = world.get(key, &format!("/api/runs/{}/replay", text(&begun["run"]))).await.is(200);
    assert!(replayed.to_string().contains("tea"), "{replayed:#}");
    // A new version of the flow has the same memory; one that says nothing of it has none.
    let any = key.with("if-match", "*");
    let silent = ASKS.replace(r#""settings": {"memory": {"limit": 2000}},"#, "");
    world.send(&any, "PUT", &format!("/api/flows/{flow}"), &json!({"source": silent})).await.is(200);
    let refused =
        world.post(&any, &format!("/api/flows/{flow}/versions"), Value::Null).await.refused(422, "FLOW_PROBLEMS");
    assert!(refused["diagnostics"].to_string().contains("MEMORY_NOT_ENABLED"), "{refused:#}");
}

async fn what_is_remembered_can_be_looked_at_and_taken_away(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let (key, any) = (&tenant.key, tenant.key.with("if-match", "*"));
    let flow = world.running(key, "asks", ASKS).await;
    let memory = format!("/api/flows/{flow}/memory");
    let figures = async || world.get(key, &memory).await.is(200);
    let empty = json!({"enabled": true, "entries": 0, "bytes": 0, "limit": 2000, "used": 0});
    assert_eq!(figures().await, empty);
    for number in 0..3 {
        said(&world, key, &flow, "set", &format!("n/{number}"), json!(number)).await;
    }
    assert_eq!(figures().await, json!({"enabled": true, "entries": 3, "bytes": 12, "limit": 2000, "used": 12}));
    let first = world.get(key, &format!("{memory}/entries?limit=2")).await.is(200);
    let rest = world.get(key, &format!("{memory}/entries?limit=2&after={}", text(&first["next"]))).await.is(200);
    let keys = |page: &Value| page["items"].as_array().expect("items").iter().map(|one| text(&one["key"])).collect();
    let (first, rest): (Vec<String>, Vec<String>) = (keys(&first), keys(&rest));
    assert_eq!((first, rest), (vec!["n/2".into(), "n/1".into()], vec!["n/0".to_owned()]));
    let one = format!("{memory}/entries/n%2F1");
    let shown = world.get(key, &one).await;
    let seen = key.with("if-match", shown.headers["etag"].to_str().expect("text"));
    assert_eq!(shown.is(200)["value"], 1);
    world.send(key, "PUT", &one, &json!({"value": 5})).await.refused(428, "REVISION_NEEDED");
    world.send(&seen, "PUT", &one, &json!({"value": "changed"})).await.is(200);
    world.send(&seen, "PUT", &one, &json!({"value": "lost"})).await.refused(409, "REVISION_CONFLICT");
    world.send(&seen, "DELETE", &one, &Value::Null).await.refused(409, "REVISION_CONFLICT");
    assert_eq!(said(&world, key, &flow, "get", "n/1", Value::Null).await, "changed");
    world.send(&any, "DELETE", &one, &Value::Null).await.is(204);
    world.send(&any, "DELETE", &one, &Value::Null).await.refused(404, "NOT_FOUND");
    world.send(&seen, "PUT", &one, &json!({"value": "back"})).await.refused(409, "REVISION_CONFLICT");
    let secret = "/api/projects/default/secrets/gone";
    world.send(&seen, "PUT", secret, &json!({"value": "back"})).await.refused(409, "REVISION_CONFLICT");
    assert_eq!(figures().await["entries"], 2);
    let viewer = world.member(&tenant.id, "viewer@example.org", weir_control::Role::Viewer).await;
    world.get(&viewer, &memory).await.is(200);
    world.send(&viewer, "DELETE", &memory, &Value::Null).await.refused(403, "FORBIDDEN");
    world.send(key, "DELETE", &memory, &Value::Null).await.is(204);
    assert_eq!(figures().await, empty);
    assert_eq!(said(&world, key, &flow, "list", "", Value::Null).await, json!([]));
    let audit = world.get(key, &format!("/api/audit?target={flow}&text=memory")).await.is(200);
    let actions: Vec<String> =
        audit["items"].as_array().expect("entries").iter().map(|one| text(&one["action"])).collect();
    let memory_alone: Vec<&String> = actions.iter().filter(|action| action.starts_with("memory.")).collect();
    assert_eq!(memory_alone, ["memory.cleared", "memory.deleted", "memory.changed"]);

    // A flow that is deleted takes its memory along, and one of the same name begins with nothing.
    said(&world, key, &flow, "set", "left", json!(1)).await;
    world.post(key, &format!("/api/flows/{flow}/stop"), Value::Null).await.is(200);
    world.send(&any, "DELETE", &format!("/api/flows/{flow}"), &Value::Null).await.is(204);
    world.get(key, &memory).await.refused(404, "NOT_FOUND");
    let rows = weir_store::DocumentFilter::default();
    let scope = weir_store::Scope::Tenant(tenant.id.as_str().into());
    let left = world.documents.count_documents(&scope, weir_store::Table::Memories, &rows).await.expect("a count");
    assert_eq!(left, 0, "nothing is left of it");
    let flow = world.running(key, "asks", ASKS).await;
    assert_eq!(said(&world, key, &flow, "list", "", Value::Null).await, json!([]));
    // A flow that does not remember cannot be made to.
    let plain = world.running(key, "plain", crate::routes::FLOW).await;
    let entry = format!("/api/flows/{plain}/memory/entries/x");
    world.send(&any, "PUT", &entry, &json!({"value": 1})).await.refused(409, "MEMORY_NOT_ENABLED");
    assert_eq!(world.get(key, &format!("/api/flows/{plain}/memory")).await.is(200)["enabled"], false);
}

async fn no_flow_reaches_anothers_memory(data: Data) {
    let world = World::open(data).await;
    let (anna, bert) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let first = world.running(&anna.key, "first", ASKS).await;
    said(&world, &anna.key, &first, "set", "secret", json!("zebra")).await;
    // The same keys in another flow of the project, in a flow of the same name of another project, and of another
    // organisation, are other entries. There is no way to name whose memory is meant.
    let second = world.running(&anna.key, "second", ASKS).await;
    world.post(&anna.key, "/api/projects", json!({"name": "other"})).await.is(201);
    let made = json!({"project": "other", "name": "first", "source": ASKS});
    let third = text(&world.post(&anna.key, "/api/flows", made).await.is(201)["id"]);
    world.post(&anna.key, &format!("/api/flows/{third}/start"), Value::Null).await.is(200);
    let fourth = world.running(&bert.key, "first", ASKS).await;
    for (client, flow) in [(&anna.key, &second), (&anna.key, &third), (&bert.key, &fourth)] {
        assert_eq!(said(&world, client, flow, "get", "secret", Value::Null).await, Value::Null);
        for key in ["", "secret", "../first/secret", "first", &first, &format!("{first}/marks")] {
            let listed = said(&world, client, flow, "list", key, Value::Null).await;
            assert_eq!(listed, json!([]), "{key}");
        }
        said(&world, client, flow, "set", "secret", json!("mine")).await;
    }
    assert_eq!(said(&world, &anna.key, &first, "get", "secret", Value::Null).await, "zebra");
    // Nor does an expression: there is no such name in it.
    let peeks = r#"{"ir": 1, "name": "peeks", "dialect": "ir", "settings": {"memory": {}}, "root": {"id": "a", "task": {"kind": "transform", "params": {"value": "{{ memory.secret }}"}}}}"#;
    let flow = world.flow(&anna.key, "peeks", peeks).await;
    let refused =
        world.post(&anna.key.with("if-match", "*"), &format!("/api/flows/{flow}/versions"), Value::Null).await;
    let refused = refused.refused(422, "FLOW_PROBLEMS");
    assert!(refused["diagnostics"].to_string().contains("UNKNOWN_VARIABLE"), "{refused:#}");
    // Nor the API in another organisation's name.
    for path in ["memory", "memory/entries", "memory/entries/secret"] {
        world.get(&bert.key, &format!("/api/flows/{first}/{path}")).await.refused(404, "NOT_FOUND");
    }
    world
        .send(&bert.key, "DELETE", &format!("/api/flows/{first}/memory"), &Value::Null)
        .await
        .refused(404, "NOT_FOUND");
    // Nor the database: each sees its own rows alone.
    let page = weir_store::DocumentPage { after: None, limit: 1_000, newest_first: false };
    let all = weir_store::DocumentFilter::default();
    let scope = weir_store::Scope::Tenant(bert.id.as_str().into());
    let rows = world.documents.documents(&scope, weir_store::Table::Memories, &all, &page).await.expect("rows");
    assert!(!rows.is_empty() && !format!("{rows:?}").contains("zebra"));
}

/// A world whose tenants may remember so much.
async fn limited(data: Data, bytes: u64) -> (World, Tenant) {
    let mut settings = Settings::default();
    let unlimited = settings.control.tiers["enterprise"].clone();
    settings.control.tiers.insert("small".to_owned(), Tier { memory: Some(bytes), ..unlimited });
    settings.control.tier = "small".to_owned();
    let world = World::with(data, settings).await;
    let tenant = world.tenant("Anna").await;
    (world, tenant)
}

async fn limits_hold_however_many_write_at_once(data: Data) {
    let (world, tenant) = limited(data, 1_000).await;
    let key = &tenant.key;
    let flows = [world.running(key, "one", ASKS).await, world.running(key, "two", ASKS).await];
    // 104 bytes each: a key of two letters and a text of a hundred.
    let value = json!("x".repeat(100));
    let runs: Vec<Value> = futures::future::join_all((0..24).map(|number| {
        let (world, flow, value) = (&world, &flows[number % 2], value.clone());
        async move { ask(world, key, flow, "set", &format!("{number:02}"), value).await }
    }))
    .await;
    let good = runs.iter().filter(|run| run["status"] == "succeeded").count();
    assert_eq!(good, 9, "as many as there is room for, and not one more");
    for run in runs.iter().filter(|run| run["status"] != "succeeded") {
        assert_eq!(run["error"]["code"], "MEMORY_FULL", "{run:#}");
    }
    let figures = world.get(key, &format!("/api/flows/{}/memory", flows[0])).await.is(200);
    assert_eq!((&figures["used"], &figures["allowed"]), (&json!(936), &json!(1_000)));
    let any = key.with("if-match", "*");
    let entry = format!("/api/flows/{}/memory/entries/more", flows[0]);
    let full = world.send(&any, "PUT", &entry, &json!({"value": value})).await.refused(402, "MEMORY_FULL");
    assert_eq!(full["limit"], 1_000);
    world.send(&any, "PUT", &entry, &json!({"value": 1})).await.is(200);
    // What becomes smaller may always be written; what is taken away makes room again.
    for flow in &flows {
        world.send(key, "DELETE", &format!("/api/flows/{flow}/memory"), &Value::Null).await.is(204);
    }
    said(&world, key, &flows[0], "set", "new", value).await;
    // The flow's own limit, and that of one entry.
    let long = ask(&world, key, &flows[0], "set", "long", json!("x".repeat(3_000))).await;
    assert_eq!(long["error"]["code"], "MEMORY_FULL", "{long:#}");
    assert!(text(&long["error"]["message"]).contains("limit"), "{long:#}");
}

async fn a_tier_without_memory_says_so_when_the_flow_is_switched_on(data: Data) {
    let (world, tenant) = limited(data, 0).await;
    let flow = world.flow(&tenant.key, "asks", ASKS).await;
    let start = format!("/api/flows/{flow}/start");
    let refused = world.post(&tenant.key, &start, Value::Null).await.refused(402, "MEMORY_FULL");
    assert_eq!(refused["limit"], 0);
    world.running(&tenant.key, "plain", crate::routes::FLOW).await;
}

/// As a runtime does after a crash: the same step again, when other runs have changed the entry meanwhile.
async fn a_change_is_made_once_however_often_it_is_attempted(data: Data) {
    use weir_kind::{FlowContext, Memory, MemoryChange, MemoryLimit, MemoryOp};
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "asks", ASKS).await;
    let waits = world.running(&tenant.key, "waits", WAITS).await;
    let context = FlowContext {
        tenant: tenant.id.as_str().into(),
        project: "default".into(),
        service: "default".into(),
        flow: "asks".into(),
        memory: Some(MemoryLimit { bytes: 2_000 }),
        ..FlowContext::default()
    };
    let attempt = async |run: &str, path: &str| {
        let change = MemoryChange {
            name: "visits".into(),
            op: MemoryOp::Increment,
            value: 1.into(),
            key: format!("{run}/{path}"),
            run: run.into(),
        };
        world.control.memory().apply(&context, change).await.expect("it is kept")
    };
    let begin = async || {
        let begun = world.post(&tenant.key, &format!("/api/triggers/{waits}/inject"), json!({})).await.is(201);
        text(&begun["run"])
    };
    let (one, two, open) = (begin().await, begin().await, begin().await);
    assert_eq!(attempt(&one, "a").await, 1.into());
    assert_eq!(attempt(&two, "a").await, 2.into());
    assert_eq!(attempt(&one, "a").await, 1.into(), "made before, not made again, and told the same");
    assert_eq!(attempt(&one, "b").await, 3.into(), "another step");
    // What it takes to know that goes when runs are over, whatever runs are open beside them. Here they are of a run that
    // is open, and of one that is not there at all.
    for number in 0..210 {
        attempt(&open, &number.to_string()).await;
    }
    for number in 0..200 {
        attempt("many", &number.to_string()).await;
    }
    let marks = |run: &str| weir_store::DocumentFilter {
        parent: Some(format!("{flow}/marks").into()),
        label: Some(run.into()),
        ..weir_store::DocumentFilter::default()
    };
    let scope = weir_store::Scope::Tenant(tenant.id.as_str().into());
    let count = async |run: &str| {
        world.documents.count_documents(&scope, weir_store::Table::Memories, &marks(run)).await.expect("a count")
    };
    assert_eq!(count(&open).await, 210, "what may be attempted again is known");
    assert!(count("many").await < 150, "{} marks are left", count("many").await);
    // And a run that goes on for ever leaves no more and no more of them.
    let older = |number: u32| {
        let (id, name) = (format!("00000000-{number:08}"), format!("{open}/older/{number}"));
        let body = json!({"flow": flow, "run": open, "key": name}).to_string();
        let row = weir_testkit::document(&tenant.id, &id, &format!("{flow}/marks"), &name, body);
        weir_store::Document { label: open.as_str().into(), created_at: 0, updated_at: 0, ..row }
    };
    let insert = |number| weir_store::Change::Insert(weir_store::Table::Memories, older(number));
    world.documents.change(&scope, (0..4_100).map(insert).collect()).await.expect("they are kept");
    for number in 0..192 {
        attempt(&open, &format!("more/{number}")).await;
    }
    assert!(count(&open).await <= 4_096 + 64, "{} marks of one run are kept", count(&open).await);
    assert_eq!(attempt(&open, "0").await, 4.into(), "the newest are");
    assert_eq!(said(&world, &tenant.key, &flow, "get", "visits", Value::Null).await, 605);
}
