//! Power that fails under load, on a disk which keeps only what was synced.

use crate::judge::{judge, read};
use crate::life::serve;
use crate::load::{Promises, fire};
use crate::notes::{Call, Notes};
use crate::probe::Outside;
use crate::random::Random;
use crate::report::{Outcome, Seeds};
use crate::site::{Data, found};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};
use weir_runtime::NoFaults;
use weir_store_sql::{SqlOptions, Synchronous};
use weir_testkit::{Disk, Fault, FaultPoint};

/// A life that is not over by then never will be.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Whoever hears a call hears it before the power fails, or not at all.
struct Local {
    disk: Arc<Disk>,
    notes: Mutex<Notes>,
}

#[async_trait]
impl Outside for Local {
    async fn call(&self, call: Call) {
        tokio::task::yield_now().await;
        self.call_at_once(call).await;
    }

    async fn call_at_once(&self, call: Call) {
        if !self.disk.has_power() {
            std::future::pending::<()>().await;
        }
        self.notes.lock().unwrap().call(call);
    }

    async fn acknowledge(&self, _: &str) {}

    async fn acknowledged(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

pub fn run(seeds: &Seeds) -> Outcome {
    seeds.run(|seed| {
        let mut outcome = Outcome::default();
        let problems = cut(seed, Synchronous::Full, &mut outcome).unwrap_or_else(|problem| vec![problem]);
        outcome.failures.extend(problems.into_iter().map(|problem| (seed, problem)));
        outcome
    })
}

/// The same with a store that never syncs: the judge has to notice, or it is no judge.
pub fn run_unsynced(seeds: &Seeds) -> Outcome {
    let mut found = seeds.run(|seed| {
        let mut outcome = Outcome::default();
        let problems = cut(seed, Synchronous::Off, &mut outcome).unwrap_or_else(|problem| vec![problem]);
        // Data may be damaged, but no server goes on without an end with it.
        let endless = problems.iter().filter(|problem| problem.contains("for ever"));
        outcome.failures.extend(endless.map(|problem| (seed, problem.clone())));
        outcome.count("noticed", u64::from(!problems.is_empty()));
        outcome.count("noticed as lost", u64::from(problems.iter().any(|problem| problem.starts_with("lost"))));
        outcome
    });
    if found.counts.get("noticed").is_none_or(|noticed| *noticed == 0) {
        found.failures.push((seeds.first, "nothing was synced, the power failed, and no loss was noticed".into()));
    }
    found
}

fn on(disk: &Disk, synchronous: Synchronous) -> SqlOptions {
    let vfs = Some(disk.name().to_owned());
    SqlOptions { vfs, synchronous, checkpoint_pages: 100, ..SqlOptions::default() }
}

fn threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads")
}

fn cut(seed: u64, synchronous: Synchronous, outcome: &mut Outcome) -> Result<Vec<String>, String> {
    let mut random = Random::of_case(2, "webhooks-power", seed);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let disk = Arc::new(Disk::new());
    let path = threads().block_on(found(&Data::Folder(folder.path().to_owned(), on(&disk, synchronous)), seed))?;
    let local = Arc::new(Local { disk: disk.clone(), notes: Mutex::default() });
    let promises = Promises::default();
    let (cuts, mut cut) = (1 + random.below(4) as u64, 0);
    for number in 0.. {
        let done = disk.operations();
        disk.set_fault((number < cuts).then(|| plan(&mut random, done)));
        local.notes.lock().unwrap().begin_life();
        let options = on(&disk, synchronous);
        let lost = live(seed.wrapping_mul(1_000) + number, folder.path(), &path, options, &local, &promises)?;
        // By chance all may get through that was not synced, and then there is no loss to be noticed.
        match random.one_in(3) && synchronous == Synchronous::Full {
            true => disk.crash_torn(random.next()),
            false => disk.crash(),
        }
        if !lost {
            break;
        }
        cut += 1;
    }
    outcome.count("cases", 1);
    outcome.count("cuts", cut);
    let notes = local.notes.lock().unwrap().clone();
    outcome.count("calls", notes.calls().count() as u64);
    let (keyed, once) = (promises.keyed.lock().unwrap().len(), promises.once.lock().unwrap().len());
    outcome.count("acknowledged", (keyed + once) as u64);
    let runs = threads().block_on(async {
        let data = Data::Folder(folder.path().to_owned(), on(&disk, Synchronous::Full));
        let opened = data.visit().await.map_err(|error| error.to_string())?;
        read(&*opened.store).await.map_err(|error| error.to_string())
    });
    // Where even the webhook is gone, whoever asked for it was told so.
    let denied = promises.denied.lock().unwrap();
    let mut wrong: Vec<String> =
        denied.iter().map(|(request, answer)| format!("lost: request {request} was told {answer}")).collect();
    match runs {
        Ok(runs) => wrong.extend(judge(&promises, &runs, &notes)),
        Err(problem) => wrong.push(problem),
    }
    if keyed != crate::load::REQUESTS.div_ceil(2) {
        wrong.push(format!("only {keyed} of the requests with a key were ever acknowledged"));
    }
    Ok(wrong)
}

/// An operation at which the power fails, counted from the beginning of this life.
fn plan(random: &mut Random, done: u64) -> Fault {
    let ahead = if random.one_in(4) { 20 } else { 400 };
    let point = if random.one_in(2) { FaultPoint::Before } else { FaultPoint::After };
    Fault { operation: done + 1 + random.below(ahead) as u64, point }
}

/// Serves until everything was asked for and is over, or the power fails. Whether it failed.
fn live(
    seed: u64,
    folder: &Path,
    path: &str,
    options: SqlOptions,
    local: &Arc<Local>,
    promises: &Promises,
) -> Result<bool, String> {
    let disk = &local.disk;
    let lost = Arc::new(Notify::new());
    let alarm = lost.clone();
    disk.set_alarm(move || alarm.notify_one());
    let threads = threads();
    let worked = threads.block_on(async {
        tokio::select! {
            biased;
            () = lost.notified() => Ok(()),
            result = tokio::time::timeout(PATIENCE, work(seed, folder, path, &options, local, promises)) => {
                result.unwrap_or_else(|_| Err("it goes on for ever".to_owned()))
            }
        }
    });
    threads.shutdown_background();
    match disk.has_power() {
        true => worked.map(|()| false),
        false => Ok(true),
    }
}

async fn work(
    seed: u64,
    folder: &Path,
    path: &str,
    options: &SqlOptions,
    local: &Arc<Local>,
    promises: &Promises,
) -> Result<(), String> {
    let data = Data::Folder(folder.to_owned(), options.clone());
    let opened = data.open().await.map_err(|error| format!("the store: {error}"))?;
    let outside: Arc<dyn Outside> = local.clone();
    let (tell, address) = watch::channel::<Option<SocketAddr>>(None);
    let over = Notify::new();
    let told = |found: SocketAddr| {
        let _ = tell.send(Some(found));
    };
    let served = serve(opened, &outside, Arc::new(NoFaults), seed, told, over.notified());
    let fired = async {
        fire(path, promises, address).await;
        over.notify_one();
    };
    let (served, ()) = tokio::join!(served, fired);
    served
}
