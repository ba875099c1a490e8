//! What flows remember from one run to the next. Each flow has its own entries, and no other flow reaches them: whose
//! they are follows from the run, never from what it says.
//!
//! All changes go through here, one of a tenant at a time, so that limits are exact. `entries.rs` has what people do.

mod entries;

pub use entries::MemoryState;

use crate::model::{FlowDraft, MemoryEntry, MemoryMark, MemorySize, Tenant};
use crate::options::{Options, Tier};
use crate::ports::Ambient;
use crate::records::{self, Kept, Record};
use crate::{ControlError, Result};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use tokio::sync::Mutex;
use weir_base::{Text, Value};
use weir_engine::Status;
use weir_kind::{FlowContext, MemoryChange, MemoryOp, PortError};
use weir_store::{Change, ChangeError, DocumentFilter, DocumentPage, Documents, Scope, Store, Table};

/// The largest entry, as JSON.
const LARGEST: u64 = 1 << 20;
/// A value that is set is kept with the step's mark too up to so many bytes of JSON.
const KEPT_TWICE: usize = 4 << 10;
/// Entries of one list.
const LISTED: usize = 1_000;
/// A flow's marks that are not needed any more are looked for after so many changes of it, so many at a time.
const SWEEP: u64 = 64;
const SWEPT: u32 = 200;
/// Marks of one run that are kept. The results of older changes have been in its journal for long.
const MOST_OF_RUN: u64 = 4_096;

/// The memory of all flows of one installation. One process owns the data, and it has one of these.
pub struct FlowMemory {
    documents: Arc<dyn Documents>,
    store: Arc<dyn Store>,
    ambient: Arc<dyn Ambient>,
    /// Limits by the name of the tier; none where there are no tenants.
    tiers: Option<BTreeMap<String, Tier>>,
    turns: Lock<HashMap<Text, Arc<Mutex<()>>>>,
    /// By tenant and flow.
    sweeps: Lock<HashMap<(Text, Text), Sweep>>,
}

/// How far a flow's marks were looked through.
#[derive(Clone, Default)]
struct Sweep {
    /// Changes of the flow since the start.
    changes: u64,
    /// The last mark that was looked at; from the oldest on for none.
    after: Option<Text>,
}

/// Whose memory it is.
struct Home {
    tenant: Text,
    /// The flow's id; of a flow that is of no tenant its project and name.
    flow: Text,
    /// The flow must still be there when something is kept.
    draft: bool,
}

impl Home {
    fn scope(&self) -> Scope {
        Scope::Tenant(self.tenant.clone())
    }

    fn place(&self) -> (Text, Text) {
        (self.tenant.clone(), self.flow.clone())
    }
}

/// What is to become of an entry.
struct Wanted<'a> {
    key: &'a Text,
    value: Option<Value>,
    /// The revision somebody has seen.
    expected: Option<u64>,
    /// Of the flow's own limit.
    limit: u64,
    mark: Option<MemoryMark>,
}

impl FlowMemory {
    pub fn new(
        documents: Arc<dyn Documents>,
        store: Arc<dyn Store>,
        ambient: Arc<dyn Ambient>,
        tiers: Option<BTreeMap<String, Tier>>,
    ) -> Self {
        Self { documents, store, ambient, tiers, turns: Lock::default(), sweeps: Lock::default() }
    }

    /// For a control plane with these settings.
    pub fn of(
        documents: Arc<dyn Documents>,
        store: Arc<dyn Store>,
        ambient: Arc<dyn Ambient>,
        options: &Options,
    ) -> Arc<Self> {
        Arc::new(Self::new(documents, store, ambient, Some(options.tiers.clone())))
    }

