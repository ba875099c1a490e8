//! Many runs on two workers, one of which is killed: all of them end, and how soon those it had go on.

use super::workers::{Cluster, STEPS};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::Notify;
use weir_base::{Micros, Value};
use weir_engine::Status;
use weir_runtime::{Clock, SystemClock};

const RUNS: usize = 300;
/// At once, so that what is measured is the takeover, and not how many others wait before it.
const AT_ONCE: usize = 30;
/// A worker is killed when so many runs are over.
const OVER: usize = 100;

/// How long whoever takes over may take, in milliseconds.
pub const MOST: u64 = 3_000;

/// Kills the worker that keeps the journals, or the other one.
pub async fn measure(weir: &Path, keeper: bool) -> Result<Value> {
    let cluster = Cluster::start().await?;
    let (first, second) = (cluster.worker(weir)?, cluster.worker(weir)?);
    let (mut killed, left) = if keeper { (first, second) } else { (second, first) };
    let (over, enough) = (AtomicUsize::new(0), Notify::new());
    let count = || {
        if over.fetch_add(1, Ordering::Relaxed) + 1 == OVER {
            enough.notify_one();
        }
    };
    let begun = Instant::now();
    let kill = async {
        enough.notified().await;
        let at = SystemClock.now();
        killed.kill();
        Ok(at)
    };
    let (at, ()) = tokio::try_join!(kill, cluster.carry_and("taken", RUNS, AT_ONCE, count))?;
    let took = begun.elapsed().as_secs_f64();
    let names = [identity(killed.0.id()), identity(left.0.id())];
    told(&cluster, at, &names, took, keeper).await
}

/// What a worker's name ends with, whether it keeps the journals or not.
fn identity(process: u32) -> String {
    format!("@{process}")
}

async fn told(cluster: &Cluster, at: Micros, names: &[String; 2], took: f64, keeper: bool) -> Result<Value> {
    let mut waits: Vec<u64> = Vec::new();
    for number in 0..RUNS {
        let run = format!("taken-{number}");
        let state = cluster.client.state(&run).await?;
        ensure!(state.status == Status::Succeeded, "{run} is {}", state.status.as_str());
        let history = cluster.client.history(&run).await?;
        let history = Value::from_json(std::str::from_utf8(&history)?).map_err(anyhow::Error::msg)?;
        waits.extend(taken_after(&history, at, names)?);
    }
    ensure!(!waits.is_empty(), "the worker that was killed had no runs");
    waits.sort_unstable();
    let at_share = |share: usize| waits[(waits.len() - 1) * share / 100];
    Ok(Value::object([
        ("keptTheJournals", keeper.into()),
        ("runs", RUNS.into()),
        ("stepsOfARun", STEPS.into()),
        ("complete", RUNS.into()),
        ("seconds", took.round().into()),
        ("runsOfTheKilled", waits.len().into()),
        ("takeoverMillisP50", at_share(50).into()),
        ("takeoverMillisMost", at_share(100).into()),
    ]))
}

/// Milliseconds from the kill until the other worker had worked on a run that was the killed one's; none for any other.
fn taken_after(history: &Value, at: Micros, [killed, left]: &[String; 2]) -> Result<Option<u64>> {
    let events = history.get("events").and_then(Value::as_array).context("no events")?;
    let mut worked = Vec::new();
    for event in events {
        let Some(done) = event.get("attributes").and_then(|all| all.get("WorkflowTaskCompletedEventAttributes")) else {
            continue;
        };
        let who = done.get("identity").and_then(Value::as_str).unwrap_or_default();
        let when = event.get("event_time").and_then(Value::as_str).context("no time")?;
        worked.push((when.parse::<jiff::Timestamp>()?.as_microsecond(), who));
    }
    let last = worked.iter().rfind(|(when, _)| *when <= at);
    let next = worked.iter().find(|(when, who)| *when > at && who.ends_with(left.as_str()));
    let was_killed = last.is_some_and(|(_, who)| who.ends_with(killed.as_str()));
    Ok(next.filter(|_| was_killed).map(|(when, _)| u64::try_from((when - at) / 1_000).unwrap_or(0)))
}
