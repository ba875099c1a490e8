use crate::args::Replay;
use crate::commands::runs::{print_run, row};
use crate::exit::{Exit, UsageError};
use crate::{compose, data, show, summary};
use weir_runtime::replay_run;

pub fn run(args: &Replay) -> anyhow::Result<Exit> {
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    threads.block_on(perform(args))
}

async fn perform(args: &Replay) -> anyhow::Result<Exit> {
    let store = compose::visit(&data::directory(args.data.data.as_ref())?).await?;
    let row = row(&store, &args.run).await?;
    let newest = store.last_seq(row.key).await?;
    if let Some(to) = args.to.filter(|to| *to == 0 || *to > newest) {
        anyhow::bail!(UsageError(format!("--to {to}: this run has records 1 to {newest}")));
    }
    let replay = replay_run(&store, &args.run, args.to).await?;
    if args.json {
        show::out(summary::of_replay(&replay).to_json());
        return Ok(Exit::Success);
    }
    show::out(format_args!("after record {} of {newest}, {}", replay.seq, show::time(replay.at)));
    print_run(&row, &replay);
    Ok(Exit::Success)
}
