use crate::args::{Args, Completions};
use crate::exit::Exit;
use clap::CommandFactory;

pub fn run(args: &Completions) -> anyhow::Result<Exit> {
    clap_complete::generate(args.shell, &mut Args::command(), "weir", &mut std::io::stdout());
    Ok(Exit::Success)
}
