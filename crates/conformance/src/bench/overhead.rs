//! What a step costs a worker: the product's, and beside it, in the same minute on the same server, one of Temporal's
//! TypeScript SDK that does nothing but call activities in a loop.

use super::cpu::{median, millis};
use super::workers::{Bare, Cluster, STEPS};
use anyhow::Result;
use std::path::Path;
use weir_base::Value;

/// Runs of a block, all of them at once.
const RUNS: usize = 60;
/// Blocks of each, in turn; the first of each is not counted.
const BLOCKS: usize = 6;

/// Both in milliseconds of processor time a step, and how they compare in each pair of blocks.
pub async fn measure(weir: &Path) -> Result<Value> {
    let cluster = Cluster::start().await?;
    let worker = cluster.worker(weir)?;
    let bare = Bare::start(&cluster)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for block in 0..=BLOCKS {
        let before = [millis(worker.0.id())?, millis(bare.id())?];
        cluster.carry(&format!("block-{block}"), RUNS, RUNS).await?;
        bare.carry(&format!("bare-{block}"), RUNS).await?;
        let used = [millis(worker.0.id())? - before[0], millis(bare.id())? - before[1]];
        let each = used.map(|used| used / (RUNS * STEPS) as f64);
        println!("block {block}: {:.2} ms a step, bare {:.2} ms", each[0], each[1]);
        if block > 0 {
            ours.push(each[0]);
            theirs.push(each[1]);
        }
    }
    let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    Ok(Value::object([
        ("runs", (RUNS * BLOCKS).into()),
        ("stepsOfARun", STEPS.into()),
        ("workerMillisAStep", rounded(median(ours))),
        ("bareMillisAStep", rounded(median(theirs))),
        ("ratio", rounded(median(ratios))),
    ]))
}

fn rounded(value: f64) -> Value {
    ((value * 1_000.0).round() / 1_000.0).into()
}
