//! What a step costs in rows: semantics 5.14, counted through the store.

mod support;

use support::*;
use weir_store::{PageRequest, RunFilter};

/// Everything of a run that is in the store when it has ended: rows of the journal, and all other rows but its own.
async fn rows(world: &World, run: &str) -> (u64, usize) {
    let (store, key) = (&world.store, world.row(run).await.key);
    let journal = store.last_seq(key).await.unwrap();
    assert_eq!(world.records(run).await.len() as u64, journal, "dense");
    let attempts = store.attempts(key).await.unwrap().len();
    let effects = store.effects(key, 0).await.unwrap().len();
    let observations = store.observations(key, 0, 1_000).await.unwrap().len();
    let snapshot = usize::from(store.snapshot(key).await.unwrap().is_some());
    let runs = store.list_runs(&RunFilter::default(), PageRequest { before: None, limit: 100 }).await.unwrap();
    (journal, attempts + effects + observations + snapshot + runs.items.len() - 1)
}

async fn check(root: &str, steps: u64, rows_per_step: u64) {
    for world in [World::memory(), World::sqlite().await] {
        let runtime = world.open().await;
        succeeded(&run(&runtime, flow(root), "r").await);
        assert_eq!(rows(&world, "r").await, (1 + steps * rows_per_step, 0), "{root}");
        runtime.stop().await.unwrap();
    }
}

fn tasks(kind: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| task(&format!("t{n}"), kind, r#"{"value":{"ok":true}}"#)).collect()
}

#[tokio::test]
async fn rule_5_14_a_step_is_one_row() {
    check(&sequence(&tasks("call", 10)), 10, 1).await;
    check(&sequence(&tasks("pure", 10)), 10, 1).await;
    check(&parallel(&tasks("call", 100)), 100, 1).await;
    let body = task("t", "call", r#"{"value":1}"#);
    check(&format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":300}},"body":{body}}}}}"#), 300, 1).await;
}

#[tokio::test]
async fn rule_5_14_a_step_that_must_not_be_made_twice_is_two_rows() {
    check(&sequence(&tasks("charge", 10)), 10, 2).await;
    check(&parallel(&tasks("charge", 20)), 20, 2).await;
}

/// Control nodes cost nothing.
#[tokio::test]
async fn rule_5_14_control_nodes_leave_no_row() {
    let inner = sequence(&tasks("call", 2));
    let attempt = format!(r#"{{"id":"y","try":{{"body":{inner},"finally":{}}}}}"#, task("f", "call", "{}"));
    check(&attempt, 3, 1).await;
}
