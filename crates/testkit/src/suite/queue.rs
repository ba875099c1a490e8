//! Which pending runs are next.

use super::fixture::{Owned, ids};
use std::sync::Arc;
use weir_store::{Claim, QueueId, RunUpdate, Store};

fn claim(limit: u32) -> Claim {
    Claim { limit, ..Claim::default() }
}

async fn fill(owned: &Owned, runs: &[(&str, &str, i32)]) {
    for (id, project, priority) in runs {
        let mut run = owned.run(id, project, 1);
        run.priority = *priority;
        owned.commit(|batch| batch.runs.push(run)).await;
    }
}

async fn check(owned: &Owned, claim: Claim, expected: &[&str]) {
    assert_eq!(ids(&owned.store.runnable(&claim).await.unwrap()), expected, "{claim:?}");
}

pub async fn queues_take_turns_and_keep_their_order(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    check(&owned, claim(5), &[]).await;
    fill(&owned, &[("a1", "a", 0), ("a2", "a", 0), ("a3", "a", 0), ("b1", "b", 0), ("a4", "a", 9), ("b2", "b", -1)])
        .await;
    let started = owned.running("runs already").await;
    check(&owned, claim(9), &["a4", "b1", "a1", "b2", "a2", "a3"]).await;
    check(&owned, claim(3), &["a4", "b1", "a1"]).await;
    check(&owned, claim(0), &[]).await;
    let first = owned.store.run("a4").await.unwrap().unwrap().key;
    owned.commit(|batch| batch.updates = vec![RunUpdate::started(first, 2), RunUpdate::parked(started, None)]).await;
    check(&owned, claim(2), &["a1", "b1"]).await;
}

pub async fn no_queue_starves(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let crowd: Vec<String> = (0..30).map(|number| format!("a{number}")).collect();
    let rows: Vec<_> = crowd.iter().map(|id| (id.as_str(), "a", 100)).collect();
    fill(&owned, &rows).await;
    fill(&owned, &[("b", "b", 0), ("c", "c", -5)]).await;
    let mut served = Vec::new();
    let mut after = None;
    for _ in 0..4 {
        let next = owned.store.runnable(&Claim { after: after.take(), ..claim(1) }).await.unwrap().remove(0);
        after = Some(next.place.queue());
        owned.commit(|batch| batch.updates.push(RunUpdate::started(next.key, 2))).await;
        served.push(next.id.to_string());
    }
    assert_eq!(served, ["a0", "b", "c", "a1"]);
}

pub async fn full_ones_are_passed_over(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    fill(&owned, &[("a1", "a", 0), ("b1", "b", 0), ("c1", "c", 0)]).await;
    let mut keyed = owned.run("a2", "a", 1);
    (keyed.concurrency_key, keyed.flow) = (Some("k".into()), "other".into());
    owned.commit(|batch| batch.runs.push(keyed)).await;
    let queue = |project: &str| QueueId { tenant: "".into(), project: project.into() };
    check(&owned, Claim { full_queues: vec![queue("a"), queue("c")], ..claim(9) }, &["b1"]).await;
    check(&owned, Claim { full_flows: vec!["flow".into()], ..claim(9) }, &["a2"]).await;
    check(&owned, Claim { full_flows: vec!["flow".into()], ..claim(1) }, &["a2"]).await;
    check(&owned, Claim { full_keys: vec!["k".into(), "z".into()], ..claim(9) }, &["a1", "b1", "c1"]).await;
    check(&owned, Claim { after: Some(queue("a")), ..claim(9) }, &["b1", "c1", "a1", "a2"]).await;
}
