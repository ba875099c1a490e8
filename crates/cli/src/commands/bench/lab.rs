use super::{flows, process};
use crate::compose::{self, Wanted};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_base::{Micros, Text, Value};
use weir_engine::Status;
use weir_runs::{FlowRef, FlowSource, RunsPort, StartRun};
use weir_runtime::Runtime;
use weir_store::Place;

/// A runtime as `weir run` has it, on a data folder of its own that goes away with it.
pub struct Lab {
    pub runtime: Arc<Runtime>,
    pub folder: tempfile::TempDir,
    threads: tokio::runtime::Runtime,
}

/// What some runs have cost.
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
    /// Milliseconds from asking for a run to hearing of its end.
    pub each: Vec<f64>,
}

impl Lab {
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let folder = tempfile::tempdir_in(folder)?;
        let runtime = threads.block_on(compose::runtime(folder.path(), Wanted::default()))?;
        Ok(Self { runtime: Arc::new(runtime), folder, threads })
    }

    /// Keeps the flow in the store; every run of it is of this version.
    pub fn publish(&self, flow: weir_ir::Flow) -> anyhow::Result<FlowRef> {
        let source = FlowSource { flow, files: Vec::new() };
        let place = Place { tenant: "".into(), project: "local".into(), service: "default".into() };
        let hash = self.threads.block_on(self.runtime.publish(&place, &source))?;
        Ok(FlowRef::Version(hash))
    }

    pub fn publish_root(&self, root: &str) -> anyhow::Result<FlowRef> {
        self.publish(flows::flow(root)?)
    }

    /// Runs the flow `runs` times, `at_once` at a time, each to its end.
    pub fn run(&self, flow: &FlowRef, at_once: usize, runs: usize) -> anyhow::Result<Cost> {
        let (begun, used) = (Instant::now(), process::cpu());
        let each = self.threads.block_on(async {
            let workers = (0..at_once).map(|worker| {
                let (runtime, flow) = (self.runtime.clone(), flow.clone());
                let share = runs / at_once + usize::from(worker < runs % at_once);
                tokio::spawn(async move { one_after_the_other(&runtime, &flow, share).await })
            });
            let mut each = Vec::with_capacity(runs);
            for worker in workers.collect::<Vec<_>>() {
                each.extend(worker.await??);
            }
            anyhow::Ok(each)
        })?;
        Ok(Cost { wall: begun.elapsed(), cpu: process::cpu().saturating_sub(used), each })
    }

    pub fn run_one(&self, flow: &FlowRef) -> anyhow::Result<Text> {
        self.threads.block_on(run_to_end(&self.runtime, flow))
    }

    /// When each record of a run was written, in order, and how many bytes one takes up on average.
    pub fn journal(&self, run: &str) -> anyhow::Result<(Vec<Micros>, usize)> {
        self.threads.block_on(async {
            let store = self.runtime.store();
            let row = store.run(run).await?.ok_or_else(|| anyhow::anyhow!("run {run} is not in the store"))?;
            let (mut times, mut bytes) = (Vec::new(), 0);
            loop {
                let records = store.records(row.key, times.len() as u64 + 1, 2_000).await?;
                if records.is_empty() {
                    return anyhow::Ok((times.clone(), bytes / times.len().max(1)));
                }
                bytes += records
                    .iter()
                    .map(|record| record.payload.len() + record.path.len() + record.ty.len() + 24)
                    .sum::<usize>();
                times.extend(records.iter().map(|record| record.at));
            }
        })
    }

    /// The newest runs.
    pub fn newest(&self, count: u32) -> anyhow::Result<Vec<Text>> {
        let page = weir_store::PageRequest { before: None, limit: count };
        let listed = self.threads.block_on(self.runtime.store().list_runs(&Default::default(), page))?;
        Ok(listed.items.into_iter().map(|run| run.id).collect())
    }

    /// Ends the runtime; the data can be looked at until the folder is dropped.
    pub fn close(self) -> anyhow::Result<tempfile::TempDir> {
        let Self { runtime, folder, threads } = self;
        if let Ok(runtime) = Arc::try_unwrap(runtime) {
            threads.block_on(runtime.stop())?;
        }
        drop(threads);
        Ok(folder)
    }
}

async fn one_after_the_other(runtime: &Runtime, flow: &FlowRef, count: usize) -> anyhow::Result<Vec<f64>> {
    let mut each = Vec::with_capacity(count);
    for _ in 0..count {
        let begun = Instant::now();
        run_to_end(runtime, flow).await?;
        each.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(each)
}

async fn run_to_end(runtime: &Runtime, flow: &FlowRef) -> anyhow::Result<Text> {
    let view = runtime.run(StartRun::new(flow.clone(), Value::object([]))).await?;
    match view.status {
        Status::Succeeded => Ok(view.run),
        other => anyhow::bail!("a run of the bench ended as {}: {:?}", other.as_str(), view.error),
    }
}
