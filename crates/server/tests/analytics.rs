//! Figures about runs, through the router.

mod door;

use door::Door;
use serde_json::{Value, json};

/// Costs a quarter of the currency's unit, and fails where the input says so.
const PAID: &str = r#"{
  "ir": 1, "name": "paid", "dialect": "ir",
  "root": {"id": "all", "sequence": {"children": [
    {"id": "ask", "task": {"kind": "model.chat", "params": {"prompt": "{{ input.word }}", "stream": false}}},
    {"id": "check", "branch": {"cases": [
      {"when": {"expr": "input.word == 'bad'"}, "then": {"body": {"id": "stop", "fail": {"code": "BAD_WORD", "message": "not this word"}}}}
    ]}}
  ]}},
  "testData": {"model": [{"text": "yes", "usage": {"inputTokens": 3, "outputTokens": 4, "micros": 250000}}]}
}"#;

const FREE: &str = r#"{
  "ir": 1, "name": "free", "dialect": "ir",
  "root": {"id": "rest", "wait": {"timer": {"after": "20ms"}}}
}"#;

fn number(body: &Value, name: &str) -> f64 {
    body[name].as_f64().unwrap_or_else(|| panic!("{name} is a number in {body:#}"))
}

#[tokio::test]
async fn figures_are_read_from_runs_and_journals() {
    let door = Door::open().await;
    let (paid, free) = (door.flow(PAID).await, door.flow(FREE).await);
    door.switch_on(&paid).await;
    door.switch_on(&free).await;
    for word in ["good", "bad", "fine"] {
        door.fired(&paid, json!({"word": word})).await;
    }
    door.fired(&free, json!({})).await;

    let of_paid = door.get(&format!("/api/flows/{paid}/analytics?bucket=3600")).await.is(200);
    assert_eq!(of_paid["totalRuns"], 3);
    assert!((number(&of_paid, "successRate") - 2.0 / 3.0).abs() < 1e-9);
    assert!((number(&of_paid, "totalCost") - 0.75).abs() < 1e-9);
    assert_eq!(of_paid["read"], json!({"runs": 3, "journals": 3, "sampled": false, "exact": true}));
    let error = &of_paid["topErrors"][0];
    assert_eq!(
        (&error["code"], &error["message"], &error["count"]),
        (&json!("BAD_WORD"), &json!("not this word"), &json!(1))
    );
    let node = &of_paid["slowestNodes"][0];
    assert_eq!((&node["node"], &node["kind"], &node["count"]), (&json!("all/ask"), &json!("model.chat"), &json!(3)));
    assert!((number(node, "cost") - 0.75).abs() < 1e-9);
    let (least, most) = (number(&of_paid, "p50Duration"), number(&of_paid, "maxDuration"));
    assert!(0.0 < least && least <= number(&of_paid, "p95Duration") && number(&of_paid, "p99Duration") <= most);

    let parts = of_paid["series"].as_array().expect("a series");
    assert_eq!(parts.len(), 24, "a day in hours");
    let ends = |part: &Value| (part["runs"].as_u64().unwrap_or(0), part["failed"].as_u64().unwrap_or(0));
    let sum = parts.iter().map(ends).fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    assert_eq!(sum, (3, 1));
    let took = |part: &Value| ["p50Duration", "p95Duration", "p99Duration"].map(|name| number(part, name));
    for part in parts {
        let [half, most_of, nearly_all] = took(part);
        let some = ends(part).0 > 0;
        assert!(half <= most_of && most_of <= nearly_all && nearly_all <= most && (half > 0.0) == some, "{part}");
    }
    if let [only] = &parts.iter().filter(|part| ends(part).0 > 0).collect::<Vec<_>>()[..] {
        assert_eq!(took(only), took(&of_paid), "all of them ended in one hour");
    }
    let rows = of_paid["heatmap"]["rows"].as_array().expect("rows");
    let cells: u64 = rows.iter().flat_map(|row| row.as_array().expect("a row")).filter_map(Value::as_u64).sum();
    assert_eq!((rows.len(), cells), (24, 3));

    let of_all = door.get("/api/analytics").await.is(200);
    assert_eq!(of_all["totalRuns"], 4);
    let of_project = door.get("/api/projects/default/analytics").await.is(200);
    assert_eq!(of_project["totalRuns"], 4);
    assert!(number(&of_project, "maxDuration") >= 20.0, "the wait is in it");
    let before = door.get("/api/analytics?until=2020-01-01T00:00:00Z").await.is(200);
    assert_eq!(
        (&before["totalRuns"], &before["totalCost"], &before["topErrors"]),
        (&json!(0), &json!(0.0), &json!([]))
    );
}

#[tokio::test]
async fn others_see_nothing_of_it() {
    let door = Door::open().await;
    let flow = door.flow(FREE).await;
    door.switch_on(&flow).await;
    door.fired(&flow, json!({})).await;
    let other = door.tenant("Two").await;
    let get = async |path: &str| door.send(&other, "GET", path, &[], String::new()).await;
    assert_eq!(get("/api/analytics").await.is(200)["totalRuns"], 0);
    assert_eq!(get("/api/projects/default/analytics").await.is(200)["totalRuns"], 0);
    get(&format!("/api/flows/{flow}/analytics")).await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_range_that_is_none_is_refused() {
    let door = Door::open().await;
    for query in ["since=yesterday", "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z"] {
        door.get(&format!("/api/analytics?{query}")).await.refused(422, "INVALID_TIME_RANGE");
    }
    door.get("/api/analytics?bucket=-1").await.refused(400, "INVALID_QUERY");
    door.get("/api/projects/none/analytics").await.refused(404, "NOT_FOUND");
    // A second in ten thousand years: parts are made longer, not more.
    let long = door.get("/api/analytics?since=0001-01-01T00:00:00Z&until=9999-01-01T00:00:00Z&bucket=1").await.is(200);
    assert_eq!(long["series"].as_array().expect("a series").len(), 500);
}

#[tokio::test]
async fn runs_are_found_by_time_duration_and_output() {
    let door = Door::open().await;
    let (paid, free) = (door.flow(PAID).await, door.flow(FREE).await);
    door.switch_on(&paid).await;
    door.switch_on(&free).await;
    let (bad, slow) = (door.fired(&paid, json!({"word": "bad"})).await, door.fired(&free, json!({})).await);
    let cases = [
        ("text=bad_word", vec![&bad]),
        ("minDuration=86400000", vec![]),
        ("minDuration=0&maxDuration=86400000", vec![&slow, &bad]),
        ("maxDuration=0", vec![]),
        ("since=2999-01-01T00:00:00Z", vec![]),
        ("until=2999-01-01T00:00:00Z", vec![&slow, &bad]),
    ];
    for (query, expected) in cases {
        let found = door.get(&format!("/api/runs?{query}")).await.is(200);
        let found: Vec<&str> =
            found["items"].as_array().unwrap().iter().filter_map(|run| run["run"].as_str()).collect();
        assert_eq!(found, expected, "{query}");
    }
    door.get("/api/runs?since=now").await.refused(422, "INVALID_TIME_RANGE");
}
