//! Flows taken from one organisation to another, through the router.

mod door;

use door::Door;
use serde_json::{Value, json};

const FLOW: &str = "type: Sequence\nid: greet\nchildren:\n  - {type: PrintAction, props: {message: hello}}\n";

/// An organisation with a published flow, a webhook and a secret; the flow's id and the webhook's token.
async fn furnished(door: &Door) -> (String, String) {
    let flow = door.flow(FLOW).await;
    door.switch_on(&flow).await;
    let hook = json!({"name": "hook", "spec": {"type": "webhook", "answer": "atOnce"}});
    let hook = door.post(&format!("/api/flows/{flow}/triggers"), hook).await.is(201);
    let token = hook["url"].as_str().and_then(|url| url.rsplit('/').next()).expect("a token").to_owned();
    let secret = json!({"value": "s3cr3t-canary"});
    let put = door.put("/api/projects/default/secrets/api-token", "*", secret).await;
    assert!(put.status.is_success(), "{:#}", put.body);
    (flow, token)
}

async fn import(door: &Door, key: &str, body: Value) -> door::Reply {
    door.send(key, "POST", "/api/import", &[], body.to_string()).await
}

#[tokio::test]
async fn a_bundle_makes_the_same_elsewhere() {
    let door = Door::open().await;
    let (flow, token) = furnished(&door).await;
    let bundle = door.get("/api/projects/default/export").await.is(200);
    let text = bundle.to_string();
    assert!(!text.contains(&token) && !text.contains("canary") && !text.contains(&flow), "{bundle:#}");
    assert_eq!(door.get(&format!("/api/flows/{flow}/export")).await.is(200), bundle);

    let other = door.tenant("Two").await;
    let made = json!(["flow greet", "version 1 of greet", "trigger hook of greet"]);
    let told = json!({"made": made, "conflicts": [], "secretsMissing": ["api-token"], "applied": false});
    let body = json!({"bundle": bundle});
    assert_eq!(import(&door, &other, body.clone()).await.is(200), told);
    let flows = async || door.send(&other, "GET", "/api/flows", &[], String::new()).await.is(200)["items"].clone();
    assert_eq!(flows().await, json!([]), "nothing is made where nobody said so");

    let body = json!({"bundle": bundle, "apply": true});
    assert_eq!(import(&door, &other, body.clone()).await.is(200)["applied"], true);
    let copy = flows().await[0]["id"].as_str().expect("an id").to_owned();
    assert_ne!(copy, flow);
    let again = door.send(&other, "GET", "/api/projects/default/export", &[], String::new()).await.is(200);
    assert_eq!((&again["flows"], &again["services"]), (&bundle["flows"], &bundle["services"]));

    // The copy runs once it is switched on, at an address of its own.
    door.send(&other, "POST", &format!("/api/flows/{copy}/start"), &[], "{}".into()).await.is(200);
    let hooks = door.send(&other, "GET", &format!("/api/flows/{copy}/triggers"), &[], String::new()).await.is(200);
    let url = hooks["items"][0]["url"].as_str().expect("an address").to_owned();
    assert!(!url.ends_with(&token));
    let path = &url[url.find("/api/").expect("a path")..];
    assert!(door.send("", "POST", path, &[], "{}".into()).await.status.is_success());

    import(&door, &other, body).await.refused(409, "IMPORT_CONFLICT");
    let skip = json!({"bundle": bundle, "apply": true, "skipExisting": true});
    let skipped = import(&door, &other, skip).await.is(200);
    assert_eq!((&skipped["made"], &skipped["conflicts"]), (&json!([]), &json!(["flow greet"])));
    let elsewhere = json!({"bundle": bundle, "project": "copies", "apply": true});
    assert_eq!(import(&door, &other, elsewhere).await.is(200)["made"][0], "project copies");
}

#[tokio::test]
async fn what_is_no_bundle_makes_nothing() {
    let door = Door::open().await;
    let bundle = |flows: Value| json!({"weir": 1, "project": "default", "flows": flows});
    let flow = |name: &str, text: &str| json!({"name": name, "service": "default", "files": [{"name": "f.yaml", "text": text}]});
    let mut broken = flow("b", FLOW);
    broken["versions"] = json!([{"files": [{"name": "f.yaml", "text": "type: NoSuchKind\nid: x\n"}]}]);
    let mut loose = flow("c", FLOW);
    loose["triggers"] = json!([{"name": "t", "enabled": true, "spec": {"type": "event", "flow": "none"}}]);
    let cases = [
        (json!({}), "INVALID_BUNDLE", "this is no bundle: "),
        (json!({"weir": 2, "project": "default"}), "INVALID_BUNDLE", "a bundle of form 2"),
        (bundle(json!([flow("a", FLOW), flow("a", FLOW)])), "INVALID_BUNDLE", "the flow `a` is in it twice"),
        (bundle(json!([flow("a", FLOW), flow("../b", FLOW)])), "INVALID_NAME", "flow `../b`: "),
        (bundle(json!([flow("a", FLOW), broken])), "FLOW_PROBLEMS", "flow `b`: version 1: "),
        (bundle(json!([flow("a", FLOW), loose])), "EVENT_INVALID", "flow `c`: trigger `t`: "),
    ];
    for (bundle, code, place) in cases {
        let refused = import(&door, &door.key, json!({"bundle": bundle, "apply": true})).await.refused(422, code);
        let detail = refused["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with(place), "{detail}");
    }
    assert_eq!(door.get("/api/flows").await.is(200)["items"], json!([]));
}

#[tokio::test]
async fn others_flows_are_not_there() {
    let door = Door::open().await;
    let (flow, _) = furnished(&door).await;
    let other = door.tenant("Two").await;
    let get = async |path: String| door.send(&other, "GET", &path, &[], String::new()).await;
    get(format!("/api/flows/{flow}/export")).await.refused(404, "NOT_FOUND");
    assert_eq!(get("/api/projects/default/export".into()).await.is(200)["flows"], json!([]));
}
