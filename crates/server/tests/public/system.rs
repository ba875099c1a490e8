//! What the installation does for itself: runs that are seen by whom they are about, and cost them nothing.

use crate::world::{Client, Data, Settings, Tenant, World, on_every_store, text};
use serde_json::{Value, json};
use weir_control::Retention;

on_every_store! {
    runs_of_its_own_are_seen_by_whom_they_are_about
    they_use_nothing_and_measure_nothing
    old_runs_are_forgotten_once_a_period_and_their_use_is_not
    nothing_can_be_made_of_them
    what_is_used_counts_once_whenever_it_is_added_up
    one_organisations_trouble_is_not_the_others
}

const HOUR: i64 = 3_600;

async fn world(data: Data) -> World {
    let mut settings = Settings::default();
    let day = weir_base::Duration::from_secs(24 * 3_600);
    settings.control.retention = Retention { runs: Some(day), ..Retention::default() };
    World::with(data, settings).await
}

async fn run(world: &World, tenant: &Tenant, flow: &str) -> String {
    let begun = world.post(&tenant.key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201);
    let run = text(&begun["run"]);
    world.ended(&tenant.key, &run).await;
    run
}

async fn list(world: &World, client: &Client, query: &str) -> Vec<Value> {
    world.get(client, &format!("/api/runs?{query}")).await.is(200)["items"].as_array().expect("runs").clone()
}

async fn names(world: &World, client: &Client, query: &str) -> Vec<String> {
    list(world, client, query).await.iter().map(|run| text(&run["flow"])).collect()
}

async fn keep_house(world: &World) {
    world.control.keep_house().await.expect("it begins");
    world.at_rest().await;
}