    /// One change of a tenant at a time.
    fn turn(&self, tenant: &Text) -> Arc<Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(tenant.clone()).or_default().clone()
    }

    async fn home(&self, flow: &FlowContext) -> Result<Home> {
        if self.tiers.is_none() || flow.tenant.is_empty() {
            let own = format!("{}/{}", flow.project, flow.flow).into();
            return Ok(Home { tenant: flow.tenant.clone(), flow: own, draft: false });
        }
        let found = records::named::<FlowDraft>(&*self.documents, &flow.tenant, &flow.project, &flow.flow).await?;
        let draft = found.ok_or(ControlError::not_found("flow"))?;
        Ok(Home { tenant: flow.tenant.clone(), flow: draft.id, draft: true })
    }

    async fn perform(&self, flow: &FlowContext, change: MemoryChange) -> Result<Value, MemoryFault> {
        let home = self.home(flow).await?;
        match change.op {
            MemoryOp::List => Ok(self.list(&home, &change.name).await?),
            MemoryOp::Get => Ok(self.value(&home, &change.name).await?),
            _ => self.change(&home, flow.memory.map_or(0, |limit| limit.bytes), change).await,
        }
    }

    async fn entry(&self, home: &Home, key: &str) -> Result<Option<Kept<MemoryEntry>>> {
        records::named(&*self.documents, &home.tenant, &home.flow, key).await
    }

    async fn value(&self, home: &Home, key: &str) -> Result<Value> {
        Ok(self.entry(home, key).await?.map(|entry| entry.value.value.into()).unwrap_or_default())
    }

    async fn list(&self, home: &Home, begin: &str) -> Result<Value, MemoryFault> {
        let all: Vec<Kept<MemoryEntry>> =
            records::all(&*self.documents, &home.scope(), &records::under(&home.flow)).await?;
        let mut found: Vec<MemoryEntry> =
            all.into_iter().map(|entry| entry.value).filter(|entry| entry.key.starts_with(begin)).collect();
        if found.len() > LISTED {
            let message = format!("{} entries begin with `{begin}`; a list has at most {LISTED}", found.len());
            return Err(MemoryFault::Full(message));
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        let shown = |entry: MemoryEntry| Value::object([("key", entry.key.into()), ("value", entry.value.into())]);
        Ok(Value::array(found.into_iter().map(shown)))
    }

    /// A step's change; one that was made before is not made again.
    async fn change(&self, home: &Home, limit: u64, change: MemoryChange) -> Result<Value, MemoryFault> {
        let turn = self.turn(&home.tenant);
        let _mine = turn.lock().await;
        let under = MemoryMark::under(&home.flow);
        let made = records::named::<MemoryMark>(&*self.documents, &home.tenant, &under, &change.key).await?;
        let old = self.entry(home, &change.name).await?;
        let current: Value = old.as_ref().map(|old| old.value.value.clone().into()).unwrap_or_default();
        if let Some(made) = made {
            return Ok(told_before(made.value, &change, current));
        }
        let value = change.op.apply(&current, &change.value).map_err(MemoryFault::Port)?;
        let after = value.clone().unwrap_or_default();
        let mark = Some(mark(home, &change, &after));
        let wanted = Wanted { key: &change.name, value, expected: None, limit, mark };
        self.write(home, old, wanted).await?;
        self.sweep(home).await;
        Ok(after)
    }

    /// Writes an entry, or takes it away, with how much there is then. Only who has the tenant's turn calls this.
    async fn write(&self, home: &Home, old: Option<Kept<MemoryEntry>>, wanted: Wanted<'_>) -> Result<(), MemoryFault> {
        let json = wanted.value.as_ref().map(Value::to_json);
        let bytes = json.as_ref().map_or(0, |json| (wanted.key.len() + json.len()) as u64);
        let before = old.as_ref().map_or(0, |old| old.value.bytes);
        let size = self.size(home).await?;
        let now = size.as_ref().map(|size| size.value.clone()).unwrap_or_default();
        let new = MemorySize {
            bytes: now.bytes.saturating_sub(before) + bytes,
            entries: (now.entries + u64::from(json.is_some())).saturating_sub(u64::from(old.is_some())),
        };
        if bytes > before {
            self.check_room(home, bytes, &new, wanted.limit).await?;
        }
        let value = wanted.value.as_ref().map(serde_json::Value::from);
        let mut steps = Vec::new();
        match (old, value) {
            (Some(old), Some(value)) => {
                let entry = MemoryEntry { value, bytes, ..old.value.clone() };
                steps.push(self.replaced(&old, entry, wanted.expected));
            }
            (None, Some(value)) => {
                if let Some(seen) = wanted.expected {
                    return Err(ControlError::Conflict { seen, current: 0, now: Box::default() }.into());
                }
                let entry = MemoryEntry { flow: home.flow.clone(), key: wanted.key.clone(), value, bytes };
                steps.push(self.inserted(home, self.new_id(), entry));
            }
            (Some(old), None) => steps.push(deleted(&old, wanted.expected)),
            (None, None) => {}
        }
        steps.push(match size {
            Some(size) => self.replaced(&size, new, None),
            None => self.inserted(home, home.flow.clone(), new),
        });
        steps.extend(wanted.mark.map(|mark| self.inserted(home, self.new_id(), mark)));
        let done = self.commit(home, steps).await;
        done.map_err(|fault| fault.with_seen(wanted.expected))
    }

    /// Nothing is kept for a flow that is gone: the two cannot pass each other.
    async fn commit(&self, home: &Home, mut steps: Vec<Change>) -> Result<(), MemoryFault> {
        if home.draft {
            let (tenant, id) = (home.tenant.clone(), home.flow.clone());
            steps.push(Change::MustBe { table: Table::FlowDrafts, tenant, id });
        }
        Ok(self.documents.change(&home.scope(), steps).await.map_err(ControlError::from)?)
    }

    async fn size(&self, home: &Home) -> Result<Option<Kept<MemorySize>>> {
        records::find(&*self.documents, &home.scope(), &home.flow).await
    }

    async fn check_room(&self, home: &Home, bytes: u64, new: &MemorySize, limit: u64) -> Result<(), MemoryFault> {
        if bytes > LARGEST {
            return Err(MemoryFault::Full(format!(
                "an entry has at most {LARGEST} bytes, and this one would have {bytes}"
            )));
        }
        if new.bytes > limit {
            let message = format!(
                "the flow would remember {} bytes, and the `limit` of its memory is {limit}: take something away first, or raise it",
                new.bytes
            );
            return Err(MemoryFault::Full(message));
        }
        let Some(allowed) = self.allowed(&home.tenant).await? else { return Ok(()) };
        let own = self.size(home).await?.map_or(0, |size| size.value.bytes);
        let all = self.used(&home.tenant).await?.saturating_sub(own) + new.bytes;
        if all > allowed {
            return Err(MemoryFault::Tier { allowed, all });
        }
        Ok(())
    }

    /// What the tenant's tier allows, all flows together; none for no limit.
    pub(crate) async fn allowed(&self, tenant: &Text) -> Result<Option<u64>> {
        let Some(tiers) = self.tiers.as_ref().filter(|_| !tenant.is_empty()) else { return Ok(None) };
        let found = records::get::<Tenant>(&*self.documents, &Scope::System, tenant).await?;
        let tier = tiers.get(&*found.value.tier).or_else(|| tiers.get("free"));
        Ok(tier.and_then(|tier| tier.memory))
    }

    /// What all flows of a tenant remember together, in bytes.
    pub(crate) async fn used(&self, tenant: &Text) -> Result<u64> {
        let sizes: Vec<Kept<MemorySize>> =
            records::all(&*self.documents, &Scope::Tenant(tenant.clone()), &records::under(&"".into())).await?;
        Ok(sizes.iter().map(|size| size.value.bytes).sum())
    }

    /// Forgets marks that are not needed any more, now and then, a part of them each time. What cannot be forgotten now
    /// is forgotten later. Only who has the tenant's turn calls this.
    async fn sweep(&self, home: &Home) {
        let Some(after) = self.sweep_is_due(home) else { return };
        match self.forget_marks(home, after).await {
            Ok(next) => self.sweeps().entry(home.place()).or_default().after = next,
            Err(error) => tracing::debug!("marks of a flow's memory stay for now: {error}"),
        }
    }

    /// Where to go on with this change, if it is one with which the flow's marks are looked at.
    fn sweep_is_due(&self, home: &Home) -> Option<Option<Text>> {
        let mut sweeps = self.sweeps();
        let sweep = sweeps.entry(home.place()).or_default();
        sweep.changes += 1;
        (sweep.changes % SWEEP == 1).then(|| sweep.after.clone())
    }

    fn sweeps(&self) -> MutexGuard<'_, HashMap<(Text, Text), Sweep>> {
        self.sweeps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where to go on the next time. More are looked at than are made between two times, so that all have their turn.
    async fn forget_marks(&self, home: &Home, after: Option<Text>) -> Result<Option<Text>> {
        let under = records::under(&MemoryMark::under(&home.flow));
        let found = self.marks(home, &under, after).await?;
        let next = found.last().filter(|_| found.len() == SWEPT as usize).map(|last| last.id.clone());
        let runs: BTreeSet<Text> = found.iter().map(|mark| mark.value.run.clone()).collect();
        let mut steps = Vec::new();
        for run in runs {
            if self.store.run(&run).await?.is_none_or(|run| Status::is_final(run.status)) {
                steps.extend(found.iter().filter(|mark| mark.value.run == run).map(|mark| deleted(mark, None)));
            } else {
                let own = DocumentFilter { label: Some(run), ..under.clone() };
                steps.extend(self.spare_marks(home, &own).await?.iter().map(|mark| deleted(mark, None)));
            }
        }
        if !steps.is_empty() {
            self.documents.change(&home.scope(), steps).await?;
        }
        Ok(next)
    }

    /// The oldest marks of a run that has more than one may have.
    async fn spare_marks(&self, home: &Home, own: &DocumentFilter) -> Result<Vec<Kept<MemoryMark>>> {
        let count = self.documents.count_documents(&home.scope(), Table::Memories, own).await?;
        let spare = usize::try_from(count.saturating_sub(MOST_OF_RUN)).unwrap_or(usize::MAX);
        if spare == 0 {
            return Ok(Vec::new());
        }
        let mut oldest = self.marks(home, own, None).await?;
        oldest.truncate(spare);
        Ok(oldest)
    }

    /// Some marks, the oldest first.
    async fn marks(&self, home: &Home, filter: &DocumentFilter, after: Option<Text>) -> Result<Vec<Kept<MemoryMark>>> {
        let page = DocumentPage { after, limit: SWEPT, newest_first: false };
        let found = self.documents.documents(&home.scope(), Table::Memories, filter, &page).await?;
        found.into_iter().map(Kept::read).collect()
    }

    fn new_id(&self) -> Text {
        crate::control::id_at(&*self.ambient)
    }

    fn inserted<T: Record>(&self, home: &Home, id: Text, value: T) -> Change {
        let (tenant, now) = (home.tenant.clone(), self.ambient.now());
        Change::Insert(T::TABLE, Kept { tenant, id, revision: 1, created_at: now, updated_at: now, value }.document())
    }

    fn replaced<T: Record>(&self, old: &Kept<T>, value: T, expected: Option<u64>) -> Change {
        let kept = Kept { revision: old.revision + 1, updated_at: self.ambient.now(), value, ..old.clone() };
        Change::Replace { table: T::TABLE, document: kept.document(), expected }
    }
}

