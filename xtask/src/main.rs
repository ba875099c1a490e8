//! What `make` does: groups of checks with their times, the tour of the examples, and pages made from the code.
//!
//! It is no part of the product; it starts programs and reads what they say.
//! Start with `commands`, then `test.rs`.

mod api;
mod bench;
mod conformance;
mod corpus;
mod cpu;
mod crash;
mod deploy;
mod disk;
mod fuzz;
mod group;
mod ops;
mod pages;
mod postgres;
mod process;
mod programs;
mod project;
mod readme;
mod serve;
#[path = "../../crates/cli/src/testing/server.rs"]
mod server;
mod test;
mod tools;
mod tour;
mod ui;

use anyhow::{Result, bail};
use std::process::ExitCode;

struct Command {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<()>,
}

const COMMANDS: [Command; 22] = [
    Command {
        name: "run",
        about: "build Weir and serve it with a demo; CHECK=1 only shows that it works",
        run: serve::run,
    },
    Command { name: "tour", about: "build Weir and run three flows from examples/ in the terminal", run: tour::run },
    Command { name: "test", about: "every check there is, in groups, each with its time", run: test::run },
    Command { name: "group", about: "one group of `make test`: `make group NAME=tests`", run: test::group },
    Command { name: "bench", about: "measure Weir against its yardsticks", run: bench::run },
    Command { name: "bench-server", about: "the load test of servers, on SQLite and PostgreSQL", run: bench::server },
    Command {
        name: "bench-cluster",
        about: "measure workers on Temporal: what a step costs them, and how soon another takes over",
        run: conformance::bench,
    },
    Command {
        name: "conformance",
        about: "every flow on every runtime, into docs/generated/conformance.md",
        run: conformance::write,
    },
    Command { name: "crash", about: "the crash suites whole, 1,000 cases each", run: crash::whole },
    Command { name: "fuzz", about: "fuzz every parser and decoder; FUZZ_SECONDS for each (60)", run: fuzz::long },
    Command { name: "fmt", about: "format the code", run: test::format },
    Command { name: "pages", about: "write docs/errors/README.md and try the examples of its pages", run: pages::run },
    Command { name: "ui", about: "build the interface in the browser", run: ui::build },
    Command { name: "browser", about: "drive the interface with a browser, as `make test` does", run: ui::browser },
    Command { name: "bench-ui", about: "measure the interface in a browser, into docs/ui-quality.md", run: ui::bench },
    Command { name: "screenshots", about: "every page in both themes, into ui/screenshots/", run: ui::screenshots },
    Command { name: "api", about: "try what the server says of its API against the server", run: api::run },
    Command { name: "ops", about: "try the alerts and the dashboard in ops/ on a real Prometheus", run: ops::run },
    Command {
        name: "deploy",
        about: "check the image, the composition and the manifests in deploy/",
        run: deploy::check,
    },
    Command { name: "readme", about: "carry out the commands of README.md against a server", run: readme::check },
    Command { name: "corpus", about: "try the flows in ../shared/corpus, if they are there", run: corpus::run },
    Command { name: "help", about: "this list", run: help },
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_else(|| "help".to_owned());
    match dispatch(&wanted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(wanted: &str) -> Result<()> {
    match COMMANDS.iter().find(|command| command.name == wanted) {
        Some(command) => (command.run)(),
        None => bail!("there is no `{wanted}`; `make help` lists what there is"),
    }
}

fn help() -> Result<()> {
    COMMANDS.iter().for_each(|command| println!("make {:<13} {}", command.name, command.about));
    Ok(())
}