async fn runs_of_its_own_are_seen_by_whom_they_are_about(data: Data) {
    let world = world(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let flow = world.running(&a.key, "own", crate::routes::FLOW).await;
    run(&world, &a, &flow).await;
    keep_house(&world).await;
    assert_eq!(names(&world, &a.key, "system=true").await, ["usage"]);
    assert_eq!(names(&world, &a.key, "project=.system").await, ["usage"]);
    assert_eq!(names(&world, &a.key, "trigger=system&system=true").await, ["usage"]);
    assert_eq!(names(&world, &a.key, "").await, ["own"], "lists of one's own runs are as they were");
    assert!(list(&world, &b.key, "system=true").await.is_empty(), "it has used nothing");
    // Whoever may look at runs may look into them; nobody else can.
    let own = &list(&world, &a.key, "system=true").await[0];
    assert_eq!((&own["project"], &own["trigger"]["type"]), (&json!(".system"), &json!("system")));
    let path = format!("/api/runs/{}", text(&own["run"]));
    for part in ["", "/steps", "/journal", "/logs", "/replay", "/test"] {
        world.get(&a.key, &format!("{path}{part}")).await.is(200);
        world.get(&b.key, &format!("{path}{part}")).await.refused(404, "NOT_FOUND");
    }
    // Those that are about nobody, such as letters for a new password, are nobody's here.
    let filter = weir_store::RunFilter { tenant: Some("".into()), system: Some(true), ..Default::default() };
    let page = weir_store::PageRequest { before: None, limit: 10 };
    let of_nobody = world.store.list_runs(&filter, page).await.expect("runs").items;
    assert!(of_nobody.len() == 2 && of_nobody.iter().all(|run| &*run.flow == "password-reset"), "{of_nobody:?}");
    assert!(of_nobody.iter().all(|run| run.concurrency_key.as_ref().is_some_and(|key| key.contains("@example.org"))));
    for run in &of_nobody {
        for client in [&a.key, &b.key] {
            world.get(client, &format!("/api/runs/{}", run.id)).await.refused(404, "NOT_FOUND");
        }
    }
}

async fn they_use_nothing_and_measure_nothing(data: Data) {
    let world = world(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "own", crate::routes::FLOW).await;
    run(&world, &tenant, &flow).await;
    keep_house(&world).await;
    assert_eq!(list(&world, &tenant.key, "system=true").await.len(), 1);
    let used = |usage: Value| usage["executions"]["used"].clone();
    assert_eq!(used(world.get(&tenant.key, "/api/usage").await.is(200)), 1);
    let analytics = world.get(&tenant.key, "/api/analytics").await;
    if analytics.status == 200 {
        assert!(!analytics.text.contains("\"usage\""), "{}", analytics.text);
    }
    let world = world.restart().await;
    assert_eq!(used(world.get(&tenant.key, "/api/usage").await.is(200)), 1, "nor when it is counted anew");
}

async fn old_runs_are_forgotten_once_a_period_and_their_use_is_not(data: Data) {
    let world = world(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let flow = world.running(&a.key, "own", crate::routes::FLOW).await;
    let old = run(&world, &a, &flow).await;
    for _ in 0..5 {
        keep_house(&world).await;
    }
    assert_eq!(names(&world, &a.key, "system=true").await, ["usage"], "once a period, however often it is asked for");
    // A day later the run is old. The month may be another, so the use is asked for by its sum.
    let (from, usage) = (world.control.now(), async |world: &World| world.get(&a.key, "/api/usage").await.is(200));
    let before = usage(&world).await["executions"].clone();
    world.weather.pass(25 * HOUR);
    let same_month = usage(&world).await["executions"] == before;
    for _ in 0..5 {
        keep_house(&world).await;
    }
    let made = list(&world, &a.key, "system=true").await;
    let swept: Vec<&Value> = made.iter().filter(|run| run["flow"] == "retention").collect();
    assert_eq!(swept.len(), 1, "{made:?}");
    let shown = world.get(&a.key, &format!("/api/runs/{}", text(&swept[0]["run"]))).await.is(200);
    assert_eq!((&shown["status"], &shown["output"]["runs"]), (&json!("succeeded"), &json!(1)), "{shown:#}");
    world.get(&a.key, &format!("/api/runs/{old}")).await.refused(404, "NOT_FOUND");
    assert!(list(&world, &b.key, "system=true").await.is_empty(), "where nothing is old nothing is run");
    let world = world.restart().await;
    if same_month {
        assert_eq!(usage(&world).await["executions"], before, "what was used stays used");
    }
    // Nothing follows from having nothing to do; and what was made for this is itself forgotten, days later.
    world.weather.pass(HOUR);
    keep_house(&world).await;
    assert_eq!(list(&world, &a.key, "system=true").await.len(), made.len());
    world.weather.pass(9 * 24 * HOUR);
    keep_house(&world).await;
    let left = names(&world, &a.key, "system=true").await;
    assert_eq!(left, ["retention"], "since {from}");
}

async fn nothing_can_be_made_of_them(data: Data) {
    let world = world(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "own", crate::routes::FLOW).await;
    run(&world, &tenant, &flow).await;
    keep_house(&world).await;
    let own = text(&list(&world, &tenant.key, "system=true").await[0]["run"]);
    world.post(&tenant.key, &format!("/api/runs/{own}/fork"), json!({"at": 1})).await.refused(409, "SYSTEM_RUN");
    world.post(&tenant.key, "/api/projects", json!({"name": ".system"})).await.refused(422, "INVALID_NAME");
    // Nobody's flow has their steps.
    let source = json!({"ir": 1, "name": "sly", "dialect": "ir", "root": {"id": "a", "task": {"kind": "system.forget", "params": {}}}});
    let sly = world.flow(&tenant.key, "sly", &source.to_string()).await;
    let refused = world.post(&tenant.key, &format!("/api/flows/{sly}/start"), Value::Null).await;
    refused.refused(422, "FLOW_PROBLEMS");
    let kinds = world.get(&tenant.key, "/api/kinds").await;
    assert!(!kinds.text.contains("system.forget"), "{}", kinds.text);
}

/// Runs begin while others are added up, and between two times.
async fn what_is_used_counts_once_whenever_it_is_added_up(data: Data) {
    let world = world(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "own", crate::routes::FLOW).await;
    let id = weir_base::Text::from(tenant.id.as_str());
    let add_up = async |world: &World| world.control.roll_up(&id).await.expect("it is added up");
    let starts = async |world: &World| {
        for _ in 0..20 {
            run(world, &tenant, &flow).await;
        }
    };
    let sums = async |world: &World| {
        for _ in 0..20 {
            add_up(world).await;
        }
    };
    tokio::join!(starts(&world), starts(&world), sums(&world));
    world.weather.pass(61);
    tokio::join!(starts(&world), sums(&world));
    let used = async |world: &World| world.get(&tenant.key, "/api/usage").await.is(200)["executions"]["used"].clone();
    // The month may have ended meanwhile, but then what is counted anew has.
    let before = used(&world).await;
    let world = world.restart().await;
    assert_eq!(used(&world).await, before);
    world.weather.pass(61);
    add_up(&world).await;
    let world = world.restart().await;
    assert_eq!(used(&world).await, before, "60 runs");
}

/// The ids of its runs would be too long, so that none of them can be made.
async fn one_organisations_trouble_is_not_the_others(data: Data) {
    let world = world(data).await;
    let others = [world.tenant("Anna").await, world.tenant("Bert").await, world.tenant("Cleo").await];
    let id = "0".repeat(520);
    let body = json!({"name": "Trouble", "tier": "free"}).to_string();
    let row = weir_store::Document { label: "free".into(), ..weir_testkit::document(&id, &id, "", "", body) };
    let insert = weir_store::Change::Insert(weir_store::Table::Tenants, row);
    world.documents.change(&weir_store::Scope::System, vec![insert]).await.expect("it is kept");
    let caller = weir_control::Caller::system(id.as_str(), "test");
    world.control.create_project(&caller, "default", "").await.expect("a project");
    let key = world.key(&id, weir_control::Role::Admin, None).await;
    let flow = world.running(&key, "own", crate::routes::FLOW).await;
    let begun = world.post(&key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201);
    world.ended(&key, &text(&begun["run"])).await;
    for other in &others {
        let flow = world.running(&other.key, "own", crate::routes::FLOW).await;
        run(&world, other, &flow).await;
    }
    let made = async |wanted: &str| {
        world.control.keep_house().await.expect_err("one of them has failed");
        world.at_rest().await;
        for other in &others {
            let names = names(&world, &other.key, "system=true").await;
            assert_eq!(names.iter().filter(|name| *name == wanted).count(), 1, "{names:?}");
        }
    };
    made("usage").await;
    world.weather.pass(25 * HOUR);
    made("retention").await;
    made("retention").await;
}
