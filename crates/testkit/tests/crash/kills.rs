//! Processes that are killed at seeded fail points, on files of the real file system.

use crate::case::Case;
use crate::child::Life;
use crate::evidence::Evidence;
use crate::judge::judge;
use crate::random::Random;
use crate::report::{Outcome, Seeds};
use crate::uncut::{Uncut, threads};
use crate::witness::Witness;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use weir_store::{Store, StoreError};
use weir_store_sql::{SqlOptions, SqlStore};

const SIGKILL: i32 = 9;

/// Everywhere a process may die.
const POINTS: [&str; 14] = [
    "commit.before",
    "commit.after",
    "effect.before",
    "effect.after",
    "inbox.before",
    "inbox.after",
    "write.before",
    "write.after",
    "sync.before",
    "sync.after",
    "truncate.before",
    "truncate.after",
    "delete.before",
    "delete.after",
];

pub fn run(seeds: &Seeds) -> Outcome {
    seeds.run(|seed| {
        let mut outcome = Outcome::default();
        let result = cut(seed, &mut outcome);
        let problems = result.unwrap_or_else(|problem| vec![problem]);
        outcome.failures.extend(problems.into_iter().map(|problem| (seed, problem)));
        outcome
    })
}

/// Runs one case; what is wrong with it.
fn cut(seed: u64, outcome: &mut Outcome) -> Result<Vec<String>, String> {
    let case = Case::new(seed);
    let uncut = Uncut::of(&case).map_err(|problem| format!("uncut: {problem}"))?;
    let mut random = Random::of_case(1, "kills", seed);
    let (folder, witness) = (tempfile::tempdir().map_err(|error| error.to_string())?, Witness::new());
    let (kills, mut seen, mut killed) = (1 + random.below(3) as u64, Vec::new(), 0);
    outcome.count("cases", 1);
    outcome.count(case.mode(), 1);
    for number in 0.. {
        let (point, passage) = if number < kills { plan(&mut random, &uncut, number) } else { ("", 0) };
        let (folder, point) = (folder.path().to_owned(), point.to_owned());
        witness.begin_life();
        let life = Life { seed, number, witness: witness.address, folder, point, passage };
        let ended = life.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output();
        let was_killed = was_killed(&life, &ended.map_err(|error| error.to_string())?)?;
        seen.push(look(&life.folder, &case));
        if !was_killed {
            break;
        }
        killed += 1;
        outcome.count(life.point, 1);
    }
    outcome.count("kills", killed);
    let notes = witness.settled();
    outcome.count("calls", notes.calls().count() as u64);
    Ok(judge(case.durability, &uncut, &notes, &seen))
}

/// A point and which passage of it, of those there are when nothing happens; later lives are shorter.
fn plan(random: &mut Random, uncut: &Uncut, life: u64) -> (&'static str, u64) {
    let passed = |point: &str| match point.split_once('.') {
        Some(("write", _)) => uncut.operations.saturating_sub(uncut.syncs),
        Some(("sync", _)) => uncut.syncs,
        // Logs are cut and deleted once or twice in a life, if at all.
        Some(("truncate" | "delete", _)) => 1,
        _ => uncut.passages.get(point).copied().unwrap_or(0),
    };
    let points: Vec<&'static str> = POINTS.into_iter().filter(|point| passed(point) > 0).collect();
    let rare = |point: &str| point.starts_with("truncate") || point.starts_with("delete");
    let mut point = random.pick(&points);
    if rare(point) {
        point = random.pick(&points);
    }
    let most = (passed(point) * 3 / 4 / (1 + life)).max(1) as usize;
    let most = if random.one_in(4) { most.min(8) } else { most };
    (point, 1 + random.below(most) as u64)
}

fn was_killed(life: &Life, output: &Output) -> Result<bool, String> {
    match (output.status.signal(), output.status.success()) {
        (Some(SIGKILL), _) => Ok(true),
        (None, true) => Ok(false),
        _ => Err(format!("life {}: {} {}", life.number, output.status, String::from_utf8_lossy(&output.stderr))),
    }
}

/// Reads a copy of the files, so that the next life finds them as the last one left them.
fn look(folder: &Path, case: &Case) -> Result<Evidence, StoreError> {
    let copy = tempfile::tempdir().map_err(|error| StoreError::Io(error.to_string()))?;
    for name in ["weir.db", "weir.db-wal"] {
        match std::fs::copy(folder.join(name), copy.path().join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Io(error.to_string()));
            }
            _ => {}
        }
    }
    threads().block_on(async {
        let store: Arc<dyn Store> = Arc::new(SqlStore::visit(copy.path(), &SqlOptions::default()).await?);
        Evidence::read(&store, case).await
    })
}
