//! Flows that are deleted and come back: what comes with them, who may bring them, and when they are gone for good.

use super::{count, saying};
use crate::routes::FLOW;
use crate::world::{Client, Data, MASTER_KEY, Settings, World, on_every_store, text};
use serde_json::{Value, json};
use weir_control::{Permission, Role};
use weir_store::{Change, DocumentFilter, Scope, Table};
use weir_testkit::document;
use weir_vault::keyring::Keyring;

on_every_store! {
    code_and_its_numbers_come_back
    it_is_off_on_the_runtime_it_had
    other_flows_call_it_again
    a_new_master_key_seals_its_webhooks_too
    it_needs_what_making_its_parts_needs
    it_comes_back_though_its_service_is_gone
    it_is_forgotten_where_nothing_else_is_old
    no_more_are_kept_than_a_tier_allows_flows
    some_are_kept_in_any_case
    those_deleted_at_the_same_moment_are_all_kept
    a_save_at_the_same_moment_is_kept_or_refused
}

async fn delete(world: &World, key: &Client, flow: &str) {
    world.send(&key.with("if-match", "*"), "DELETE", &format!("/api/flows/{flow}"), &Value::Null).await.is(204);
}

async fn restore(world: &World, key: &Client, flow: &str) -> Value {
    world.post(key, &format!("/api/deleted-flows/{flow}/restore"), Value::Null).await.is(200)
}

/// A version as code, as the compilers would leave it.
async fn compiled(world: &World, tenant: &str, flow: &str, number: u64) {
    let (hash, under) = (format!("{number}a"), format!("{flow}/files"));
    let made = json!({
        "flow": flow, "number": number, "release": 1, "version": "v", "hash": hash, "generator": "g",
        "files": 1, "bytes": 1, "steps": 1, "by": "b"
    });
    let files = json!({"flow": flow, "hash": hash, "files": {"workflow.ts": "code"}});
    let rows = [
        document(tenant, &format!("{flow}-{number}"), flow, &number.to_string(), made.to_string()),
        document(tenant, &format!("{flow}-{number}-files"), &under, &hash, files.to_string()),
    ];
    let steps = rows.map(|row| Change::Insert(Table::Compilations, row)).to_vec();
    world.documents.change(&Scope::System, steps).await.expect("a compilation");
}

async fn left(world: &World, tenant: &str, table: Table) -> u64 {
    let scope = Scope::Tenant(tenant.into());
    world.documents.count_documents(&scope, table, &DocumentFilter::default()).await.expect("a count")
}

async fn code_and_its_numbers_come_back(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let (key, host) = (&tenant.key, world.key(&tenant.id, Role::Owner, Some(vec![Permission::HostsServe])).await);
    let flow = world.flow(key, "greet", FLOW).await;
    for number in [6, 7] {
        compiled(&world, &tenant.id, &flow, number).await;
    }
    let path = format!("/api/flows/{flow}/compilations");
    let before = world.get(key, &path).await.is(200);
    delete(&world, key, &flow).await;
    world.get(key, &path).await.refused(404, "NOT_FOUND");
    // Its runs go on, wherever the code is run; an id of something else in the table is no flow.
    assert_eq!(world.get(&host, &format!("{path}/6/code")).await.is(200)["files"]["workflow.ts"], "code");
    world.get(&host, &format!("/api/flows/{flow}-6/compilations/6/code")).await.refused(404, "NOT_FOUND");
    restore(&world, key, &flow).await;
    assert_eq!(world.get(key, &path).await.is(200), before);
    assert_eq!(world.get(&host, &format!("/api/flows/{flow}/code")).await.is(200)["compilation"]["number"], 7);
    // Whoever knows it by number and hash is told of other code alone, as there is after a backup was put back.
    for (known, status) in
        [("after=7", 204), ("after=7&hash=7a", 204), ("after=7&hash=9a", 200), ("after=9&hash=9a", 200)]
    {
        world.get(&host, &format!("/api/flows/{flow}/code?{known}")).await.is(status);
    }
    // Again, and for good.
    delete(&world, key, &flow).await;
    world.weather.pass(31 * 24 * 3_600);
    world.control.keep_house().await.expect("it begins");
    world.at_rest().await;
    assert_eq!(left(&world, &tenant.id, Table::Compilations).await, 0);
}

