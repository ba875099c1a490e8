//! A flow from its first draft to its end.

use crate::routes::FLOW;
use crate::world::{Client, Data, World, on_every_store, text};
use serde_json::{Value, json};

mod deleted;

on_every_store! {
    nobody_overwrites_what_they_have_not_seen
    versions_are_published_compared_and_restored
    only_a_running_flow_is_started
    a_new_version_is_for_new_runs
    a_project_may_want_flows_stopped_first
    a_deleted_flow_leaves_nothing_but_its_runs
    a_deleted_flow_comes_back_as_it_was
}

fn saying(what: &str) -> String {
    FLOW.replace("Hello", what)
}

async fn nobody_overwrites_what_they_have_not_seen(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let path = format!("/api/flows/{}", world.flow(&key, "greet", FLOW).await);
    let put = async |client: &Client, source: &str| world.send(client, "PUT", &path, &json!({"source": source})).await;
    put(&key, &saying("One")).await.refused(428, "REVISION_NEEDED");
    put(&key.with("if-match", "one"), &saying("One")).await.refused(400, "INVALID_REVISION");
    let seen = world.get(&key, &path).await.headers["etag"].to_str().expect("text").to_owned();
    let client = key.with("if-match", &seen);
    let changed = put(&client, &saying("One")).await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    changed.is(200);
    let refused = put(&client, &saying("Two")).await.refused(409, "REVISION_CONFLICT");
    assert_eq!((&refused["seen"], &refused["current"]), (&json!(1), &json!(2)), "{refused:#}");
    assert!(refused["now"].to_string().contains("One"), "what is there now is shown: {refused:#}");
    put(&key.with("if-match", &u64::MAX.to_string()), &saying("Two")).await.refused(409, "REVISION_CONFLICT");
    let delete = async |client: &Client| world.send(client, "DELETE", &path, &Value::Null).await;
    delete(&key).await.refused(428, "REVISION_NEEDED");
    delete(&client).await.refused(409, "REVISION_CONFLICT");
    // Of ten who have seen the same, one writes.
    let writers = (0..10).map(|number| {
        let client = key.with("if-match", "\"2\"");
        let (router, path, body) = (world.router.clone(), path.clone(), json!({"source": saying(&number.to_string())}));
        tokio::spawn(async move {
            let request = World::request(&client, "PUT", &path, body.to_string().into());
            tower::ServiceExt::oneshot(router, request).await.expect("an answer").status().as_u16()
        })
    });
    let mut through = 0;
    for writer in writers.collect::<Vec<_>>() {
        match writer.await.expect("no panic") {
            200 => through += 1,
            status => assert_eq!(status, 409),
        }
    }
    assert_eq!(through, 1);
    put(&key.with("if-match", "*"), &saying("Last")).await.is(200);
    assert!(world.get(&key, &path).await.text.contains("Last"));
}

async fn versions_are_published_compared_and_restored(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let path = format!("/api/flows/{}", world.flow(&key, "greet", &saying("One")).await);
    let any = key.with("if-match", "*");
    let publish = async |client: &Client| world.post(client, &format!("{path}/versions"), json!({"notes": "n"})).await;
    publish(&key).await.refused(428, "REVISION_NEEDED");
    publish(&key.with("if-match", "7")).await.refused(409, "REVISION_CONFLICT");
    assert_eq!(publish(&any).await.is(201)["number"], 1);
    assert_eq!(publish(&any).await.is(201)["number"], 1, "the same text again is the same version");
    world.send(&any, "PUT", &path, &json!({"source": saying("Two")})).await.is(200);
    let diff = world.get(&key, &format!("{path}/versions/1/diff")).await.is(200);
    assert_eq!(diff["files"][0]["change"], "changed");
    assert!(text(&diff["files"][0]["before"]).contains("One") && text(&diff["files"][0]["after"]).contains("Two"));
    assert_eq!(publish(&any).await.is(201)["number"], 2);
    let same = world.get(&key, &format!("{path}/versions/2/diff?to=2")).await.is(200);
    assert_eq!(same["files"][0]["change"], "same");
    let back = world.post(&any, &format!("{path}/versions/1/restore"), Value::Null).await;
    let tag = back.headers.get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned).expect("an ETag");
    let back = back.is(200);
    assert!(text(&back["files"][0]["text"]).contains("One"));
    assert_eq!(tag, format!("\"{}\"", back["revision"]), "whoever goes on needs no look at the flow");
    let seen = key.with("if-match", &tag);
    world.post(&seen, &format!("{path}/versions/1/restore"), Value::Null).await.is(200);
    assert!(world.get(&key, &path).await.text.contains("One"));
    world.post(&any, &format!("{path}/versions/9/restore"), Value::Null).await.refused(404, "NOT_FOUND");
    let versions = world.get(&key, &format!("{path}/versions")).await.is(200);
    let numbers: Vec<&Value> =
        versions["items"].as_array().expect("versions").iter().map(|one| &one["number"]).collect();
    assert_eq!(numbers, [2, 1]);
    let revisions = world.get(&key, &format!("{path}/revisions?limit=2")).await.is(200);
    assert_eq!(revisions["items"].as_array().map(Vec::len), Some(2));
    assert!(revisions["next"].is_string(), "there are three");
    world.send(&any, "PUT", &path, &json!({"source": "type: Nonsense\nid: x\n"})).await.is(200);
    let problems = publish(&any).await.refused(422, "FLOW_PROBLEMS");
    assert!(problems["diagnostics"][0]["code"].is_string(), "{problems:#}");
    assert_eq!(world.get(&key, &format!("{path}/check")).await.is(200)["valid"], false);
}

