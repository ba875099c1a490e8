use super::row::{Row, Target};
use super::{flows, raw};
use crate::compose;
use std::path::Path;
use std::process::Command;
use weir_base::Micros;
use weir_runtime::{Clock, SystemClock};

const TIMES: usize = 15;

/// From starting the program to the first result of a small flow, and the program's size.
pub fn measure(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let program = std::env::current_exe()?;
    let place = tempfile::tempdir_in(folder)?;
    let file = place.path().join("flow.json");
    std::fs::write(&file, serde_json::to_string(&flows::flow(&flows::sequence(2))?)?)?;
    let data = tempfile::tempdir_in(folder)?;
    let (mut fresh, mut times) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        fresh.push(one(&program, &file, tempfile::tempdir_in(folder)?.path())?);
        times.push(one(&program, &file, data.path())?);
    }
    let (least, least_fresh) =
        (times.iter().copied().fold(f64::INFINITY, f64::min), fresh.iter().copied().fold(f64::INFINITY, f64::min));
    let megabytes = std::fs::metadata(&program)?.len() as f64 / f64::from(1 << 20);
    Ok(vec![
        Row::new("start of `weir`", "to the first step's result", Target::AtMost(30.0), least, "ms")
            .with("medianMs", raw::median(&mut times))
            .with("newFolderMs", least_fresh)
            .with("newFolderMedianMs", raw::median(&mut fresh)),
        Row::new("the program", "size", Target::AtMost(40.0), megabytes, "MiB"),
    ])
}

fn one(program: &Path, file: &Path, data: &Path) -> anyhow::Result<f64> {
    let begun = SystemClock.now();
    let ended = Command::new(program).arg("run").arg(file).arg("--json").arg("--data").arg(data).output()?;
    if !ended.status.success() {
        anyhow::bail!("{}", String::from_utf8_lossy(&ended.stderr));
    }
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let first = threads.block_on(first_result(data))?;
    Ok((first - begun) as f64 / 1e3)
}

async fn first_result(data: &Path) -> anyhow::Result<Micros> {
    let store = compose::visit(data).await?;
    let page = weir_store::PageRequest { before: None, limit: 1 };
    let runs = store.list_runs(&Default::default(), page).await?.items;
    let run = runs.first().ok_or_else(|| anyhow::anyhow!("the run is not in the store"))?;
    let record = store.records(run.key, 2, 1).await?.into_iter().next();
    store.close().await?;
    record.map(|record| record.at).ok_or_else(|| anyhow::anyhow!("the run has no step"))
}
