//! A case in which nothing happens: what it comes to is what every cut one must come to.

use crate::case::Case;
use crate::drive::Driver;
use crate::evidence::Evidence;
use crate::notes::{Call, Notes};
use crate::probe::{Outside, registry};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use weir_base::Micros;
use weir_runtime::{Faults, Parts, Runtime, SystemClock, VirtualClock};
use weir_store::{Store, StoreError};
use weir_store_sql::{SqlOptions, SqlStore, Synchronous};
use weir_testkit::Disk;

const START: Micros = 1_800_000_000_000_000;
const HOUR: Micros = 3_600_000_000;

/// Opens a runtime for the n-th life of a case.
pub async fn open(
    case: &Case,
    life: u64,
    store: Arc<dyn Store>,
    outside: &Arc<dyn Outside>,
    faults: Arc<dyn Faults>,
) -> Result<Runtime, StoreError> {
    let mut parts = Parts::new(store, registry(outside));
    parts.faults = faults;
    parts.clock = match case.is_virtual {
        true => Arc::new(VirtualClock::starting_at(START + life as Micros * HOUR)),
        false => Arc::new(SystemClock),
    };
    Runtime::open(case.options.clone(), parts).await
}

/// Opens the data on a disk that can lose power.
pub async fn open_store(folder: &Path, disk: &Disk, synchronous: Synchronous) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(SqlStore::open(folder, &on_disk(disk, synchronous)).await?))
}

pub fn on_disk(disk: &Disk, synchronous: Synchronous) -> SqlOptions {
    let vfs = Some(disk.name().to_owned());
    SqlOptions { vfs, synchronous, checkpoint_pages: 100, ..SqlOptions::default() }
}

/// What a case is judged by.
pub struct Uncut {
    pub calls: Vec<Call>,
    pub end: Evidence,
    /// How often each point was passed.
    pub passages: BTreeMap<&'static str, u64>,
    /// Operations of the disk until the store was open, and in all.
    pub opened: u64,
    pub operations: u64,
    pub syncs: u64,
}

#[derive(Default)]
struct Counting(Mutex<BTreeMap<&'static str, u64>>);

impl Faults for Counting {
    fn at(&self, point: &'static str) {
        *self.0.lock().unwrap().entry(point).or_default() += 1;
    }
}

#[derive(Default)]
struct Local(Mutex<Notes>);

#[async_trait]
impl Outside for Local {
    async fn call(&self, call: Call) {
        tokio::task::yield_now().await;
        self.0.lock().unwrap().call(call);
    }

    async fn call_at_once(&self, call: Call) {
        self.0.lock().unwrap().call(call);
    }

    async fn acknowledge(&self, _: &str) {}

    async fn acknowledged(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

/// One thread for everything but the store's own.
pub fn threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a tokio runtime")
}

impl Uncut {
    pub fn of(case: &Case) -> Result<Self, String> {
        threads().block_on(Self::run(case))
    }

    async fn run(case: &Case) -> Result<Self, String> {
        let (folder, disk) = (tempfile::tempdir().map_err(|error| error.to_string())?, Disk::new());
        let (local, counting) = (Arc::new(Local::default()), Arc::new(Counting::default()));
        let store = open_store(folder.path(), &disk, Synchronous::Full).await.map_err(|error| error.to_string())?;
        let opened = disk.operations();
        let outside: Arc<dyn Outside> = local.clone();
        let runtime =
            open(case, 0, store.clone(), &outside, counting.clone()).await.map_err(|error| error.to_string())?;
        let driver = Driver {
            case,
            runtime: &runtime,
            store: &store,
            outside: &outside,
            done: BTreeSet::new(),
            awaited: Mutex::default(),
        };
        driver.drive().await?;
        runtime.stop().await.map_err(|error| error.to_string())?;
        let end = Evidence::read(&store, case).await.map_err(|error| error.to_string())?;
        let calls = local.0.lock().unwrap().calls().cloned().collect();
        let passages = counting.0.lock().unwrap().clone();
        Ok(Self { calls, end, passages, opened, operations: disk.operations(), syncs: disk.syncs() })
    }
}
