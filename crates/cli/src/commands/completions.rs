use crate::args::{Args, Completions};
use crate::exit::Exit;
use clap::CommandFactory;

pub fn run(args: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "weir", &mut script);
    crate::show::out(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Success)
}
