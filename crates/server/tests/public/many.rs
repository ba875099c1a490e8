//! Many runs at once, what started them, and runs as tests.

use crate::world::{Client, Data, Settings, Tenant, World, on_every_store, text};
use serde_json::{Value, json};

on_every_store! {
    runs_say_what_started_them_and_lists_ask_for_it
    an_approval_is_named_by_its_step
    a_paused_run_takes_an_approval_by_its_step
    an_approval_may_come_before_its_step
    an_approval_that_no_step_takes_is_refused
    an_approval_goes_to_what_waits
    the_same_is_done_to_all_that_pass_a_filter
    failed_runs_go_on_together
    a_run_is_given_out_as_a_test
    a_run_that_waits_for_its_turn_has_begun_nothing
}

const WAITS: &str =
    r#"{"ir": 1, "name": "waits", "dialect": "ir", "root": {"id": "rest", "wait": {"signal": {"name": "go"}}}}"#;
const ONE_AT_A_TIME: &str = r#"{"ir": 1, "name": "one", "dialect": "ir", "settings": {"concurrency": {"limit": 1}},
    "root": {"id": "all", "sequence": {"children": [
        {"id": "say", "task": {"kind": "print", "params": {"message": "begun"}}},
        {"id": "rest", "wait": {"signal": {"name": "go"}}}]}}}"#;
const FAILS: &str = r#"{"ir": 1, "name": "fails", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "say", "task": {"kind": "print", "params": {"message": "begun"}}},
    {"id": "gate", "task": {"kind": "mock", "params": {"returnStatus": "FAILURE", "errorCode": "SHUT"}}}]}}}"#;

async fn a_run_that_waits_for_its_turn_has_begun_nothing(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "one", ONE_AT_A_TIME).await;
    let first = inject(&world, &tenant, &flow).await;
    let second = inject(&world, &tenant, &flow).await;
    let of = async |run: &str, what: &str| world.get(&tenant.key, &format!("/api/runs/{run}{what}")).await.is(200);
    let paths =
        |list: &Value| list.as_array().expect("steps").iter().map(|step| text(&step["path"])).collect::<Vec<String>>();
    assert_eq!(of(&second, "").await["status"], "pending");
    assert_eq!(of(&second, "/steps").await["items"], json!([]));
    let replayed = of(&second, "/replay").await;
    assert_eq!((&replayed["status"], &replayed["steps"]), (&json!("pending"), &json!([])), "{replayed:#}");
    // A fork has what it was forked with.
    until_waiting(&world, &tenant, &first).await;
    let last = of(&first, "/replay").await["seq"].clone();
    let forked = world.post(&tenant.key, &format!("/api/runs/{first}/fork"), json!({"at": last})).await.is(201);
    let forked = text(&forked["run"]);
    assert_eq!(of(&forked, "").await["status"], "pending");
    for steps in [&of(&forked, "/steps").await["items"], &of(&forked, "/replay").await["steps"]] {
        assert!(paths(steps).contains(&"all/say".to_owned()), "{steps:#}");
    }
    for run in [first, second, forked] {
        until_waiting(&world, &tenant, &run).await;
        world.post(&tenant.key, &format!("/api/runs/{run}/signal"), json!({"name": "go"})).await.is(200);
        assert_eq!(world.ended(&tenant.key, &run).await["status"], "succeeded");
        assert_eq!(of(&run, "/steps").await["items"].as_array().map(Vec::len), Some(3));
    }
}

