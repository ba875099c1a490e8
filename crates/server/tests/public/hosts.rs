//! What machines that run compiled flows say of themselves.

use crate::routes::FLOW;
use crate::world::{Data, World, on_every_store, text};
use futures::future::join_all;
use serde_json::{Map, Value, json};

on_every_store! {
    one_flow_that_is_wrong_keeps_no_other_from_being_told
    a_flow_that_is_deleted_is_told_of_as_long_as_its_runs_go_on
    a_host_that_is_not_heard_of_is_silent_whatever_it_said_last
    a_host_has_as_many_flows_as_it_can_run_and_its_words_are_cheap
    what_a_host_tells_of_flows_that_are_gone_is_left_out_within_the_hour
    what_a_host_needs_beside_it_is_told_with_the_flow
    the_hosts_of_a_flow_are_its_own_and_those_of_its_project_that_tell_of_it
    those_who_wait_for_code_look_for_it_together
}

const HOST: &str = "/api/projects/default/hosts/one";

fn on(flow: &str, told: Value) -> Value {
    json!({"state": "running", "flows": {flow: told}})
}

async fn one_flow_that_is_wrong_keeps_no_other_from_being_told(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let (greet, part) = (world.flow(&key, "greet", FLOW).await, world.flow(&key, "part", FLOW).await);
    // No code has this number here; and more is left than is kept.
    let gone = json!({"state": "running", "compilation": 7, "finishing": (1..=150).collect::<Vec<_>>()});
    let told = json!({"state": "running", "flows": {&greet: gone, &part: {"state": "starting"}}});
    let kept = world.send(&key, "PUT", HOST, &told).await.is(200);
    let of = |kept: &Value, id: &str| kept["flows"].as_array().unwrap().iter().find(|one| one["flow"] == id).cloned();
    let greeting = of(&kept, &greet).expect("it is told of");
    assert_eq!((&greeting["compilation"], &greeting["hash"]), (&json!(7), &Value::Null), "{kept:#}");
    assert_eq!(greeting["finishing"], json!((51..=150).rev().collect::<Vec<_>>()));
    assert_eq!(of(&kept, &part).expect("as is the other")["state"], "starting");
    // What it runs is what it says: the same number may be other code here.
    let own = on(&greet, json!({"state": "running", "compilation": 7, "hash": "ab12"}));
    let kept = world.send(&key, "PUT", HOST, &own).await.is(200);
    assert_eq!(of(&kept, &greet).expect("it is told of")["hash"], "ab12");
}

async fn what_a_host_needs_beside_it_is_told_with_the_flow(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let greet = world.flow(&key, "greet", FLOW).await;
    let needs = json!({"queue": "weir", "kinds": ["lab.probe"], "missing": true});
    let told = json!({"state": "running", "compilation": 1, "needs": needs, "error": "nobody is there"});
    world.send(&key, "PUT", HOST, &on(&greet, told)).await.is(200);
    let kept = world.get(&key, &format!("/api/flows/{greet}/hosts/one")).await.is(200);
    assert_eq!((&kept["needs"], &kept["error"]), (&needs, &json!("nobody is there")), "{kept:#}");
    assert_eq!((&kept["state"], &kept["healthy"]), (&json!("running"), &json!(true)), "its own worker works");
    let alone = json!({"state": "running", "needs": needs});
    let kept = world.send(&key, "PUT", &format!("/api/flows/{greet}/hosts/two"), &alone).await.is(200);
    assert_eq!(kept["needs"], needs, "{kept:#}");
    let long = json!({"queue": "x".repeat(2_000), "kinds": [], "missing": true});
    let refused = json!({"state": "running", "needs": long});
    world.send(&key, "PUT", &format!("/api/flows/{greet}/hosts/two"), &refused).await.is(422);
}

async fn a_flow_that_is_deleted_is_told_of_as_long_as_its_runs_go_on(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let greet = world.flow(&key, "greet", FLOW).await;
    world.send(&key, "PUT", HOST, &on(&greet, json!({"state": "running", "compilation": 1}))).await.is(200);
    world.send(&key.with("if-match", "*"), "DELETE", &format!("/api/flows/{greet}"), &Value::Null).await.is(204);
    let ends = on(&greet, json!({"state": "running", "finishing": [1]}));
    let kept = world.send(&key, "PUT", HOST, &ends).await.is(200);
    let flow = &kept["flows"][0];
    assert_eq!((&flow["flow"], &flow["name"], &flow["finishing"]), (&json!(greet), &Value::Null, &json!([1])));
    assert_eq!((&kept["healthy"], &flow["healthy"]), (&json!(true), &json!(true)));
}

