//! Power that fails at seeded operations of a disk which keeps only what was synced.

use crate::case::Case;
use crate::drive::Driver;
use crate::evidence::Evidence;
use crate::judge::{Seen, judge};
use crate::notes::{Call, Notes};
use crate::probe::Outside;
use crate::random::Random;
use crate::report::{Outcome, Seeds};
use crate::uncut::{Uncut, on_disk, open, open_store, threads};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use weir_runtime::NoFaults;
use weir_store::{Store, StoreError};
use weir_store_sql::{SqlStore, Synchronous};
use weir_testkit::{Disk, Fault, FaultPoint};

pub fn run(seeds: &Seeds) -> Outcome {
    seeds.run(|seed| {
        let mut outcome = Outcome::default();
        let problems = cut(seed, Synchronous::Full, &mut outcome).unwrap_or_else(|problem| vec![problem]);
        outcome.failures.extend(problems.into_iter().map(|problem| (seed, problem)));
        outcome
    })
}

/// The same with a store that never syncs: the judge has to find what is lost then, or it is no judge.
pub fn run_unsynced(seeds: &Seeds) -> Outcome {
    let mut found = seeds.run(|seed| {
        let mut outcome = Outcome::default();
        let problems = cut(seed, Synchronous::Off, &mut outcome).unwrap_or_else(|problem| vec![problem]);
        let word = |word: &str| u64::from(problems.iter().any(|problem| problem.starts_with(word)));
        let (repeated, lost) = (word("repeated"), word("lost"));
        outcome.count("noticed", u64::from(!problems.is_empty()));
        outcome.count("noticed as repeated", repeated);
        outcome.count("noticed as lost", lost);
        let broken = problems.iter().find(|problem| problem.starts_with("uncut"));
        outcome.failures.extend(broken.map(|problem| (seed, problem.clone())));
        // A cut after something was acknowledged loses it, always.
        if outcome.counts.get("cut after a promise") == Some(&1) && problems.is_empty() {
            outcome.failures.push((seed, "nothing was synced, the power failed, and no loss was noticed".into()));
        }
        outcome
    });
    let enough = ["noticed as repeated", "noticed as lost"].iter().all(|name| found.counts.get(*name) > Some(&0));
    if !enough && seeds.count > 1 {
        found.failures.push((seeds.first, format!("too little was noticed: {:?}", found.counts)));
    }
    found
}

/// Whoever hears a call hears it before the power fails, or not at all.
struct Local {
    disk: Arc<Disk>,
    notes: Mutex<Notes>,
}

impl Local {
    async fn note(&self, call: Call) {
        if !self.disk.has_power() {
            std::future::pending::<()>().await;
        }
        self.notes.lock().unwrap().call(call);
    }
}

#[async_trait]
impl Outside for Local {
    async fn call(&self, call: Call) {
        tokio::task::yield_now().await;
        self.note(call).await;
    }

    async fn call_at_once(&self, call: Call) {
        self.note(call).await;
    }

    async fn acknowledge(&self, what: &str) {
        self.notes.lock().unwrap().acknowledge(what);
    }

    async fn acknowledged(&self) -> BTreeSet<String> {
        self.notes.lock().unwrap().known()
    }
}

/// Runs one case; what is wrong with it.
fn cut(seed: u64, synchronous: Synchronous, outcome: &mut Outcome) -> Result<Vec<String>, String> {
    let case = Case::new(seed);
    let uncut = Uncut::of(&case).map_err(|problem| format!("uncut: {problem}"))?;
    let mut random = Random::of_case(2, "power", seed);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let disk = Arc::new(Disk::new());
    let local = Arc::new(Local { disk: disk.clone(), notes: Mutex::default() });
    let (cuts, mut seen, mut cut) = (1 + random.below(3) as u64, Vec::new(), 0);
    outcome.count("cases", 1);
    outcome.count(case.mode(), 1);
    for number in 0.. {
        disk.set_fault((number < cuts).then(|| plan(&mut random, &uncut, number)));
        local.notes.lock().unwrap().begin_life();
        let lived = live(&case, number, folder.path(), &disk, &local, synchronous);
        // What was never synced may be beyond use; that is for the judge to say.
        if lived.is_err() && synchronous == Synchronous::Off {
            break;
        }
        let lost_power = lived?;
        let acknowledged = !local.notes.lock().unwrap().acknowledged.is_empty();
        // By chance all may get through that was not synced, and then there is no loss to be noticed.
        let torn = random.one_in(3) && synchronous == Synchronous::Full;
        match torn {
            true => disk.crash_torn(random.next()),
            false => disk.crash(),
        }
        seen.push(look(folder.path(), &disk, &case));
        if !lost_power {
            break;
        }
        cut += 1;
        if acknowledged {
            outcome.counts.insert("cut after a promise".into(), 1);
        }
    }
    outcome.count("cuts", cut);
    let notes = local.notes.lock().unwrap().clone();
    outcome.count("calls", notes.calls().count() as u64);
    let problems = judge(case.durability, &uncut, &notes, &seen);
    if !problems.is_empty() && std::env::var("CRASH_STORY").is_ok() {
        tell(&notes, &seen);
    }
    Ok(problems)
}

