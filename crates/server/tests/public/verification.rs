//! The project an installation is verified with: its two services are there, and its flows do what they are for.

use crate::verification_flows::FLOWS;
use crate::world::{Data, World, on_every_store, text};
use serde_json::{Value, json};
use weir_control::VERIFICATION;

on_every_store! {
    the_verification_project_has_two_services_and_its_flows_run
}

async fn the_verification_project_has_two_services_and_its_flows_run(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    world.control.add_verification(&tenant.id.as_str().into(), &FLOWS).await.expect("a project");
    let services = world.get(&tenant.key, &format!("/api/projects/{VERIFICATION}/services")).await.is(200);
    let mut names: Vec<String> =
        services["items"].as_array().expect("services").iter().map(|one| text(&one["name"])).collect();
    names.sort();
    assert_eq!(names, ["default", "long-running-workflows", "simple-workflows"]);
    let flows = world.get(&tenant.key, &format!("/api/flows?project={VERIFICATION}")).await.is(200);
    let flows: Vec<Value> = flows["items"].as_array().expect("flows").clone();
    assert!(flows.len() == 4 && flows.iter().all(|flow| flow["status"]["status"] == "running"), "{flows:#?}");
    let flow = |name: &str| {
        let found = flows.iter().find(|flow| flow["name"] == name).expect("it is there");
        assert_eq!(
            found["service"],
            if name.contains("long") { names[1].as_str() } else { names[2].as_str() },
            "{name}"
        );
        text(&found["id"])
    };
    let start = async |name: &str, input: Value| {
        let path = format!("/api/triggers/{}/inject", flow(name));
        text(&world.post(&tenant.key, &path, json!({"input": input})).await.is(201)["run"])
    };
    let lines = async |run: &str| {
        let logs = world.get(&tenant.key, &format!("/api/runs/{run}/logs")).await.is(200);
        logs["items"].as_array().expect("lines").clone()
    };

    let simple = start("simple-workflow", Value::Null).await;
    assert_eq!(world.ended(&tenant.key, &simple).await["status"], "succeeded");
    let base = start("base-workflow", json!({"customer": "Ines"})).await;
    let ended = world.ended(&tenant.key, &base).await;
    assert_eq!((&ended["status"], &ended["output"]), (&json!("succeeded"), &json!({"logged": true, "for": "Ines"})));
    let line = &lines(&base).await[0];
    assert_eq!(line["message"], "Hello from workflow");
    assert_eq!(line["metadata"]["workflow"], json!({"name": "BaseWorkflow", "runId": base}));
    let counted = start("base-long-running-workflow", json!({"rounds": 1})).await;
    assert_eq!(world.ended(&tenant.key, &counted).await["output"], json!({"count": 1}));

    // Those that never end wait for their next round, and go on where they were after a restart.
    let (endless, hundred) =
        (start("long-running-workflow", Value::Null).await, start("base-long-running-workflow", Value::Null).await);
    for run in [&endless, &hundred] {
        world
            .control
            .wait(&weir_control::Caller::system(tenant.id.as_str(), "test"), run, weir_runs::Until::Settled)
            .await
            .expect("it waits");
    }
    let world = world.restart().await;
    for (run, said) in [(&endless, "Still here, round 1"), (&hundred, "Round 1")] {
        let shown = world.get(&tenant.key, &format!("/api/runs/{run}")).await.is(200);
        assert_eq!(shown["status"], "waiting", "{shown:#}");
        assert!(shown["wakeAt"].is_string(), "{shown:#}");
        let logs = world.get(&tenant.key, &format!("/api/runs/{run}/logs")).await.is(200);
        assert_eq!(logs["items"][0]["message"], said);
        world.post(&tenant.key, &format!("/api/runs/{run}/cancel"), Value::Null).await.is(200);
        assert_eq!(world.ended(&tenant.key, run).await["status"], "cancelled");
    }
}
