//! Many runs on two workers, one of which is killed: all of them end, and how soon those it had go on.

use super::taken::{Killed, events_of};
use super::workers::{Cluster, STEPS};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::Notify;
use weir_base::Value;
use weir_engine::Status;
use weir_runtime::{Clock, SystemClock};

const RUNS: usize = 300;
/// At once, so that what is measured is the takeover, and not how many others wait before it.
const AT_ONCE: usize = 30;
/// A worker is killed when so many runs are over.
const OVER: usize = 100;

/// How long it may take at most, in milliseconds, until whoever takes over has made a step of a run, or ended it.
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
        Ok((at, SystemClock.now()))
    };
    let ((at, dead), ()) = tokio::try_join!(kill, cluster.carry_and("taken", RUNS, AT_ONCE, count))?;
    let took = begun.elapsed().as_secs_f64();
    let kill = Killed { at, dead, killed: identity(killed.0.id()), left: identity(left.0.id()) };
    told(&cluster, &kill, took, keeper).await
}

/// What a worker's name ends with, whether it keeps the journals or not.
fn identity(process: u32) -> String {
    format!("@{process}")
}

async fn told(cluster: &Cluster, kill: &Killed, took: f64, keeper: bool) -> Result<Value> {
    let (mut taken, mut undisturbed, mut handed) = (Vec::new(), Vec::new(), 0);
    for number in 0..RUNS {
        let run = format!("taken-{number}");
        let state = cluster.client.state(&run).await?;
        ensure!(state.status == Status::Succeeded, "{run} is {}", state.status.as_str());
        let history = cluster.client.history(&run).await?;
        let history = Value::from_json(std::str::from_utf8(&history)?).map_err(anyhow::Error::msg)?;
        let events = events_of(&history)?;
        taken.extend(kill.taken(&events));
        undisturbed.extend(kill.undisturbed(&events));
        handed += kill.handed_to_the_dead(&events);
    }
    taken.sort_by_key(|one| one.step);
    let slowest = taken.last().context("the worker that was killed had no runs")?.events.clone();
    let turns = taken.iter().map(|one| one.turn).collect();
    let steps = taken.iter().map(|one| one.step).collect();
    Ok(Value::object([
        ("keptTheJournals", keeper.into()),
        ("runs", RUNS.into()),
        ("stepsOfARun", STEPS.into()),
        ("complete", RUNS.into()),
        ("seconds", took.round().into()),
        ("runsOfTheKilled", taken.len().into()),
        ("handedToTheDead", handed.into()),
        ("undisturbedMillisP50", share(undisturbed, 50).into()),
        ("turnMillis", shares(turns)),
        ("stepMillis", shares(steps)),
        ("slowest", slowest),
    ]))
}

fn shares(values: Vec<u64>) -> Value {
    Value::object([("p50", share(values.clone(), 50).into()), ("most", share(values, 100).into())])
}

fn share(mut values: Vec<u64>, share: usize) -> u64 {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) * share / 100).copied().unwrap_or_default()
}
