//! At the border of a limit exactly as many get through as there are places, however many come at once.

use crate::routes::FLOW;
use crate::world::{Client, Data, Reply, Settings, World, on_every_store};
use serde_json::{Value, json};
use weir_control::{Caller, Role, Tier};

on_every_store! {
    flows_at_the_border
    members_at_the_border
    executions_at_the_border_and_after_a_restart
}

const TRIES: usize = 12;

/// A world whose tenants may have so much.
async fn limited(data: Data) -> World {
    let mut settings = Settings::default();
    let unlimited = settings.control.tiers["enterprise"].clone();
    let tier = Tier { flows: Some(3), executions: Some(5), members: Some(4), ..unlimited };
    settings.control.tiers.insert("small".to_owned(), tier);
    settings.control.tier = "small".to_owned();
    World::with(data, settings).await
}

/// Sends all at once; how many got each status. Those that came too late are told which limit it is.
async fn race(world: &World, requests: Vec<(Client, String, Value)>, code: &str, limit: u64) -> (usize, usize) {
    let tasks = requests.into_iter().map(|(client, path, body)| {
        let (router, text) = (world.router.clone(), body.to_string());
        tokio::spawn(async move {
            use tower::ServiceExt;
            let request = World::request(&client, "POST", &path, text.into());
            Reply::read(router.oneshot(request).await.expect("an answer")).await
        })
    });
    let (mut through, mut refused) = (0, 0);
    for task in tasks.collect::<Vec<_>>() {
        let reply = task.await.expect("no panic");
        match reply.status.as_u16() {
            200..=299 => through += 1,
            _ => {
                assert_eq!(reply.refused(402, code)["limit"], limit);
                refused += 1;
            }
        }
    }
    (through, refused)
}

async fn flows_at_the_border(data: Data) {
    let world = limited(data).await;
    let tenant = world.tenant("Anna").await;
    let other = world.tenant("Bert").await;
    let creation = |number| {
        let body = json!({"name": format!("flow-{number}"), "source": FLOW});
        (tenant.key.clone(), "/api/flows".to_owned(), body)
    };
    assert_eq!(race(&world, (0..TRIES).map(creation).collect(), "LIMIT_REACHED", 3).await, (3, TRIES - 3));
    let flows = world.get(&tenant.key, "/api/flows").await.is(200);
    assert_eq!(flows["items"].as_array().expect("flows").len(), 3);
    world.flow(&other.key, "own", FLOW).await;
    let refused = world.post(&tenant.key, "/api/flows", creation(TRIES).2).await.refused(402, "LIMIT_REACHED");
    assert_eq!(refused["detail"], "your tier allows 3 flows; remove one, or change the tier");
    // A place that was given back is free again, once.
    let id = flows["items"][0]["id"].as_str().expect("an id");
    world.send(&tenant.key.with("if-match", "*"), "DELETE", &format!("/api/flows/{id}"), &Value::Null).await.is(204);
    let again = |number| {
        let body = json!({"name": format!("later-{number}"), "source": FLOW});
        (tenant.key.clone(), "/api/flows".to_owned(), body)
    };
    assert_eq!(race(&world, (0..4).map(again).collect(), "LIMIT_REACHED", 3).await, (1, 3));
}

async fn members_at_the_border(data: Data) {
    let world = limited(data).await;
    let tenant = world.tenant("Anna").await;
    let mut requests = Vec::new();
    for number in 0..TRIES {
        let email = format!("guest-{number}@example.org");
        world.control.invite(&Caller::system(tenant.id.as_str(), "test"), &email, Role::Viewer).await.expect("invited");
        let body = json!({"token": world.letters.token(&email), "password": crate::world::PASSWORD});
        requests.push((Client::default(), "/api/invitations/accept".to_owned(), body));
    }
    assert_eq!(race(&world, requests, "LIMIT_REACHED", 4).await, (3, TRIES - 3));
    let usage = world.get(&tenant.key, "/api/usage").await.is(200);
    assert_eq!(usage["members"], json!({"used": 4, "limit": 4}));
}

async fn executions_at_the_border_and_after_a_restart(data: Data) {
    let world = limited(data).await;
    let (tenant, other) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let flow = world.running(&tenant.key, "counted", FLOW).await;
    let theirs = world.running(&other.key, "counted", FLOW).await;
    let hook = world.hook(&tenant.key, &flow, "hook", json!({})).await;
    let inject = format!("/api/triggers/{flow}/inject");
    // The same key again is the same run, and uses nothing.
    let mut first = Value::Null;
    for _ in 0..3 {
        first = world.post(&tenant.key.with("idempotency-key", "one"), &inject, json!({})).await.is(201);
    }
    let used = json!({"used": 1, "limit": 5});
    assert_eq!(world.get(&tenant.key, "/api/usage").await.is(200)["executions"], used);
    let world = world.restart().await;
    assert_eq!(world.get(&tenant.key, "/api/usage").await.is(200)["executions"], used);
    let ways = [hook.path.clone(), inject.clone(), format!("/api/flows/{flow}/try")];
    let start = |number: usize| (tenant.key.clone(), ways[number % 3].clone(), json!({}));
    let raced = race(&world, (0..TRIES).map(start).collect(), "EXECUTIONS_USED_UP", 5).await;
    assert_eq!(raced, (4, TRIES - 4));
    let world = world.restart().await;
    let used = json!({"used": 5, "limit": 5});
    assert_eq!(world.get(&tenant.key, "/api/usage").await.is(200)["executions"], used);
    world.post(&tenant.key, &inject, json!({})).await.refused(402, "EXECUTIONS_USED_UP");
    // What was taken up before is answered as it was then; what was not is refused, key or no key.
    let again = world.post(&tenant.key.with("idempotency-key", "one"), &inject, json!({})).await.is(201);
    assert_eq!(again["run"], first["run"]);
    world.post(&tenant.key.with("idempotency-key", "two"), &inject, json!({})).await.refused(402, "EXECUTIONS_USED_UP");
    world.post(&other.key, &format!("/api/triggers/{theirs}/inject"), json!({})).await.is(201);
    // What was added up is not added again.
    world.control.roll_up_all().await.expect("added up");
    let world = world.restart().await;
    assert_eq!(world.get(&tenant.key, "/api/usage").await.is(200)["executions"], used);
    // A new month is new.
    world.weather.pass(32 * 24 * 3_600);
    assert_eq!(world.get(&tenant.key, "/api/usage").await.is(200)["executions"]["used"], 0);
    world.post(&tenant.key, &inject, json!({})).await.is(201);
}