async fn it_is_off_on_the_runtime_it_had(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let key = &tenant.key;
    let flow = world.running(key, "greet", FLOW).await;
    let scope = Scope::Tenant(tenant.id.as_str().into());
    world.post(key, &format!("/api/flows/{flow}/stop"), Value::Null).await.is(200);
    let mut document =
        world.documents.document(&scope, Table::Deployments, &flow).await.expect("a row").expect("a deployment");
    let mut body: Value = serde_json::from_str(&document.body).expect("a body");
    body["connection"] = json!("main");
    document.body = body.to_string().into();
    let step = Change::Replace { table: Table::Deployments, document, expected: None };
    world.documents.change(&scope, vec![step]).await.expect("changed");
    let status = async || world.get(key, &format!("/api/flows/{flow}/status")).await.is(200);
    let before = status().await;
    assert_eq!((&before["runtime"], &before["status"]), (&json!("temporal:main"), &json!("stopped")), "{before:#}");
    delete(&world, key, &flow).await;
    restore(&world, key, &flow).await;
    let after = status().await;
    for member in ["runtime", "status", "version"] {
        assert_eq!(after[member], before[member], "{member}");
    }
}

/// Calls another flow by its name.
const CALLS: &str = r#"{"ir": 1, "name": "calls", "dialect": "ir",
  "root": {"id": "ask", "call": {"flow": "greet", "input": {}}}}"#;

async fn other_flows_call_it_again(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let greet = world.running(&key, "greet", FLOW).await;
    let calls = world.running(&key, "calls", CALLS).await;
    let ends = async || {
        let run = world.post(&key, &format!("/api/triggers/{calls}/inject"), json!({})).await.is(201);
        text(&world.ended(&key, &text(&run["run"])).await["status"])
    };
    assert_eq!(ends().await, "succeeded");
    world.post(&key, &format!("/api/flows/{greet}/stop"), Value::Null).await.is(200);
    delete(&world, &key, &greet).await;
    assert_eq!(ends().await, "failed", "it is gone");
    restore(&world, &key, &greet).await;
    assert_eq!(ends().await, "succeeded");
}

async fn a_new_master_key_seals_its_webhooks_too(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flow = world.flow(&key, "greet", FLOW).await;
    world.hook(&key, &flow, "hook", json!({})).await;
    delete(&world, &key, &flow).await;
    let old = Keyring::parse(MASTER_KEY).expect("a key").current().to_owned();
    let new = format!("new:{}", MASTER_KEY.replace('5', "6"));
    let both = Keyring::parse(&format!("{old}:{MASTER_KEY}\n{new}")).expect("two keys");
    let rotate = async |keys: &Keyring| weir_control::rotate(&*world.documents, keys, &*world.weather).await;
    rotate(&both).await.expect("it is sealed anew");
    // The old key may go now; what comes back is sealed under the new one.
    restore(&world, &key, &flow).await;
    let rotated = rotate(&Keyring::parse(&new).expect("a key")).await.expect("nothing needs the old key");
    assert!(rotated.rewrapped == 0 && rotated.already > 0, "{rotated:?}");
}

async fn it_needs_what_making_its_parts_needs(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.flow(&tenant.key, "greet", FLOW).await;
    let published = world.flow(&tenant.key, "known", FLOW).await;
    let any = tenant.key.with("if-match", "*");
    world.hook(&tenant.key, &flow, "hook", json!({})).await;
    world.post(&any, &format!("/api/flows/{published}/versions"), Value::Null).await.is(201);
    delete(&world, &tenant.key, &flow).await;
    delete(&world, &tenant.key, &published).await;
    let writes = [Permission::FlowsRead, Permission::FlowsWrite];
    for (flow, more) in [(&flow, Permission::TriggersWrite), (&published, Permission::FlowsPublish)] {
        let few = world.key(&tenant.id, Role::Owner, Some(writes.to_vec())).await;
        let back = format!("/api/deleted-flows/{flow}/restore");
        let refused = world.post(&few, &back, Value::Null).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
        assert!(refused.text.contains(more.as_str()), "{}", refused.text);
        let enough = world.key(&tenant.id, Role::Owner, Some([&writes[..], &[more]].concat())).await;
        restore(&world, &enough, flow).await;
    }
}

async fn it_comes_back_though_its_service_is_gone(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    world.post(&key, "/api/projects/default/services", json!({"name": "shop"})).await.is(201);
    let made =
        world.post(&key, "/api/flows", json!({"name": "greet", "source": FLOW, "service": "shop"})).await.is(201);
    let flow = text(&made["id"]);
    delete(&world, &key, &flow).await;
    world.send(&key, "DELETE", "/api/projects/default/services/shop", &Value::Null).await.is(204);
    assert_eq!(restore(&world, &key, &flow).await["service"], "default");
}

