use crate::args::SaveTest;
use crate::exit::{Exit, UsageError};
use crate::side::stored;
use crate::testing::saved;
use crate::{compose, data, show};
use weir_runs::RunsError;
use weir_runtime::rehearse;
use weir_store::Store;

const PAGE: u32 = 1_000;

pub fn run(args: &SaveTest) -> anyhow::Result<Exit> {
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    threads.block_on(perform(args))
}

async fn perform(args: &SaveTest) -> anyhow::Result<Exit> {
    if std::fs::read_dir(&args.out).is_ok_and(|mut entries| entries.next().is_some()) {
        anyhow::bail!(UsageError(format!("{} is not empty", args.out.display())));
    }
    let store = compose::visit(&data::directory(args.data.data.as_ref())?).await?;
    let row = stored(&store, &args.run).await?;
    let version = store.flow_version(&row.place.tenant, &row.version).await?;
    let version = version.ok_or_else(|| anyhow::anyhow!("the flow of {} is not stored any more", args.run))?;
    let records = journal(&*store, row.key).await?;
    let flow = weir_ir::from_json(&version.ir)?;
    let events = saved::decode(&records)?;
    let rehearsal = match rehearse(&flow, &events) {
        Err(RunsError::Rejected { message, .. }) => anyhow::bail!("{} cannot be kept as a test: {message}", args.run),
        other => other?,
    };
    saved::write(&args.out, &version, &records, &rehearsal)?;
    show::out(format_args!(
        "{}: {} records; run it with `weir test {}`",
        args.out.display(),
        records.len(),
        args.out.display()
    ));
    Ok(Exit::Success)
}

async fn journal(store: &dyn Store, run: weir_store::RunKey) -> anyhow::Result<Vec<weir_engine::Record>> {
    let mut all: Vec<weir_engine::Record> = Vec::new();
    loop {
        let from = all.last().map_or(1, |record| record.seq + 1);
        let records = store.records(run, from, PAGE).await?;
        if records.is_empty() {
            return Ok(all);
        }
        all.extend(records);
    }
}