/// What is kept of a change, so that the step is told the same again. A large value that is set is not kept twice.
fn mark(home: &Home, change: &MemoryChange, after: &Value) -> MemoryMark {
    let again = change.op == MemoryOp::Set && after.to_json().len() > KEPT_TWICE;
    let result = (!again && *after != Value::Null).then(|| after.into());
    MemoryMark { flow: home.flow.clone(), run: change.run.clone(), key: change.key.as_str().into(), result }
}

/// What a step was told when it made its change, whatever others have made of the entry since.
fn told_before(made: MemoryMark, change: &MemoryChange, current: Value) -> Value {
    match (made.result, change.op) {
        (Some(result), _) => result.into(),
        (None, MemoryOp::Set) => change.value.clone(),
        (None, MemoryOp::Delete) => Value::Null,
        // Of marks from before results were kept, this is all that is known.
        (None, _) => current,
    }
}

fn deleted<T: Record>(old: &Kept<T>, expected: Option<u64>) -> Change {
    Change::Delete { table: T::TABLE, tenant: old.tenant.clone(), id: old.id.clone(), expected }
}

/// Why something was not kept.
enum MemoryFault {
    Control(ControlError),
    Port(PortError),
    Full(String),
    Tier { allowed: u64, all: u64 },
}

impl MemoryFault {
    fn with_seen(self, expected: Option<u64>) -> Self {
        match self {
            MemoryFault::Control(ControlError::Conflict { current, now, .. }) => {
                MemoryFault::Control(ControlError::Conflict { seen: expected.unwrap_or_default(), current, now })
            }
            other => other,
        }
    }
}

impl From<ControlError> for MemoryFault {
    fn from(error: ControlError) -> Self {
        MemoryFault::Control(error)
    }
}

impl From<ChangeError> for MemoryFault {
    fn from(error: ChangeError) -> Self {
        MemoryFault::Control(error.into())
    }
}

fn tier_message(allowed: u64, all: u64) -> String {
    format!(
        "the tier allows {allowed} bytes of memory, all flows together, and this would make {all}: take something away, or change the tier"
    )
}

#[async_trait]
impl weir_kind::Memory for FlowMemory {
    async fn apply(&self, flow: &FlowContext, change: MemoryChange) -> Result<Value, PortError> {
        self.perform(flow, change).await.map_err(|fault| match fault {
            MemoryFault::Port(error) => error,
            MemoryFault::Full(message) => PortError::Full(message),
            MemoryFault::Tier { allowed, all } => PortError::Full(tier_message(allowed, all)),
            MemoryFault::Control(ControlError::Busy(message)) => PortError::Retry(message),
            MemoryFault::Control(ControlError::NotFound { .. }) => {
                PortError::Reject("the flow is gone, and its memory with it".to_owned())
            }
            MemoryFault::Control(error) => PortError::Reject(error.to_string()),
        })
    }
}
