use crate::args::Replay;
use crate::commands::runs::print_run;
use crate::exit::Exit;
use crate::side::side;
use crate::{remote, show, summary};

pub fn run(args: &Replay) -> anyhow::Result<Exit> {
    remote::block_on(perform(args))
}

async fn perform(args: &Replay) -> anyhow::Result<Exit> {
    let side = side(&args.data).await?;
    let row = side.row(&args.run).await?;
    let replay = side.replay(&args.run, args.to).await?;
    if args.json {
        show::out(summary::of_replay(&replay).to_json());
        return Ok(Exit::Success);
    }
    show::out(format_args!("after record {}, {}", replay.seq, show::time(replay.at)));
    print_run(&row, &replay);
    Ok(Exit::Success)
}
