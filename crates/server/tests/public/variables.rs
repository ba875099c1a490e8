//! Variables as people set them: nothing is overwritten unseen, and who did what is written down.

use crate::world::{Client, Data, World, on_every_store, text};
use serde_json::{Value, json};

on_every_store! {
    nobody_overwrites_what_they_have_not_seen
    the_audit_log_has_what_was_there_before_and_after
    they_go_with_their_project_and_their_service
}

const ONE: &str = "/api/projects/default/variables/rate";

async fn put(world: &World, client: &Client, path: &str, value: Value) -> crate::world::Reply {
    world.send(client, "PUT", path, &json!({"value": value})).await
}

async fn nobody_overwrites_what_they_have_not_seen(data: Data) {
    let world = World::open(data).await;
    let key = &world.tenant("Anna").await.key;
    let seen = |revision: &str| key.with("if-match", revision);
    put(&world, &seen("\"1\""), ONE, json!(1)).await.refused(409, "REVISION_CONFLICT");
    let made = put(&world, key, ONE, json!(1)).await;
    assert_eq!(made.headers["etag"], "\"1\"");
    assert_eq!(made.is(200)["revision"], 1);
    put(&world, key, ONE, json!(2)).await.refused(428, "REVISION_NEEDED");
    let changed = put(&world, &seen("\"1\""), ONE, json!(2)).await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    assert_eq!(changed.is(200)["value"], 2);
    let late = put(&world, &seen("\"1\""), ONE, json!(3)).await.refused(409, "REVISION_CONFLICT");
    assert_eq!((&late["seen"], &late["current"], &late["now"]["value"]), (&json!(1), &json!(2), &json!(2)), "{late:#}");
    // Of two who have seen the same, one is first.
    let second = seen("\"2\"");
    let (one, other) = tokio::join!(put(&world, &second, ONE, json!("a")), put(&world, &second, ONE, json!("b")));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    // A flow's change counts as any other's.
    let flow = world
        .running(
            key,
            "counts",
            r#"{"ir": 1, "name": "counts", "dialect": "ir", "root": {"id": "add", "task": {"kind": "set", "params": {"name": "rate", "op": "set", "value": 9, "scope": "project"}}}}"#,
        )
        .await;
    let begun = world.post(key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201);
    assert_eq!(world.ended(key, &text(&begun["run"])).await["status"], "succeeded");
    put(&world, &seen("\"3\""), ONE, json!(4)).await.refused(409, "REVISION_CONFLICT");
    let shown = world.get(key, ONE).await;
    assert_eq!(shown.headers["etag"], "\"4\"");
    assert_eq!(shown.is(200)["value"], 9);
    world.send(key, "DELETE", ONE, &Value::Null).await.refused(428, "REVISION_NEEDED");
    world.send(&seen("\"3\""), "DELETE", ONE, &Value::Null).await.refused(409, "REVISION_CONFLICT");
    world.send(&seen("\"4\""), "DELETE", ONE, &Value::Null).await.is(204);
    world.send(&seen("\"4\""), "DELETE", ONE, &Value::Null).await.refused(404, "NOT_FOUND");
    put(&world, &seen("*"), ONE, json!(1)).await.is(200);
    put(&world, &seen("*"), ONE, json!(2)).await.is(200);
    put(&world, &seen("3 or so"), ONE, json!(2)).await.refused(400, "INVALID_REVISION");
}

async fn the_audit_log_has_what_was_there_before_and_after(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let any = tenant.key.with("if-match", "*");
    put(&world, &any, ONE, json!(1)).await.is(200);
    put(&world, &any, ONE, json!({"eur": 2})).await.is(200);
    put(&world, &any, ONE, json!("x".repeat(5_000))).await.is(200);
    world.send(&any, "DELETE", ONE, &Value::Null).await.is(204);
    let log = world.get(&tenant.owner, "/api/audit?target=default/rate").await.is(200);
    let entries: Vec<Value> = log["items"].as_array().expect("entries").clone();
    let shown: Vec<_> = entries.iter().rev().map(|one| (text(&one["action"]), &one["before"], &one["after"])).collect();
    let (one, two, long) = (
        json!({"revision": 1, "value": 1}),
        json!({"revision": 2, "value": {"eur": 2}}),
        json!({"revision": 3, "bytes": 5_002}),
    );
    let changed = || "variable.changed".to_owned();
    let expected = [
        (changed(), &Value::Null, &one),
        (changed(), &one, &two),
        (changed(), &two, &long),
        ("variable.deleted".to_owned(), &long, &Value::Null),
    ];
    assert_eq!(shown, expected);
}

/// Who makes a project of the same name later does not find what another has left.
async fn they_go_with_their_project_and_their_service(data: Data) {
    let world = World::open(data).await;
    let key = &world.tenant("Anna").await.key;
    let any = key.with("if-match", "*");
    let make = async || {
        world.post(key, "/api/projects", json!({"name": "shop"})).await.is(201);
        world.post(key, "/api/projects/shop/services", json!({"name": "stock"})).await.is(201);
    };
    let (own, of_service) = ("/api/projects/shop/variables", "/api/projects/shop/variables?service=stock");
    let count = async |path: &str| world.get(key, path).await.is(200)["items"].as_array().map(Vec::len);
    make().await;
    put(&world, key, ONE, json!("stays")).await.is(200);
    put(&world, key, "/api/projects/shop/variables/a", json!(1)).await.is(200);
    put(&world, key, "/api/projects/shop/variables/b?service=stock", json!(2)).await.is(200);
    world.send(&any, "DELETE", "/api/projects/shop/services/stock", &Value::Null).await.is(204);
    world.post(key, "/api/projects/shop/services", json!({"name": "stock"})).await.is(201);
    assert_eq!((count(own).await, count(of_service).await), (Some(1), Some(0)));
    put(&world, key, "/api/projects/shop/variables/b?service=stock", json!(2)).await.is(200);
    world.send(&any, "DELETE", "/api/projects/shop", &Value::Null).await.is(204);
    make().await;
    assert_eq!((count(own).await, count(of_service).await), (Some(0), Some(0)));
    assert_eq!(world.get(key, ONE).await.is(200)["value"], "stays");
}