/// What each life called and what it left, for whoever looks for the cause of a finding: `CRASH_STORY=1`.
fn tell(notes: &Notes, seen: &Seen) {
    for (life, (calls, left)) in notes.lives.iter().zip(seen).enumerate() {
        for Call { key, attempt, effect, .. } in calls {
            eprintln!("life {life} calls {key}, attempt {attempt}, {effect:?}");
        }
        for (run, it) in left.iter().flat_map(|evidence| &evidence.runs) {
            let events = it.events.iter();
            events.for_each(|(at, event)| eprintln!("life {life} leaves {run} {:?} {at:?} {event:?}", it.status));
        }
    }
}

/// An operation at which the power fails: seldom while the store is being made, more often in the middle of work.
fn plan(random: &mut Random, uncut: &Uncut, life: u64) -> Fault {
    let opening = if life == 0 { uncut.opened } else { 4 };
    let working = uncut.operations.saturating_sub(uncut.opened) / (1 + life);
    let operation = match random.one_in(8) {
        true => 1 + random.below(opening.max(1) as usize) as u64,
        false => opening + 1 + random.below(working.max(4) as usize) as u64,
    };
    let point = if random.one_in(2) { FaultPoint::Before } else { FaultPoint::After };
    Fault { operation, point }
}

/// Carries on until every run is over or the power fails. Whether it failed.
fn live(
    case: &Case,
    number: u64,
    folder: &Path,
    disk: &Arc<Disk>,
    local: &Arc<Local>,
    synchronous: Synchronous,
) -> Result<bool, String> {
    let lost = Arc::new(Notify::new());
    let alarm = lost.clone();
    disk.set_alarm(move || alarm.notify_one());
    let worked = threads().block_on(async {
        tokio::select! {
            biased;
            () = lost.notified() => Ok(()),
            result = work(case, number, folder, disk, local, synchronous) => result,
        }
    });
    match disk.has_power() {
        true => worked.map(|()| false).map_err(|problem| format!("life {number}: {problem}")),
        false => Ok(true),
    }
}

async fn work(
    case: &Case,
    number: u64,
    folder: &Path,
    disk: &Disk,
    local: &Arc<Local>,
    synchronous: Synchronous,
) -> Result<(), String> {
    let store = open_store(folder, disk, synchronous).await.map_err(|error| format!("the store: {error}"))?;
    let outside: Arc<dyn Outside> = local.clone();
    // Where nothing is synced it is all asked for again, since it may all be gone.
    let done = match synchronous {
        Synchronous::Full => outside.acknowledged().await,
        Synchronous::Off => BTreeSet::new(),
    };
    let runtime = open(case, number, store.clone(), &outside, Arc::new(NoFaults)).await;
    let runtime = runtime.map_err(|error| format!("the runtime: {error}"))?;
    Driver { case, runtime: &runtime, store: &store, outside: &outside, done, awaited: Mutex::default() }
        .drive()
        .await?;
    runtime.stop().await.map_err(|error| error.to_string())
}

/// Reads a copy of the disk, so that the next life finds it as the power left it.
fn look(folder: &Path, disk: &Disk, case: &Case) -> Result<Evidence, StoreError> {
    let copy = disk.copy();
    threads().block_on(async {
        let options = on_disk(&copy, Synchronous::Full);
        let store: Arc<dyn Store> = Arc::new(SqlStore::visit(folder, &options).await?);
        Evidence::read(&store, case).await
    })
}
