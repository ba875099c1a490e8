//! What machines that run compiled flows say of themselves.

use crate::routes::FLOW;
use crate::world::{Data, World, on_every_store};
use serde_json::{Map, Value, json};

on_every_store! {
    one_flow_that_is_wrong_keeps_no_other_from_being_told
    a_flow_that_is_deleted_is_told_of_as_long_as_its_runs_go_on
    a_host_that_is_not_heard_of_is_silent_whatever_it_said_last
    a_host_has_as_many_flows_as_it_can_run_and_its_words_are_cheap
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
    let strangers = |count: u32| {
        let flows: Map<String, Value> =
            (0..count).map(|number| (format!("stranger-{number}"), json!({"state": "running"}))).collect();
        json!({"state": "running", "flows": flows})
    };
    world.send(&key, "PUT", HOST, &strangers(2001)).await.refused(402, "LIMIT_REACHED");
    let cost = async |told: Value| {
        let before = world.count.now();
        world.send(&key, "PUT", HOST, &told).await.is(200);
        world.count.now() - before
    };
    let first = cost(strangers(1)).await;
    assert!(cost(strangers(2000)).await <= first, "flows that are not there are looked for together");
    cost(on(&greet, json!({"state": "running"}))).await;
    let again = cost(on(&greet, json!({"state": "running"}))).await;
    assert!(again < first, "{again} statements for what was told before, {first} for what is new");
}
