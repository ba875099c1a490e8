//! The same flows on every runtime, and a table of what came of each.
//!
//! A case is data, from `conformance/` and `examples/`; a runtime carries it and gives what was found; the table
//! compares. Start with `case/mod.rs` and `table.rs`; a runtime is a file in `runtimes/`. No part of the product.

mod bench;
mod case;
mod compose;
mod coverage;
mod found;
mod kills;
mod lab;
mod runtimes;
#[path = "../../cli/src/testing/server.rs"]
mod server;
mod table;

use anyhow::{Context, Result, bail};
use std::process::ExitCode;

const USAGE: &str = "weir-conformance table [--write] [--typescript] [NAME…] | write NAME DIR | kills [--typescript] SEEDS [FIRST] | bench WEIR [JSON]";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (command, rest) = args.split_first().context(USAGE)?;
    let done = match (command.as_str(), rest) {
        ("table", names) => threads.block_on(table::run(names)),
        ("write", [name, folder]) => runtimes::typescript::write(name, folder.as_ref()),
        ("kills", [option, rest @ ..]) if option == table::TYPESCRIPT => threads.block_on(seeded(rest, true)),
        ("kills", rest) => threads.block_on(seeded(rest, false)),
        ("bench", [weir]) => threads.block_on(bench::run(weir.as_ref(), None)),
        ("bench", [weir, json]) => threads.block_on(bench::run(weir.as_ref(), Some(json.as_ref()))),
        // Started by this program itself, to be killed.
        ("carry", [name, folder]) => threads.block_on(runtimes::embedded::carry(name, folder.as_ref())),
        ("worker", [address, namespace, queue, folder]) => {
            threads.block_on(runtimes::temporal::worker(address, namespace, queue, folder.as_ref()))
        }
        _ => bail!(USAGE),
    };
    threads.shutdown_background();
    done
}

fn number(args: &[String], at: usize) -> Result<Option<u64>> {
    args.get(at).map(|text| text.parse::<u64>().context(USAGE)).transpose()
}

async fn seeded(args: &[String], typescript: bool) -> Result<()> {
    kills::run(number(args, 0)?.unwrap_or(30), number(args, 1)?.unwrap_or(1), typescript).await
}
