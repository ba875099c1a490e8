//! How much of a processor a run on Temporal takes: many runs of ten steps, and the time of both processes.

use crate::case::{self, Prepared};
use crate::compose;
use crate::runtimes::temporal::Lab;
use anyhow::{Context, Result, bail};
use futures::StreamExt;
use std::time::Instant;

/// Ticks of the kernel's clock in a second, as every Linux of today has it.
const TICKS: f64 = 100.0;

/// The case that is run again and again.
const CASE: &str = "load/ten-steps";

/// Prints what it took; for `docs/scaling.md`.
pub async fn run(runs: usize) -> Result<()> {
    let case = case::all()?.into_iter().find(|case| case.name == CASE).context("there is no such case")?;
    let lab = Lab::start().await?;
    let Prepared::Flow(ready) = case.prepare(&compose::catalog()?)? else {
        bail!("the flow of the load cannot be run")
    };
    let (begun, before) = (Instant::now(), [ticks(lab.worker_id())?, ticks(lab.server_id())?]);
    let (lab, ready) = (&lab, &ready);
    let carried = futures::stream::iter(0..runs).map(|number| async move {
        let run = format!("load-{number}");
        lab.begin(ready, &run, case::nothing()).await?;
        lab.wait(&run).await
    });
    let done: Vec<Result<()>> = carried.buffer_unordered(runs.max(1)).collect().await;
    done.into_iter().collect::<Result<()>>()?;
    let took = begun.elapsed().as_secs_f64();
    let used = [ticks(lab.worker_id())? - before[0], ticks(lab.server_id())? - before[1]];
    let each = |used: f64| used / TICKS * 1_000.0 / runs as f64;
    println!(
        "load: {runs} runs of {CASE} in {took:.1} s; processor time of a run: worker {:.1} ms, server {:.1} ms",
        each(used[0]),
        each(used[1])
    );
    Ok(())
}

/// Processor time of a process so far, in the kernel's ticks.
fn ticks(process: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = text.rsplit_once(')').context("a name ends")?.1.split_whitespace();
    let times: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(times.iter().sum())
}