async fn only_a_running_flow_is_started(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flow = world.flow(&key, "greet", FLOW).await;
    let (path, inject) = (format!("/api/flows/{flow}"), format!("/api/triggers/{flow}/inject"));
    let hook = world.hook(&key, &flow, "hook", json!({"answer": "result"})).await.path;
    let open = Client::default();
    for (client, way) in [(&key, &inject), (&open, &hook)] {
        world.post(client, way, json!({})).await.refused(409, "FLOW_STOPPED");
    }
    world.post(&key, &format!("{path}/try"), json!({})).await.is(201);
    let started = world.post(&key, &format!("{path}/start"), Value::Null).await.is(200);
    assert_eq!((&started["status"], &started["version"]), (&json!("running"), &json!(1)));
    assert_eq!(world.post(&key, &format!("{path}/start"), Value::Null).await.is(200), started, "it runs already");
    world.post(&key, &inject, json!({})).await.is(201);
    assert_eq!(world.post(&open, &hook, json!({"name": "Ada"})).await.is(200)["output"], "Hello Ada");
    world.post(&key, &format!("{path}/start"), json!({"version": 7})).await.refused(404, "NOT_FOUND");
    assert_eq!(world.post(&key, &format!("{path}/stop"), Value::Null).await.is(200)["status"], "stopped");
    world.post(&open, &hook, json!({})).await.refused(409, "FLOW_STOPPED");
    assert_eq!(world.get(&key, &format!("{path}/status")).await.is(200)["status"], "stopped");
}

/// Says something after a signal.
fn waiting(what: &str) -> String {
    format!(
        r#"{{"ir": 1, "name": "slow", "dialect": "ir", "root": {{"id": "all", "sequence": {{"children": [
        {{"id": "rest", "wait": {{"signal": {{"name": "go"}}}}}},
        {{"id": "say", "task": {{"kind": "print", "params": {{"message": "{what}"}}}}}}
    ]}}}}}}"#
    )
}

async fn a_new_version_is_for_new_runs(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flow = world.running(&key, "slow", &waiting("One")).await;
    let (path, inject) = (format!("/api/flows/{flow}"), format!("/api/triggers/{flow}/inject"));
    let any = key.with("if-match", "*");
    let old = text(&world.post(&key, &inject, json!({})).await.is(201)["run"]);
    world.send(&any, "PUT", &path, &json!({"source": waiting("Two")})).await.is(200);
    let between = text(&world.post(&key, &inject, json!({})).await.is(201)["run"]);
    world.post(&any, &format!("{path}/versions"), Value::Null).await.is(201);
    assert_eq!(world.get(&key, &format!("{path}/status")).await.is(200)["version"], 2);
    let new = text(&world.post(&key, &inject, json!({})).await.is(201)["run"]);
    world.post(&key, &format!("{path}/stop"), Value::Null).await.is(200);
    for (run, said) in [(old, "One"), (between, "One"), (new, "Two")] {
        world.post(&key, &format!("/api/runs/{run}/signal"), json!({"name": "go"})).await.is(200);
        assert_eq!(world.ended(&key, &run).await["output"], said, "{run}");
    }
}

async fn a_project_may_want_flows_stopped_first(data: Data) {
    let world = World::open(data).await;
    let key = world.tenant("Anna").await.key;
    let flow = world.running(&key, "greet", FLOW).await;
    let (path, any) = (format!("/api/flows/{flow}"), key.with("if-match", "*"));
    let setting = |on| json!({"settings": {"stopBeforeEdit": on}});
    world.send(&any, "PATCH", "/api/projects/default", &setting(true)).await.is(200);
    let change = json!({"source": saying("Two")});
    world.send(&any, "PUT", &path, &change).await.refused(409, "FLOW_RUNNING");
    world.post(&any, &format!("{path}/versions"), Value::Null).await.refused(409, "FLOW_RUNNING");
    world.post(&any, &format!("{path}/versions/1/restore"), Value::Null).await.refused(409, "FLOW_RUNNING");
    world.post(&key, &format!("{path}/stop"), Value::Null).await.is(200);
    world.send(&any, "PUT", &path, &change).await.is(200);
    world.post(&any, &format!("{path}/versions"), Value::Null).await.is(201);
    world.send(&any, "PATCH", "/api/projects/default", &setting(false)).await.is(200);
    world.post(&key, &format!("{path}/start"), Value::Null).await.is(200);
    world.send(&any, "PUT", &path, &json!({"source": saying("Three")})).await.is(200);
}

