//! Attempts: semantics 5.6 and the retry rules.

mod support;

use support::*;
use weir_base::Value;
use weir_engine::Status;
use weir_runs::{ProgressBody, RunsPort};

/// One task, and how its run ends: status, code, attempts made, and seconds of virtual time.
async fn check(params: &str, members: &str, expected: (Status, &str, usize, i64)) {
    let world = World::memory();
    let runtime = world.open().await;
    let root = match members {
        "" => task("t", "call", params),
        _ => task_with("t", "call", params, members),
    };
    let view = run(&runtime, flow(&root), "r").await;
    let seconds = (view.ended_at.unwrap() - START) / 1_000_000;
    assert_eq!((view.status, code(&view), world.witness.calls().len(), seconds), expected, "{params} {members}");
    let attempts = runtime.steps("r").await.unwrap()[0].attempts;
    assert_eq!(attempts as usize, expected.2, "the result says how many attempts there were");
    assert_eq!(world.journal("r").await, ["started", "task_finished"], "failed attempts are observations");
}

fn retry(strategy: &str, attempts: u32, more: &str) -> String {
    format!(r#""retry":{{"strategy":"{strategy}","maxAttempts":{attempts},"initial":1000,"coefficient":2{more}}}"#)
}

#[tokio::test]
async fn rule_5_6_the_policy_says_how_often_and_when() {
    let flaky = |times: u32| format!(r#"{{"do":"flaky","times":{times}}}"#);
    let backoff = |attempts| retry("exponential-backoff", attempts, "");
    check(&flaky(1), "", (Status::Failed, "FLAKY", 1, 0)).await;
    check(&flaky(3), &backoff(4), (Status::Succeeded, "", 4, 1 + 2 + 4)).await;
    check(&flaky(3), &backoff(3), (Status::Failed, "FLAKY", 3, 1 + 2)).await;
    check(&flaky(3), &retry("none", 9, ""), (Status::Failed, "FLAKY", 1, 0)).await;
    check(&flaky(5), &retry("keep-trying", 1, r#","max":2000"#), (Status::Succeeded, "", 6, 1 + 2 + 2 + 2 + 2)).await;
    check(&flaky(1), &retry("fail-after-x", 2, r#","retryOn":["network"]"#), (Status::Succeeded, "", 2, 1)).await;
    check(&flaky(1), &retry("fail-after-x", 2, r#","retryOn":["FLAKY"]"#), (Status::Succeeded, "", 2, 1)).await;
    check(&flaky(1), &retry("fail-after-x", 2, r#","retryOn":["timeout"]"#), (Status::Failed, "FLAKY", 1, 0)).await;
}

#[tokio::test]
async fn what_is_not_retryable_is_not_retried() {
    let always = retry("fail-after-x", 5, "");
    check(r#"{"do":"fail"}"#, &always, (Status::Failed, "BROKEN", 1, 0)).await;
    // Semantics 2.5: a failure by design is never retried.
    check(r#"{"do":"verdict"}"#, &always, (Status::Failed, "NO", 1, 0)).await;
}

#[tokio::test]
async fn the_other_sides_patience_is_honoured() {
    let short = retry("fail-after-x", 2, "");
    check(r#"{"do":"patience","value":"90s"}"#, &short, (Status::Succeeded, "", 2, 90)).await;
    check(r#"{"do":"patience","value":"10ms"}"#, &short, (Status::Succeeded, "", 2, 1)).await;
}

/// Unbounded attempts end with the run's deadline.
#[tokio::test]
async fn keep_trying_ends_at_the_deadline() {
    let world = World::memory();
    let runtime = world.open().await;
    let root = task_with("t", "call", r#"{"do":"flaky","times":1000000}"#, &retry("keep-trying", 1, r#","max":1000"#));
    let view = run(&runtime, flow_with(r#""settings":{"timeout":10500},"#, &root), "r").await;
    assert_eq!((view.status, code(&view), world.witness.calls().len()), (Status::TimedOut, "RUN_TIMEOUT", 11));
    let row = world.row("r").await;
    assert!(world.store.attempts(row.key).await.unwrap().is_empty());
}

/// Jitter comes from run and path alone, so that a second fold waits as long.
#[tokio::test]
async fn jitter_is_the_same_every_time() {
    let mut ends = Vec::new();
    for id in ["r", "r", "other"] {
        let world = World::memory();
        let runtime = world.open().await;
        let root = task_with("t", "call", r#"{"do":"flaky","times":2}"#, &retry("fail-after-x", 3, r#","jitter":0.5"#));
        ends.push(run(&runtime, flow(&root), id).await.ended_at.unwrap() - START);
    }
    assert_eq!(ends[0], ends[1]);
    assert_ne!(ends[0], ends[2]);
    assert!(ends.iter().all(|end| (1_500_000..=4_500_000).contains(end)), "{ends:?}");
}

/// Failed attempts are observations, and a watcher sees them with the time of the next one.
#[tokio::test]
async fn rule_5_3_failed_attempts_are_observations() {
    let world = World::memory();
    let runtime = world.open().await;
    let mut watch = runtime.watch("r").await.unwrap();
    let root = task_with("t", "call", r#"{"do":"flaky","times":1,"value":4}"#, &retry("fail-after-x", 2, ""));
    assert_eq!(run(&runtime, flow(&root), "r").await.output, Value::from(4));
    let mut failed = Vec::new();
    while let Some(progress) = watch.next().await {
        if let ProgressBody::AttemptFailed { attempt, error, next_at, .. } = progress.body {
            failed.push((attempt, error.code.to_string(), next_at));
        }
    }
    assert_eq!(failed, [(1, "FLAKY".to_owned(), Some(START + 1_000_000))]);
    let seen = world.store.observations(world.row("r").await.key, 0, 10).await.unwrap();
    assert_eq!(seen.iter().map(|one| &*one.seen.kind).collect::<Vec<_>>(), ["attempt_failed"]);
}

/// A retried attempt of a kind that must not be repeated unawares has a mark of its own (semantics 5.7).
#[tokio::test]
async fn rule_5_7_each_attempt_has_its_mark() {
    let world = World::memory();
    let runtime = world.open().await;
    let root = task_with("t", "charge", r#"{"do":"flaky","times":1}"#, &retry("fail-after-x", 2, ""));
    succeeded(&run(&runtime, flow(&root), "r").await);
    assert_eq!(world.journal("r").await, ["started", "dispatched", "dispatched", "task_finished"]);
}
