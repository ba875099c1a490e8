//! A server is cut off under the load of webhooks, again and again: every request it has acknowledged is a run that
//! exists once and comes to its end, whatever was cut, by the notes of a witness outside.
//!
//! `webhooks` ends the process at a seeded fail point. `webhooks-power` cuts the power of a disk that
//! keeps only what was synced; `webhooks-unsynced` does so where nothing is, to see that it is noticed. `webhooks-full`
//! fills the disk under the server, `webhooks-postgres` has its data in PostgreSQL, and cuts that off too. Start with
//! `load.rs` and `judge.rs`.
//!
//! `CRASH_CASES` says how many there are of the suites of runs; of these, a tenth and at least 5. `CRASH_SEED` for
//! one alone; the names of suites as arguments.

mod full;
mod judge;
mod kills;
mod life;
mod load;
#[path = "../../../testkit/tests/crash/notes.rs"]
#[allow(dead_code, reason = "the suites of runs use more of it")]
mod notes;
mod postgres;
mod power;
#[path = "../../../testkit/tests/crash/probe.rs"]
#[allow(dead_code, reason = "the suites of runs use more of it")]
mod probe;
#[path = "../../../testkit/tests/fuzz/random.rs"]
mod random;
#[path = "../../../testkit/tests/crash/report.rs"]
mod report;
mod site;
#[path = "../../../testkit/tests/crash/witness.rs"]
mod witness;

use std::process::ExitCode;

type Suite = (&'static str, fn(&report::Seeds) -> report::Outcome);

const SUITES: [Suite; 5] = [
    ("webhooks", kills::run),
    ("webhooks-full", full::run),
    ("webhooks-postgres", postgres::run),
    ("webhooks-power", power::run),
    ("webhooks-unsynced", power::run_unsynced),
];

fn main() -> ExitCode {
    if let Some(told) = kills::Told::from_environment() {
        return kills::live(&told);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        SUITES.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| {
        let mut named = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
        named.peek().is_none() || named.any(|argument| argument == name)
    };
    let seeds = seeds();
    let outcomes = SUITES.iter().filter(|(name, _)| wanted(name)).map(|(name, run)| run(&seeds).print(name));
    match outcomes.filter(|good| !good).count() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// A server takes longer to start than a runtime, so there are fewer cases.
fn seeds() -> report::Seeds {
    let given = report::Seeds::from_environment();
    let count = if given.count == 1 { 1 } else { (given.count / 10).max(5) };
    report::Seeds { count, ..given }
}
