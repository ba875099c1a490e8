//! A store that counts what is asked of it.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use weir_base::{Micros, Text, Value};
use weir_engine::{Record, Status};
use weir_store::*;

/// Statements that were asked for so far.
#[derive(Clone, Default)]
pub struct Count(Arc<AtomicU64>);

impl Count {
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn one(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub struct Counted {
    pub store: Arc<dyn Store>,
    pub documents: Arc<dyn Documents>,
    pub count: Count,
}

macro_rules! counted {
    ($($within:ident: $aggregate:ident { $(fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)* })*) => {$(
        #[async_trait]
        impl $aggregate for Counted {$(
            async fn $name(&self, $($arg: $kind),*) -> $out {
                self.count.one();
                self.$within.$name($($arg),*).await
            }
        )*}
    )*};
}

counted! {
    documents: Documents {
        fn document(scope: &Scope, table: Table, id: &str) -> Result<Option<Document>, StoreError>;
        fn look_up(scope: &Scope, table: Table, lookup: &str) -> Result<Option<Document>, StoreError>;
        fn named(tenant: &str, table: Table, parent: &str, name: &str) -> Result<Option<Document>, StoreError>;
        fn documents(scope: &Scope, table: Table, filter: &DocumentFilter, page: &DocumentPage) -> Result<Vec<Document>, StoreError>;
        fn documents_by_id(scope: &Scope, table: Table, ids: &[Text]) -> Result<Vec<Document>, StoreError>;
        fn newest_under(scope: &Scope, table: Table, parents: &[Text]) -> Result<Vec<Document>, StoreError>;
        fn names(scope: &Scope, table: Table, filter: &DocumentFilter) -> Result<Vec<(Text, Text)>, StoreError>;
        fn count_documents(scope: &Scope, table: Table, filter: &DocumentFilter) -> Result<u64, StoreError>;
        fn change(scope: &Scope, changes: Vec<Change>) -> Result<(), ChangeError>;
    }
    store: Flows {
        fn publish(version: FlowVersion) -> Result<(), StoreError>;
        fn keep_version(version: FlowVersion) -> Result<(), StoreError>;
        fn flow_version(tenant: &str, hash: &str) -> Result<Option<FlowVersion>, StoreError>;
        fn newest_flow(tenant: &str, project: &str, name: &str) -> Result<Option<FlowVersion>, StoreError>;
        fn list_flows(tenant: &str, project: &str, after: Option<&str>, limit: u32) -> Result<Vec<FlowVersion>, StoreError>;
    }
    store: Runs {
        fn run(id: &str) -> Result<Option<Run>, StoreError>;
        fn run_by_key(key: RunKey) -> Result<Option<Run>, StoreError>;
        fn run_output(key: RunKey) -> Result<Value, StoreError>;
        fn unfinished(after: Option<RunKey>, limit: u32) -> Result<Vec<Run>, StoreError>;
        fn runnable(claim: &Claim) -> Result<Vec<Run>, StoreError>;
        fn due(now: Micros, limit: u32) -> Result<Vec<Run>, StoreError>;
        fn next_wake() -> Result<Option<Micros>, StoreError>;
        fn list_runs(filter: &RunFilter, page: PageRequest) -> Result<Page<Run>, StoreError>;
        fn look_for_runs(filter: &RunFilter, page: PageRequest, most: u32) -> Result<Page<Run>, StoreError>;
        fn ended_runs(filter: &EndedFilter, before: Option<(Micros, RunKey)>, limit: u32) -> Result<Vec<Run>, StoreError>;
        fn count_ended(filter: &EndedFilter, width: Micros) -> Result<Vec<EndedCount>, StoreError>;
        fn count_started(tenant: &str, after: RunKey, through: RunKey, since: Micros) -> Result<u64, StoreError>;
        fn newest_run() -> Result<RunKey, StoreError>;
        fn newest_run_before(at: Micros) -> Result<RunKey, StoreError>;
        fn count_runs(tenant: Option<&str>) -> Result<BTreeMap<Status, u64>, StoreError>;
    }
    store: Journal {
        fn records(run: RunKey, from: u64, limit: u32) -> Result<Vec<Record>, StoreError>;
        fn last_seq(run: RunKey) -> Result<u64, StoreError>;
        fn entries_after(after: i64, run: Option<RunKey>, limit: u32) -> Result<Vec<NumberedEntry>, StoreError>;
        fn tenant_entries_after(tenant: &str, after: i64, limit: u32) -> Result<TenantEntries, StoreError>;
        fn newest_entry() -> Result<i64, StoreError>;
        fn first_of_link(run: RunKey) -> Result<u64, StoreError>;
    }
    store: Blobs {
        fn put_blob(run: Option<RunKey>, bytes: Vec<u8>) -> Result<Text, StoreError>;
        fn blob(hash: &str) -> Result<Option<Vec<u8>>, StoreError>;
    }
    store: Attempts {
        fn attempts(run: RunKey) -> Result<Vec<Attempt>, StoreError>;
    }
    store: Effects {
        fn effects(run: RunKey, from: u64) -> Result<Vec<Effect>, StoreError>;
    }
    store: Observations {
        fn newest_observation() -> Result<i64, StoreError>;
        fn observations_of_all(after: i64, limit: u32) -> Result<Vec<Observation>, StoreError>;
        fn observations(run: RunKey, after: i64, limit: u32) -> Result<Vec<Observation>, StoreError>;
    }
    store: Variables {
        fn variables(scope: &VariableScope, names: &[Text]) -> Result<BTreeMap<Text, Value>, StoreError>;
        fn list_variables(scope: &VariableScope) -> Result<Vec<Variable>, StoreError>;
        fn set_variable(scope: &VariableScope, write: VariableWrite) -> Result<Result<VariableSet, VariableRefusal>, StoreError>;
        fn delete_variable(scope: &VariableScope, name: &str, expected: Option<u64>) -> Result<Result<Option<Variable>, VariableRefusal>, StoreError>;
        fn change_variables(ops: &[VariableOp]) -> Result<Vec<Result<Value, VariableFault>>, StoreError>;
    }
    store: Histories {
        fn histories(runs: &[RunKey], most: u32) -> Result<BTreeMap<RunKey, History>, StoreError>;
    }
    store: Snapshots {
        fn snapshot(run: RunKey) -> Result<Option<Snapshot>, StoreError>;
    }
    store: Inbox {
        fn post(message: NewMessage) -> Result<InboxKey, StoreError>;
        fn messages(after: InboxKey, limit: u32) -> Result<Vec<Message>, StoreError>;
    }
    store: Retention {
        fn sweep(policy: RetentionPolicy) -> Result<Swept, StoreError>;
        fn reclaim() -> Result<(), StoreError>;
        fn disk_bytes() -> Result<u64, StoreError>;
    }
}

#[async_trait]
impl Store for Counted {
    async fn claim(&self, pid: u32, at: Micros) -> Result<Epoch, StoreError> {
        self.store.claim(pid, at).await
    }

    fn next_run_key(&self) -> RunKey {
        self.store.next_run_key()
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.store.commit(batch).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.store.close().await
    }
}
