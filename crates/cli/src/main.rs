//! The command `weir`: the composition root, and the only reader of the environment and of files.
//!
//! It decides nothing about flows or runs; it puts the parts together and shows what they say.
//! Start with `args.rs`; every command is a file in `commands/`.

mod args;
mod commands;
mod compose;
mod data;
mod exit;
mod load;
mod loader;
mod progress;
mod remote;
mod report;
mod screen;
mod serve;
mod show;
mod side;
mod stop;
mod summary;
#[cfg_attr(not(feature = "temporal"), path = "temporal/absent.rs")]
mod temporal;
mod testing;

/// [`show::out`] with a format.
#[macro_export]
macro_rules! outln {
    ($($format:tt)*) => { $crate::show::out(format_args!($($format)*)) };
}

/// [`show::err`] with a format.
#[macro_export]
macro_rules! errln {
    ($($format:tt)*) => { $crate::show::err(format_args!($($format)*)) };
}

use args::{Args, Command};
use clap::Parser;
use commands::server;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    match dispatch(args.command, &args.data) {
        Ok(exit) => exit.into(),
        Err(error) => {
            crate::errln!("error: {error:#}");
            report::of_server(&error);
            Exit::from_error(&error).into()
        }
    }
}

/// Help and version are not errors; everything else clap says is wrong usage.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() }
}

fn dispatch(command: Command, data: &args::Data) -> anyhow::Result<Exit> {
    if let Some(name) = command.needs_folder() {
        remote::refuse(data, name)?;
    }
    match command {
        Command::Check(args) => commands::check::run(&args),
        Command::Fmt(args) => commands::fmt::run(&args),
        Command::Convert(args) => commands::convert::run(&args),
        Command::Compile(args) => commands::compile::run(&args, data),
        Command::Run(args) => commands::run::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Toolchain(args) => commands::toolchain::run(&args, data),
        Command::Worker(args) => temporal::worker(&args),
        Command::Runs(args) => commands::runs::run(&args),
        Command::Replay(args) => commands::replay::run(&args),
        Command::Fork(args) => commands::fork::run(&args),
        Command::SaveTest(args) => commands::save_test::run(&args),
        Command::Test(args) => commands::test::run(&args),
        Command::Resume(args) => commands::resume::run(&args),
        Command::Kinds(args) => commands::kinds::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Login(args) => server::login::login(&args),
        Command::Logout(args) => server::login::logout(&args),
        Command::Flows(args) => server::flows::run(&args),
        Command::Secrets(args) => server::secrets::run(&args),
        Command::Vars(args) => server::vars::run(&args),
        Command::Memory(args) => server::memory::run(&args),
        Command::Interfaces(args) => server::interfaces::run(&args),
        Command::Keys(args) => server::keys::run(&args),
        Command::Triggers(args) => server::triggers::run(&args),
        Command::Members(args) => server::members::run(&args),
        Command::Projects(args) => server::projects::run(&args),
        Command::Audit(args) => server::audit::run(&args),
    }
}
