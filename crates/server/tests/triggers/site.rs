//! A control plane whose time stands still until a test moves it, on a store in a folder that outlives it.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use weir_base::{Micros, Text, Value};
use weir_control::model::FlowFile;
use weir_control::{
    Ambient, Caller, Control, FlowMemory, Kept, NewFlow, NewTrigger, NoMail, NoWeb, Parts, RunQuery, Tier, Timer,
};
use weir_runtime::Runtime;
use weir_store::{
    Change, ChangeError, Document, DocumentFilter, DocumentPage, Documents, Scope, Store, StoreError, Table,
};
use weir_store_sql::{PgOptions, PgStore, SqlOptions, SqlStore};
use weir_testkit::postgres::Database;
use weir_vault::keyring::Keyring;

pub const SECOND: Micros = 1_000_000;
/// 2026-01-01T00:00:00Z.
pub const BEGIN: Micros = 1_767_225_600 * SECOND;
/// What has not happened by then never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time that a test moves.
pub struct TestClock {
    now: watch::Sender<Micros>,
    chance: AtomicU64,
}

impl TestClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { now: watch::channel(BEGIN).0, chance: AtomicU64::new(1) })
    }

    /// Moves time so many seconds after the beginning.
    pub fn set(&self, second: i64) {
        self.now.send_replace(BEGIN + second * SECOND);
    }
}

impl Ambient for TestClock {
    fn now(&self) -> Micros {
        *self.now.borrow()
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let number = self.chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (number >> 56) as u8 ^ (number >> 17) as u8;
        }
    }
}

#[async_trait]
impl Timer for TestClock {
    async fn until(&self, at: Micros) {
        // One that sleeps looks at the clock now and then, and so sees that it was put back.
        let (from, mut now) = (self.now(), self.now.subscribe());
        let _ = now.wait_for(|now| *now >= at || *now < from).await;
    }
}

/// Which database a test is on.
#[derive(Clone, Copy)]
pub enum On {
    Sqlite,
    Postgres,
}

/// Where the data is, for as long as this value lives.
pub enum Home {
    Folder(tempfile::TempDir),
    Database(Database),
}

impl On {
    pub async fn home(self) -> Home {
        match self {
            On::Sqlite => Home::Folder(tempfile::tempdir().unwrap()),
            On::Postgres => Home::Database(Database::fresh().await),
        }
    }
}

impl Home {
    async fn open(&self) -> (Arc<dyn Store>, Arc<dyn Documents>) {
        match self {
            Home::Folder(folder) => both(SqlStore::open(folder.path(), &SqlOptions::default()).await.unwrap()),
            Home::Database(database) => both(PgStore::open(&database.url(), &PgOptions::default()).await.unwrap()),
        }
    }
}

fn both<S: Store + Documents>(store: S) -> (Arc<dyn Store>, Arc<dyn Documents>) {
    let store = Arc::new(store);
    (store.clone(), store)
}

/// Counts the changes of how far triggers have come.
pub struct Counting {
    store: Arc<dyn Documents>,
    pub changes: AtomicU64,
    pub rows: AtomicU64,
}

#[async_trait]
impl Documents for Counting {
    async fn document(&self, scope: &Scope, table: Table, id: &str) -> Result<Option<Document>, StoreError> {
        self.store.document(scope, table, id).await
    }

    async fn look_up(&self, scope: &Scope, table: Table, lookup: &str) -> Result<Option<Document>, StoreError> {
        self.store.look_up(scope, table, lookup).await
    }

    async fn named(
        &self,
        tenant: &str,
        table: Table,
        parent: &str,
        name: &str,
    ) -> Result<Option<Document>, StoreError> {
        self.store.named(tenant, table, parent, name).await
    }

    async fn documents(
        &self,
        scope: &Scope,
        table: Table,
        filter: &DocumentFilter,
        page: &DocumentPage,
    ) -> Result<Vec<Document>, StoreError> {
        self.store.documents(scope, table, filter, page).await
    }