async fn a_deleted_flow_leaves_nothing_but_its_runs(data: Data) {
    use weir_control::Chore;
    use weir_store::{DocumentFilter, Scope, Table};
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let key = &tenant.key;
    let flow = world.running(key, "greet", FLOW).await;
    let hook = world.hook(key, &flow, "hook", json!({"answer": "result"})).await.path;
    let run = text(&world.post(&Client::default(), &hook, json!({})).await.is(200)["run"]);
    let (path, any) = (format!("/api/flows/{flow}"), key.with("if-match", "*"));
    world.send(&any, "DELETE", &path, &Value::Null).await.refused(409, "FLOW_RUNNING");
    world.post(key, &format!("{path}/stop"), Value::Null).await.is(200);
    world.send(&any, "DELETE", &path, &Value::Null).await.is(204);
    world.get(key, &path).await.refused(404, "NOT_FOUND");
    world.post(&Client::default(), &hook, json!({})).await.refused(404, "NOT_FOUND");
    let of_flows = [
        Table::FlowDrafts,
        Table::Revisions,
        Table::Releases,
        Table::Deployments,
        Table::Triggers,
        Table::TriggerStates,
    ];
    // For thirty days it can come back; then nothing is kept for it.
    world.weather.pass(31 * 24 * 3_600);
    assert_eq!(world.get(key, "/api/deleted-flows").await.is(200)["items"], json!([]));
    world.post(key, &format!("/api/deleted-flows/{flow}/restore"), Value::Null).await.refused(404, "NOT_FOUND");
    world.control.chore(&tenant.id.as_str().into(), Chore::Forget, &weir_base::Value::Null).await.expect("a chore");
    for table in of_flows {
        let (scope, all) = (Scope::Tenant(tenant.id.as_str().into()), DocumentFilter::default());
        let left = world.documents.count_documents(&scope, table, &all).await.expect("a count");
        assert_eq!(left, 0, "{table:?}");
    }
    assert_eq!(world.get(key, &format!("/api/runs/{run}")).await.is(200)["output"], "Hello you");
    // The name is free again.
    world.flow(key, "greet", FLOW).await;
}

async fn a_deleted_flow_comes_back_as_it_was(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let key = &tenant.key;
    let flow = world.running(key, "greet", FLOW).await;
    let hook = world.hook(key, &flow, "hook", json!({"answer": "result"})).await.path;
    let (path, any) = (format!("/api/flows/{flow}"), key.with("if-match", "*"));
    world.send(&any, "PUT", &path, &json!({"source": saying("Two"), "title": "Greets"})).await.is(200);
    world.post(key, &format!("{path}/stop"), Value::Null).await.is(200);
    let before = world.get(key, &path).await.is(200);
    let delete = async |path: &str| world.send(&any, "DELETE", path, &Value::Null).await.is(204);
    delete(&path).await;
    let gone = world.get(key, "/api/deleted-flows?project=default").await.is(200);
    assert_eq!((&gone["items"][0]["id"], &gone["items"][0]["title"]), (&json!(flow), &json!("Greets")), "{gone:#}");
    assert_eq!(world.get(key, "/api/deleted-flows?project=other").await.is(200)["items"], json!([]));
    let back = format!("/api/deleted-flows/{flow}/restore");
    let other = world.flow(key, "greet", FLOW).await;
    world.post(key, &back, Value::Null).await.refused(409, "NAME_TAKEN");
    delete(&format!("/api/flows/{other}")).await;
    let restored = world.post(key, &back, Value::Null).await.is(200);
    for member in ["id", "name", "title", "revision", "createdAt", "files", "bindings"] {
        assert_eq!(restored[member], before[member], "{member}");
    }
    assert_eq!(restored["status"]["status"], "stopped");
    world.post(key, &back, Value::Null).await.refused(404, "NOT_FOUND");
    assert_eq!(count(&world, key, &format!("{path}/versions")).await, 1);
    // It goes on where it was: the next save, its versions, its hook.
    let seen = key.with("if-match", &before["revision"].to_string());
    world.send(&seen, "PUT", &path, &json!({"source": saying("Three")})).await.is(200);
    assert_eq!(count(&world, key, &format!("{path}/revisions")).await, 3);
    world.post(key, &format!("{path}/start"), Value::Null).await.is(200);
    let ran = world.post(&Client::default(), &hook, json!({})).await.is(200);
    let run = world.get(key, &format!("/api/runs/{}", text(&ran["run"]))).await.is(200);
    assert_eq!(run["output"], "Hello you");
}

async fn count(world: &World, key: &Client, path: &str) -> usize {
    world.get(key, path).await.is(200)["items"].as_array().map_or(0, Vec::len)
}