/// The run once it waits for something.
async fn until_waiting(world: &World, tenant: &Tenant, run: &str) -> Value {
    let waits = async {
        loop {
            let shown = world.get(&tenant.key, &format!("/api/runs/{run}")).await.is(200);
            if shown["waiting"].as_array().is_some_and(|waits| !waits.is_empty()) {
                return shown;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waits).await.expect("it waits")
}

async fn inject(world: &World, tenant: &Tenant, flow: &str) -> String {
    text(&world.post(&tenant.key, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201)["run"])
}

async fn knock(world: &World, path: &str) -> String {
    text(&world.post(&Client::default(), path, json!({})).await.is(202)["run"])
}

async fn list(world: &World, client: &Client, query: &str) -> Vec<String> {
    let page = world.get(client, &format!("/api/runs?{query}")).await.is(200);
    page["items"].as_array().expect("runs").iter().map(|run| text(&run["run"])).collect()
}

async fn bulk(world: &World, client: &Client, body: Value) -> Value {
    world.post(client, "/api/runs/bulk", body).await.is(200)
}

const ASKS: &str = r#"{"ir": 1, "name": "asks", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "ok", "wait": {"approval": {"message": "Go on?"}}}, {"id": "said", "return": {"value": "went"}}]}}}"#;

/// By the step's path, by the signal, or by what `waiting` says.
async fn an_approval_is_named_by_its_step(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "asks", ASKS).await;
    for name in ["all/ok", "approve:all/ok", "signal approve:all/ok"] {
        let run = inject(&world, &tenant, &flow).await;
        let path = format!("/api/runs/{run}");
        let shown = until_waiting(&world, &tenant, &run).await;
        assert_eq!(shown["waiting"], json!(["signal approve:all/ok"]));
        // What no step of the flow takes is kept nowhere, whichever way it comes.
        let wrong = json!({"name": "all/ko", "approved": true});
        for (way, body) in [("approve", &wrong), ("signal", &json!({"name": "aprove:all/ok"}))] {
            let problem = world.post(&tenant.key, &format!("{path}/{way}"), body.clone()).await;
            let problem = problem.refused(422, "SIGNAL_UNKNOWN");
            assert!(text(&problem["detail"]).contains("did you mean `approve:all/ok`?"), "{problem:#}");
        }
        let answer = json!({"name": name, "approved": true});
        world.post(&tenant.key, &format!("{path}/approve"), answer).await.is(200);
        let ended = world.ended(&tenant.key, &run).await;
        assert_eq!(ended["status"], "succeeded", "{name}: {ended}");
    }
}

const ASKS_LATER: &str = r#"{"ir": 1, "name": "later", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "first", "wait": {"signal": {"name": "go"}}}, {"id": "ok", "was": ["may"], "wait": {"approval": {"message": "Go on?"}}}]}}}"#;

/// Also where it is paused and has left memory.
async fn a_paused_run_takes_an_approval_by_its_step(data: Data) {
    let settings = Settings { park_after: weir_base::Duration::from_millis(0), ..Settings::default() };
    let world = World::with(data, settings).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "asks", ASKS).await;
    let run = inject(&world, &tenant, &flow).await;
    let path = format!("/api/runs/{run}");
    world.post(&tenant.key, &format!("{path}/pause"), json!({})).await.is(200);
    world.all_parked().await;
    let shown = world.get(&tenant.key, &path).await.is(200);
    assert_eq!((&shown["status"], &shown["waiting"]), (&json!("paused"), &json!(["signal approve:all/ok"])));
    world.post(&tenant.key, &format!("{path}/approve"), json!({"name": "all/ok", "approved": true})).await.is(200);
    assert_eq!(world.ended(&tenant.key, &run).await["status"], "succeeded");
}

/// By an earlier id, too.
async fn an_approval_may_come_before_its_step(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "later", ASKS_LATER).await;
    for (way, body) in [
        ("approve", json!({"name": "all/ok", "approved": true})),
        ("approve", json!({"name": "all/may", "approved": true})),
        ("signal", json!({"name": "approve:all/may", "payload": {"approved": true}})),
    ] {
        let run = inject(&world, &tenant, &flow).await;
        let path = format!("/api/runs/{run}");
        world.post(&tenant.key, &format!("{path}/{way}"), body).await.is(200);
        world.post(&tenant.key, &format!("{path}/signal"), json!({"name": "go"})).await.is(200);
        assert_eq!(world.ended(&tenant.key, &run).await["status"], "succeeded");
    }
}