async fn a_host_that_is_not_heard_of_is_silent_whatever_it_said_last(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    for (state, silent) in [("starting", true), ("running", true), ("failed", true), ("stopped", false)] {
        let kept = world.send(&key, "PUT", HOST, &json!({"state": state})).await.is(200);
        assert_eq!(kept["silent"], false, "{state}");
        world.weather.pass(121);
        assert_eq!(world.get(&key, HOST).await.is(200)["silent"], silent, "{state}");
    }
}

async fn a_host_has_as_many_flows_as_it_can_run_and_its_words_are_cheap(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let greet = world.flow(&key, "greet", FLOW).await;
    let strangers = |name: &str, count: u32| {
        let flows: Map<String, Value> =
            (0..count).map(|number| (format!("{name}-{number}"), json!({"state": "running"}))).collect();
        json!({"state": "running", "flows": flows})
    };
    world.send(&key, "PUT", HOST, &strangers("one", 2001)).await.refused(402, "LIMIT_REACHED");
    let once = async |told: &Value| {
        let before = world.count.now();
        world.send(&key, "PUT", HOST, told).await.is(200);
        world.count.now() - before
    };
    // Now and then one pays for what is not its own, such as when the key was used last.
    let cost = async |told: Value| once(&told).await.min(once(&told).await);
    let new = async |count: u32| once(&strangers("one", count)).await.min(once(&strangers("other", count)).await);
    let first = new(1).await;
    assert!(new(2000).await <= first, "flows that are not there are looked for together");
    let again = cost(strangers("other", 2000)).await;
    assert!(again < first, "{again} statements for what was not there before, {first} for what is new");
    cost(on(&greet, json!({"state": "running"}))).await;
    let again = cost(on(&greet, json!({"state": "running"}))).await;
    assert!(again < first, "{again} statements for what was told before, {first} for what is new");
}

async fn what_a_host_tells_of_flows_that_are_gone_is_left_out_within_the_hour(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flows = [world.flow(&key, "greet", FLOW).await, world.flow(&key, "part", FLOW).await];
    let running = |flows: &[String]| {
        let told: Map<String, Value> = flows.iter().map(|flow| (flow.clone(), json!({"state": "running"}))).collect();
        json!({"state": "running", "flows": told})
    };
    let kept = async |flows: &[String]| {
        let kept = world.send(&key, "PUT", HOST, &running(flows)).await.is(200);
        kept["flows"].as_array().expect("a list").iter().map(|one| text(&one["flow"])).collect::<Vec<_>>()
    };
    let delete = async |flow: &str| {
        world.send(&key.with("if-match", "*"), "DELETE", &format!("/api/flows/{flow}"), &Value::Null).await.is(204)
    };
    assert_eq!(kept(&flows).await.len(), 2);
    delete(&flows[0]).await;
    world.weather.pass(3_601);
    assert_eq!(kept(&flows).await, [flows[1].clone()]);
    // Nor does it stay where the flows are looked for anyway.
    let later = world.flow(&key, "later", FLOW).await;
    delete(&flows[1]).await;
    assert_eq!(kept(&[flows[1].clone(), later.clone()]).await, [later]);
}

async fn the_hosts_of_a_flow_are_its_own_and_those_of_its_project_that_tell_of_it(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let (greet, part) = (world.flow(&key, "greet", FLOW).await, world.flow(&key, "part", FLOW).await);
    let mut expected = Vec::new();
    for number in 0..50 {
        let name = format!("host-{number}");
        let (path, told) = match number % 10 {
            0 => (format!("/api/flows/{greet}/hosts/{name}"), json!({"state": "running"})),
            1..5 => (format!("/api/projects/default/hosts/{name}"), on(&part, json!({"state": "running"}))),
            _ => (format!("/api/projects/default/hosts/{name}"), on(&greet, json!({"state": "running"}))),
        };
        world.send(&key, "PUT", &path, &told).await.is(200);
        if !(1..5).contains(&(number % 10)) {
            expected.insert(0, name);
        }
    }
    for limit in [1, 7, 200] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/flows/{greet}/hosts?limit={limit}{after}");
            let page = world.get(&key, &path).await.is(200);
            let items = page["items"].as_array().expect("a list");
            assert!(items.len() <= limit, "{page:#}");
            found.extend(items.iter().map(|host| text(&host["name"])));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(found, expected, "by {limit}");
    }
}

async fn those_who_wait_for_code_look_for_it_together(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let path = "/api/projects/default/code";
    let revision = text(&world.get(&key, path).await.is(200)["revision"]);
    let cost = async |asked: usize, seconds: u32| {
        let path = format!("{path}?known={revision}&wait={seconds}");
        let before = world.count.now();
        join_all((0..asked).map(|_| async { world.get(&key, &path).await.is(204) })).await;
        world.count.now() - before
    };
    let alone = cost(1, 0).await.min(cost(1, 0).await);
    for seconds in [0, 1] {
        let together = cost(40, seconds).await;
        assert!(together * 4 < alone * 40 * 3, "{together} statements for forty who wait {seconds} s, {alone} for one");
    }
}
