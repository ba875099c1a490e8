//! One life of the program that is killed: it opens the data, carries on, and ends itself at the chosen passage.

use crate::case::Case;
use crate::drive::Driver;
use crate::probe::Outside;
use crate::uncut::{open, threads};
use crate::witness::Remote;
use rustix::process::{Signal, getpid, kill_process};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use weir_runtime::Faults;
use weir_store::Store;
use weir_store_sql::{SqlOptions, SqlStore};
use weir_testkit::announce_passages;

const VARIABLE: &str = "CRASH_LIFE";

/// What a life is told.
#[derive(Clone, Debug)]
pub struct Life {
    pub seed: u64,
    pub number: u64,
    pub witness: SocketAddr,
    pub folder: PathBuf,
    /// Where it ends itself: the point, and which passage of it. Nowhere for an empty point.
    pub point: String,
    pub passage: u64,
}

impl Life {
    pub fn from_environment() -> Option<Self> {
        let text = std::env::var(VARIABLE).ok()?;
        let mut parts = text.splitn(6, '|');
        Some(Self {
            seed: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
            witness: parts.next()?.parse().ok()?,
            point: parts.next()?.to_owned(),
            passage: parts.next()?.parse().ok()?,
            folder: parts.next()?.into(),
        })
    }

    /// The program to run for this life.
    pub fn command(&self) -> std::process::Command {
        let Self { seed, number, witness, folder, point, passage } = self;
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = std::process::Command::new(program);
        command.env(VARIABLE, format!("{seed}|{number}|{witness}|{point}|{passage}|{}", folder.display()));
        command
    }
}

/// Kills the process at the chosen passage.
struct Killer {
    point: String,
    left: AtomicU64,
}

impl Faults for Killer {
    fn at(&self, point: &'static str) {
        if point == self.point && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = kill_process(getpid(), Signal::KILL);
            loop {
                std::thread::park();
            }
        }
    }
}

pub fn run(life: Life) -> ExitCode {
    let case = Case::new(life.seed);
    let threads = match case.is_virtual {
        true => threads(),
        false => tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads"),
    };
    match threads.block_on(live(&life, &case)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn live(life: &Life, case: &Case) -> Result<(), String> {
    let killer = Arc::new(Killer { point: life.point.clone(), left: AtomicU64::new(life.passage) });
    let beneath = killer.clone();
    let vfs = announce_passages(move |point| beneath.at(point)).map(str::to_owned);
    let options = SqlOptions { vfs, checkpoint_pages: 100, ..SqlOptions::default() };
    let store = SqlStore::open(&life.folder, &options).await.map_err(|error| format!("the store: {error}"))?;
    let store: Arc<dyn Store> = Arc::new(store);
    let outside: Arc<dyn Outside> = Arc::new(Remote(life.witness));
    let done = outside.acknowledged().await;
    let runtime = open(case, life.number, store.clone(), &outside, killer).await;
    let runtime = runtime.map_err(|error| format!("the runtime: {error}"))?;
    Driver { case, runtime: &runtime, store: &store, outside: &outside, done, awaited: Mutex::default() }
        .drive()
        .await?;
    runtime.stop().await.map_err(|error| error.to_string())?;
    store.close().await.map_err(|error| error.to_string())
}