/// Half a path, a wrong one, and a step that has had its answer.
async fn an_approval_that_no_step_takes_is_refused(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "asks", ASKS_FIRST).await;
    let run = inject(&world, &tenant, &flow).await;
    let path = format!("/api/runs/{run}");
    let answer = async |name: &str| {
        world.post(&tenant.key, &format!("{path}/approve"), json!({"name": name, "approved": true})).await
    };
    for name in ["ok", "approve:ok", "al/ok", "all[2]/ok", "other/ok", "approve:other/ok", "signal approve:ok"] {
        let problem = answer(name).await.refused(422, "SIGNAL_UNKNOWN");
        assert!(text(&problem["detail"]).contains("give its whole path"), "{name}: {problem:#}");
    }
    let signal = json!({"name": "approve:ok", "payload": {"approved": true}});
    let problem = world.post(&tenant.key, &format!("{path}/signal"), signal).await.refused(422, "SIGNAL_UNKNOWN");
    assert!(text(&problem["detail"]).contains("give its whole path"), "{problem:#}");
    answer("all/ok").await.is(200);
    for name in ["all/ok", "approve:all/ok"] {
        answer(name).await.refused(409, "STEP_NOT_OPEN");
    }
    answer("go").await.is(200);
    assert_eq!(world.ended(&tenant.key, &run).await["status"], "succeeded");
}

const ASKS_FIRST: &str = r#"{"ir": 1, "name": "asks", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "ok", "wait": {"approval": {"message": "Go on?"}}}, {"id": "rest", "wait": {"signal": {"name": "go"}}}]}}}"#;
const ASKS_ALONE: &str = r#"{"ir": 1, "name": "alone", "dialect": "ir", "signals": {"ok": {}},
    "root": {"id": "ok", "wait": {"approval": {"message": "Go on?"}}}}"#;

/// Also where the flow has a signal of the same name.
async fn an_approval_goes_to_what_waits(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "alone", ASKS_ALONE).await;
    let run = inject(&world, &tenant, &flow).await;
    let path = format!("/api/runs/{run}/approve");
    world.post(&tenant.key, &path, json!({"name": "ok", "approved": true})).await.is(200);
    assert_eq!(world.ended(&tenant.key, &run).await["status"], "succeeded");
}