/// No run of theirs is old, and nothing else is.
async fn it_is_forgotten_where_nothing_else_is_old(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    for number in 0..45 {
        let flow = world.flow(&tenant.key, &format!("flow-{number}"), FLOW).await;
        delete(&world, &tenant.key, &flow).await;
    }
    let keep_house = async || {
        world.control.keep_house().await.expect("it begins");
        world.at_rest().await;
    };
    keep_house().await;
    assert_eq!(left(&world, &tenant.id, Table::Revisions).await, 90, "each with its text");
    world.weather.pass(31 * 24 * 3_600);
    keep_house().await;
    assert_eq!(left(&world, &tenant.id, Table::Revisions).await, 0);
}

/// A world whose organisations may have so many flows.
async fn allowing(data: Data, flows: u64) -> World {
    let mut settings = Settings::default();
    settings.control.tiers.get_mut("enterprise").expect("a tier").flows = Some(flows);
    World::with(data, settings).await
}

async fn no_more_are_kept_than_a_tier_allows_flows(data: Data) {
    let world = allowing(data, 11).await;
    let tenant = world.tenant("Anna").await;
    let flows = all_deleted(&world, &tenant.key, 13).await;
    assert_eq!(count(&world, &tenant.key, "/api/deleted-flows").await, 11);
    assert_eq!(left(&world, &tenant.id, Table::Revisions).await, 22, "nothing stays of the others");
    world
        .post(&tenant.key, &format!("/api/deleted-flows/{}/restore", flows[1]), Value::Null)
        .await
        .refused(404, "NOT_FOUND");
    restore(&world, &tenant.key, &flows[2]).await;
}

async fn some_are_kept_in_any_case(data: Data) {
    let world = allowing(data, 1).await;
    let key = world.tenant("Anna").await.key;
    let flows = all_deleted(&world, &key, 11).await;
    assert_eq!(count(&world, &key, "/api/deleted-flows").await, 10);
    restore(&world, &key, &flows[1]).await;
}

async fn all_deleted(world: &World, key: &Client, count: u32) -> Vec<String> {
    let mut flows = Vec::new();
    for number in 0..count {
        let flow = world.flow(key, &format!("flow-{number}"), FLOW).await;
        delete(world, key, &flow).await;
        flows.push(flow);
    }
    flows
}

/// Each of them makes room for itself, and none for another.
async fn those_deleted_at_the_same_moment_are_all_kept(data: Data) {
    let world = allowing(data, 10).await;
    let key = world.tenant("Anna").await.key;
    all_deleted(&world, &key, 10).await;
    for round in 0..5 {
        let mut flows = Vec::new();
        for number in 0..4 {
            flows.push(world.flow(&key, &format!("again-{round}-{number}"), FLOW).await);
        }
        futures::future::join_all(flows.iter().map(|flow| delete(&world, &key, flow))).await;
        let kept = world.get(&key, "/api/deleted-flows").await.is(200);
        let kept: Vec<String> = kept["items"].as_array().expect("flows").iter().map(|gone| text(&gone["id"])).collect();
        assert_eq!(kept.len(), 10, "round {round}");
        assert!(flows.iter().all(|flow| kept.contains(flow)), "round {round}: {flows:?}, {kept:?}");
    }
}

/// Whoever saves and whoever deletes have seen nothing; what comes back is what was saved last, and can be saved again.
async fn a_save_at_the_same_moment_is_kept_or_refused(data: Data) {
    let world = World::open(data).await;
    let any = world.tenant("Anna").await.key.with("if-match", "*");
    for round in 0..8 {
        let flow = world.flow(&any, &format!("flow-{round}"), FLOW).await;
        let path = format!("/api/flows/{flow}");
        let saves = async {
            for number in 0.. {
                let source = saying(&format!("Text {number}"));
                let reply = world.send(&any, "PUT", &path, &json!({"source": source})).await;
                if ![200, 409].contains(&reply.status.as_u16()) {
                    break;
                }
            }
        };
        let deletes = async {
            let mut refused = 0;
            while world.send(&any, "DELETE", &path, &Value::Null).await.status != 204 {
                refused += 1;
                assert!(refused < 500, "it is never deleted");
            }
        };
        tokio::join!(saves, deletes);
        let back = restore(&world, &any, &flow).await;
        let texts = world.get(&any, &format!("{path}/revisions")).await.is(200);
        assert_eq!(texts["items"][0]["number"], back["revision"], "the newest text is that of the draft: {texts:#}");
        world.send(&any, "PUT", &path, &json!({"source": saying("More")})).await.is(200);
    }
}
