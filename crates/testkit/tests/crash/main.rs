//! Runs are cut off at chosen moments, again and again, and must come to the same end as if nothing had happened.
//!
//! Two suites. `kills` ends a process at a seeded fail point: before or after a commit, an effect, the taking up of
//! a message, a single write or sync. `power` cuts the power of a disk that keeps only what was synced. A witness
//! outside notes every effect and everything that was acknowledged; `judge.rs` compares its notes with the journal
//! after each cut, and the end with that of the same case uncut (`uncut.rs`). Start with `case.rs`.
//!
//! `CRASH_CASES` cases of each suite, seeds from 1 on; `CRASH_SEED` for one alone; the names of suites as arguments.

mod case;
mod child;
mod drive;
mod evidence;
mod flow;
mod judge;
mod kills;
mod notes;
mod power;
mod probe;
#[path = "../fuzz/random.rs"]
mod random;
mod report;
mod uncut;
mod witness;

use std::process::ExitCode;

type Suite = (&'static str, fn(&report::Seeds) -> report::Outcome);

const SUITES: [Suite; 4] =
    [("judge", judge::examples::run), ("kills", kills::run), ("power", power::run), ("unsynced", power::run_unsynced)];

fn main() -> ExitCode {
    if let Some(life) = child::Life::from_environment() {
        return child::run(life);
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
    let seeds = report::Seeds::from_environment();
    let outcomes = SUITES.iter().filter(|(name, _)| wanted(name)).map(|(name, run)| run(&seeds).print(name));
    // Every suite runs, whatever came of the one before.
    match outcomes.filter(|good| !good).count() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