async fn runs_say_what_started_them_and_lists_ask_for_it(data: Data) {
    let world = World::open(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let flow = world.running(&a.key, "waits", WAITS).await;
    let hook = world.hook(&a.key, &flow, "hook", json!({})).await;
    let second = world.hook(&a.key, &flow, "second", json!({})).await;
    let by_hand = inject(&world, &a, &flow).await;
    let (one, two) = (knock(&world, &hook.path).await, knock(&world, &second.path).await);
    let tried = text(&world.post(&a.key, &format!("/api/flows/{flow}/try"), json!({})).await.is(201)["run"]);
    let asked = json!({"at": 1, "dryRun": true});
    let asked = world.post(&a.key, &format!("/api/runs/{one}/fork"), asked).await.is(200);
    assert!(asked.get("run").is_none() && asked["again"].is_array(), "nothing was started: {asked}");
    let forked = text(&world.post(&a.key, &format!("/api/runs/{one}/fork"), json!({"at": 1})).await.is(201)["run"]);
    for (run, sort, id) in [
        (&by_hand, "manual", None),
        (&one, "webhook", Some(&hook.id)),
        (&two, "webhook", Some(&second.id)),
        (&tried, "trial", None),
        (&forked, "fork", None),
    ] {
        let shown = world.get(&a.key, &format!("/api/runs/{run}")).await.is(200);
        let expected = id.map_or(json!({"type": sort}), |id| json!({"type": sort, "id": id}));
        assert_eq!(shown["trigger"], expected, "{run}");
        let found = list(&world, &a.key, &format!("trigger={}", id.map_or(sort, String::as_str))).await;
        assert_eq!(found, std::slice::from_ref(run), "{sort}");
    }
    assert_eq!(list(&world, &a.key, "trigger=webhook").await, [two, one]);
    assert!(list(&world, &a.key, "trigger=schedule").await.is_empty());
    // A trigger of somebody else is one that is not there.
    let nobodys = world.get(&b.key, &format!("/api/runs?trigger={}", hook.id.replace('0', "1"))).await;
    assert_eq!(world.get(&b.key, &format!("/api/runs?trigger={}", hook.id)).await, nobodys);
    nobodys.refused(404, "NOT_FOUND");
    // The order of starting is not lost with a restart, and neither is the cause.
    let world = world.restart().await;
    let shown = world.get(&a.key, &format!("/api/runs/{by_hand}")).await.is(200);
    assert_eq!(shown["trigger"]["type"], "manual");
}

async fn the_same_is_done_to_all_that_pass_a_filter(data: Data) {
    let world = World::open(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let flow = world.running(&a.key, "waits", WAITS).await;
    let theirs = world.running(&b.key, "waits", WAITS).await;
    let hook = world.hook(&a.key, &flow, "hook", json!({})).await;
    let foreign = inject(&world, &b, &theirs).await;
    let by_hand = inject(&world, &a, &flow).await;
    for _ in 0..3 {
        knock(&world, &hook.path).await;
    }
    let of_hook = json!({"trigger": hook.id});
    let asked = bulk(&world, &a.key, json!({"filter": of_hook, "action": "cancel", "dryRun": true})).await;
    assert_eq!(asked, json!({"count": 3, "more": false, "items": []}), "nothing is done");
    assert_eq!(list(&world, &a.key, "status=cancelled").await.len(), 0);
    // Part by part: those that follow are those that are left.
    let (mut done, mut after) = (Vec::new(), Value::Null);
    loop {
        let part =
            bulk(&world, &a.key, json!({"filter": of_hook, "action": "cancel", "limit": 2, "after": after})).await;
        for line in part["items"].as_array().expect("lines") {
            assert_eq!(line["ok"], true, "{line}");
            done.push(text(&line["run"]));
        }
        after = part["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(done.len(), 3);
    assert_eq!(list(&world, &a.key, "status=cancelled").await.len(), 3);
    // What is over already is not meant.
    let again = bulk(&world, &a.key, json!({"filter": {"flow": flow}, "action": "cancel", "dryRun": true})).await;
    assert_eq!(again["count"], 1);
    for (action, status) in [("pause", "paused"), ("resume", "waiting"), ("cancel", "cancelled")] {
        let part = bulk(&world, &a.key, json!({"filter": {"flow": flow}, "action": action})).await;
        assert_eq!((&part["count"], &part["items"][0]["run"]), (&json!(1), &json!(by_hand)), "{action}: {part}");
        let shown = world.get(&a.key, &format!("/api/runs/{by_hand}?wait=1")).await.is(200);
        assert_eq!(shown["status"], status);
    }
    // Runs that are named.
    let named = bulk(&world, &a.key, json!({"runs": [by_hand, foreign, "nothing"], "action": "cancel"})).await;
    let codes: Vec<&Value> = named["items"].as_array().expect("lines").iter().map(|line| &line["code"]).collect();
    assert_eq!(codes, ["RUN_ENDED", "NOT_FOUND", "NOT_FOUND"]);
    let shown = world.get(&b.key, &format!("/api/runs/{foreign}")).await.is(200);
    assert_eq!(shown["status"], "waiting");
    for wrong in [
        json!({"action": "cancel"}),
        json!({"filter": {}, "action": "cancel"}),
        json!({"runs": [], "filter": of_hook, "action": "cancel"}),
        json!({"filter": {"status": "failed"}, "version": 1, "action": "fix"}),
    ] {
        world.post(&a.key, "/api/runs/bulk", wrong).await.refused(422, "INVALID_BULK");
    }
}

async fn failed_runs_go_on_together(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.running(&tenant.key, "fails", FAILS).await;
    let mut runs = Vec::new();
    for _ in 0..2 {
        let run = inject(&world, &tenant, &flow).await;
        assert_eq!(world.ended(&tenant.key, &run).await["status"], "failed");
        runs.push(run);
    }
    // Under the same version the failed step is done again, and fails again; what came before stands.
    let of_flow = json!({"flow": flow, "status": "failed"});
    let retried = bulk(&world, &tenant.key, json!({"filter": of_flow, "action": "retry"})).await;
    assert!(retried["items"].as_array().expect("lines").iter().all(|line| line["ok"] == true), "{retried}");
    for run in &runs {
        assert_eq!(world.ended(&tenant.key, run).await["status"], "failed");
        let journal = world.get(&tenant.key, &format!("/api/runs/{run}/journal")).await.is(200);
        let of = |path: &str| {
            let records = journal["items"].as_array().expect("records").iter();
            records.filter(|record| record["path"] == path && record["type"] == "task_finished").count()
        };
        assert_eq!((of("all/say"), of("all/gate")), (1, 2), "{journal:#}");
    }
    let source = FAILS.replace("FAILURE", "SUCCESS");
    let any = tenant.key.with("if-match", "*");
    world.send(&any, "PUT", &format!("/api/flows/{flow}"), &json!({"source": source})).await.is(200);
    let counted = bulk(&world, &tenant.key, json!({"filter": of_flow, "action": "fix", "dryRun": true})).await;
    assert_eq!(counted["count"], 2);
    bulk(&world, &tenant.key, json!({"filter": of_flow, "action": "fix"})).await;
    for run in &runs {
        assert_eq!(world.ended(&tenant.key, run).await["status"], "succeeded");
    }
    let none = bulk(&world, &tenant.key, json!({"filter": of_flow, "action": "fix"})).await;
    assert_eq!(none, json!({"count": 0, "more": false, "items": []}));
}

async fn a_run_is_given_out_as_a_test(data: Data) {
    let world = World::open(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let flow = world.running(&a.key, "fails", FAILS).await;
    let run = inject(&world, &a, &flow).await;
    world.ended(&a.key, &run).await;
    let path = format!("/api/runs/{run}/test");
    let given = world.get(&a.key, &path).await.is(200);
    let file = |name: &str| {
        let found = given["files"].as_array().expect("files").iter().find(|file| file["name"] == name);
        text(&found.unwrap_or_else(|| panic!("no {name}: {given:#}"))["text"])
    };
    let expected: Value = serde_json::from_str(&file("expected.json")).expect("JSON");
    assert_eq!((&expected["status"], &expected["error"]["code"]), (&json!("failed"), &json!("SHUT")));
    let main = text(&expected["flow"]);
    assert!(file(&main).contains("\"gate\""), "{main}");
    let journal = file("journal.jsonl");
    let types: Vec<String> =
        journal.lines().map(|line| text(&serde_json::from_str::<Value>(line).expect("a record")["type"])).collect();
    assert_eq!((types[0].as_str(), types.iter().filter(|ty| *ty == "task_finished").count()), ("started", 2));
    world.get(&b.key, &path).await.refused(404, "NOT_FOUND");
    // A fork is a test with what it has inherited.
    let fork = text(&world.post(&a.key, &format!("/api/runs/{run}/fork"), json!({"at": 1})).await.is(201)["run"]);
    world.ended(&a.key, &fork).await;
    let given = world.get(&a.key, &format!("/api/runs/{fork}/test")).await.is(200);
    assert!(given["files"].to_string().contains(r#"\"type\":\"forked\""#), "{given:#}");
}