    async fn documents_by_id(&self, scope: &Scope, table: Table, ids: &[Text]) -> Result<Vec<Document>, StoreError> {
        self.store.documents_by_id(scope, table, ids).await
    }

    async fn newest_under(&self, scope: &Scope, table: Table, parents: &[Text]) -> Result<Vec<Document>, StoreError> {
        self.store.newest_under(scope, table, parents).await
    }

    async fn names(
        &self,
        scope: &Scope,
        table: Table,
        filter: &DocumentFilter,
    ) -> Result<Vec<(Text, Text)>, StoreError> {
        self.store.names(scope, table, filter).await
    }

    async fn count_documents(&self, scope: &Scope, table: Table, filter: &DocumentFilter) -> Result<u64, StoreError> {
        self.store.count_documents(scope, table, filter).await
    }

    async fn change(&self, scope: &Scope, changes: Vec<Change>) -> Result<(), ChangeError> {
        let states = |change: &&Change| matches!(change, Change::Replace { table: Table::TriggerStates, .. });
        let rows = changes.iter().filter(states).count();
        self.changes.fetch_add(u64::from(rows > 0), Ordering::Relaxed);
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.store.change(scope, changes).await
    }
}

/// A control plane, and what carries its runs.
pub struct Site {
    pub control: Arc<Control>,
    pub runtime: Arc<Runtime>,
    pub documents: Arc<Counting>,
    pub clock: Arc<TestClock>,
    store: Arc<dyn Store>,
    triggers: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Site {
    pub async fn open(home: &Home, clock: &Arc<TestClock>, tier: Option<Tier>) -> Self {
        let (store, documents) = home.open().await;
        let egress = Arc::new(weir_egress::Client::new(weir_egress::Options::default()));
        let registry = weir_kinds::registry(egress).map_err(|problem| problem.message).unwrap();
        let catalog = Arc::new(weir_catalog::Catalog::clone(registry.catalog()));
        let parts = weir_runtime::Parts::new(store.clone(), registry);
        let runtime = Arc::new(Runtime::open(weir_runtime::Options::default(), parts).await.unwrap());
        let documents = Arc::new(Counting { store: documents, changes: 0.into(), rows: 0.into() });
        let mut options = weir_control::Options {
            passwords: weir_vault::password::Options { memory_kib: 8, passes: 1, lanes: 1 },
            ..weir_control::Options::default()
        };
        options.tiers.extend(tier.map(|tier| (options.tier.clone(), tier)));
        let memory = FlowMemory::of(documents.clone(), store.clone(), clock.clone(), &options);
        let control = Arc::new(Control::new(Parts {
            documents: documents.clone(),
            store: store.clone(),
            runs: runtime.clone(),
            catalog,
            ambient: clock.clone(),
            mail: Arc::new(NoMail),
            web: Arc::new(NoWeb),
            keyring: Arc::new(Keyring::parse(&"0123456789abcdef".repeat(4)).unwrap()),
            memory,
            options,
        }));
        Self { control, runtime, documents, clock: clock.clone(), store, triggers: None }
    }

    /// Fires schedules and events from now on.
    pub fn fire(&mut self) {
        let (stop, stopped) = oneshot::channel();
        let (control, clock) = (self.control.clone(), self.clock.clone());
        let task = tokio::spawn(async move { control.run_triggers(&*clock, async { drop(stopped.await) }).await });
        self.triggers = Some((stop, task));
    }

    /// Stops in good order.
    pub async fn stop(mut self) {
        if let Some((stop, task)) = self.triggers.take() {
            let _ = stop.send(());
            task.await.unwrap();
        }
        self.runtime.stop().await.unwrap();
        self.store.close().await.unwrap();
    }

    /// Stops as if the process had been killed: nothing that was not written is written any more.
    pub async fn die(mut self) {
        if let Some((_, task)) = self.triggers.take() {
            task.abort();
            let _ = task.await;
        }
        self.runtime.stop().await.unwrap();
        self.store.close().await.unwrap();
    }

    /// An organisation with a project `default`.
    pub async fn tenant(&self, name: &str) -> Caller {
        let email = Text::from(format!("{name}@localhost"));
        let (_, tenant) = self.control.create_tenant(name, &email, None).await.unwrap();
        Caller::system(tenant.id, "test")
    }

    /// A flow that is switched on; its id.
    pub async fn flow(&self, caller: &Caller, name: &str, source: &str) -> Text {
        let new = NewFlow {
            project: "default".into(),
            service: "default".into(),
            name: Some(name.into()),
            files: vec![FlowFile { name: "flow.yaml".into(), text: source.into() }],
            ..NewFlow::default()
        };
        let flow = self.control.create_flow(caller, new).await.unwrap();
        self.control.start_flow(caller, &flow.id, None).await.unwrap();
        flow.id
    }

    pub async fn schedule(&self, caller: &Caller, flow: &str, name: &str, json: serde_json::Value) -> Text {
        let new = NewTrigger::Schedule { schedule: json, input: serde_json::json!({"given": name}) };
        self.control.create_trigger(caller, flow, name, new).await.unwrap().id
    }

    pub async fn event(&self, caller: &Caller, flow: &str, cause: &str, on: &[&str]) -> Text {
        let on = on.iter().map(|status| (*status).into()).collect();
        let new = NewTrigger::Event { flow: cause.into(), on, allow_self: false };
        self.control.create_trigger(caller, flow, "event", new).await.unwrap().id
    }

    /// The runs there are, by id.
    pub async fn runs(&self, caller: &Caller, flow: &str) -> Vec<Text> {
        let query = RunQuery { flow: Some(flow.into()), ..RunQuery::default() };
        let found = self.control.list_runs(caller, &query, None, 200).await.unwrap();
        found.items.into_iter().map(|run| run.id).rev().collect()
    }

    /// The second of each tick a schedule has fired.
    pub async fn ticks(&self, caller: &Caller, flow: &str, trigger: &str) -> Vec<i64> {
        let prefix = format!("tick-{trigger}-");
        let second = |run: &Text| Some((run.strip_prefix(&*prefix)?.parse::<Micros>().ok()? - BEGIN) / SECOND);
        let mut ticks: Vec<i64> = self.runs(caller, flow).await.iter().filter_map(second).collect();
        ticks.sort_unstable();
        ticks
    }

    pub async fn progress(&self, caller: &Caller, flow: &str, trigger: &str) -> weir_control::TriggerProgress {
        let trigger: Kept<weir_control::model::Trigger> = self.control.trigger(caller, flow, trigger).await.unwrap();
        self.control.trigger_progress(&trigger).await.unwrap()
    }

    /// Moves time, and waits until a schedule has come to some tick.
    pub async fn at(&self, caller: &Caller, flow: &str, trigger: &str, second: i64, last: i64) {
        self.clock.set(second);
        eventually("a schedule comes so far", async || {
            let progress = self.progress(caller, flow, trigger).await;
            (progress.state.last == BEGIN + last * SECOND).then_some(())
        })
        .await;
    }

    /// The input a run was started with.
    pub async fn input(&self, caller: &Caller, run: &str) -> Value {
        let journal = self.control.journal(caller, run, 1, 1).await.unwrap();
        let started = Value::from_json(&journal.records[0].payload).unwrap();
        started.get("input").cloned().unwrap_or_default()
    }
}

/// Asks again and again until there is an answer.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let (begun, mut look) = (Instant::now(), tokio::time::interval(Duration::from_millis(2)));
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it never happens that {what}");
        look.tick().await;
    }
}

/// A tier without limits but those that are given.
pub fn tier(executions: Option<u64>) -> Tier {
    let mut tiers: BTreeMap<String, Tier> = weir_control::Options::default().tiers;
    Tier { executions, ..tiers.remove("enterprise").unwrap() }
}
