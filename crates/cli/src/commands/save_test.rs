use crate::args::SaveTest;
use crate::exit::{Exit, UsageError};
use crate::remote::{Place, place};
use crate::side::{no_run, stored};
use crate::testing::saved;
use crate::{compose, load, show};
use std::path::Path;
use weir_client::Client;
use weir_control::model::FlowFile;
use weir_runs::RunsError;
use weir_runtime::rehearse_stored;

pub fn run(args: &SaveTest) -> anyhow::Result<Exit> {
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    threads.block_on(perform(args))
}

async fn perform(args: &SaveTest) -> anyhow::Result<Exit> {
    if std::fs::read_dir(&args.out).is_ok_and(|mut entries| entries.next().is_some()) {
        anyhow::bail!(UsageError(format!("{} is not empty", args.out.display())));
    }
    let files = match place(&args.data)? {
        Place::Folder(folder) => of_folder(&folder, &args.run).await?,
        Place::Server(client) => of_server(&client, &args.run).await?,
    };
    saved::write(&args.out, &files)?;
    let journal = files.iter().find(|file| &*file.name == "journal.jsonl");
    let records = journal.map_or(0, |file| file.text.lines().count());
    let out = args.out.display();
    show::out(format_args!("{out}: {records} records; run it with `weir test {out}`"));
    Ok(Exit::Success)
}

async fn of_folder(folder: &Path, run: &str) -> anyhow::Result<Vec<FlowFile>> {
    let store = compose::visit(folder).await?;
    let row = stored(&store, run).await?;
    let version = store.flow_version(&row.place.tenant, &row.version).await?;
    let version = version.ok_or_else(|| anyhow::anyhow!("the flow of {run} is not stored any more"))?;
    let kept = match rehearse_stored(&*store, &row, usize::MAX).await {
        Err(RunsError::Rejected { message, .. }) => anyhow::bail!("{run} cannot be kept as a test: {message}"),
        other => other?,
    };
    Ok(weir_control::test_of_run(&load::catalog()?, &version, &kept.journal, &kept.rehearsal))
}

async fn of_server(client: &Client, run: &str) -> anyhow::Result<Vec<FlowFile>> {
    let files = client.test_of_run(run).await.map_err(|error| match error.code() {
        "NOT_FOUND" => no_run(run),
        "RUN_UNREADABLE" => anyhow::anyhow!("{run} cannot be kept as a test: {error}"),
        _ => error.into(),
    })?;
    Ok(files.into_iter().map(|(name, text)| FlowFile { name, text }).collect())
}
