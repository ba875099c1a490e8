use crate::StoreError;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use weir_base::{Micros, Text, Value};
use weir_engine::{Status, StepError};

/// The store's short name of a run; rises in the order of creation. The journal is keyed by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunKey(pub i64);

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The project of the runs an installation makes for itself. Nobody can make one of this name.
pub const SYSTEM_PROJECT: &str = ".system";

/// Whose run it is. An installation with one tenant leaves `tenant` empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub tenant: Text,
    pub project: Text,
    pub service: Text,
}

/// The unit of fairness: one project of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId {
    pub tenant: Text,
    pub project: Text,
}

impl Place {
    pub fn queue(&self) -> QueueId {
        QueueId { tenant: self.tenant.clone(), project: self.project.clone() }
    }
}

/// The concurrency key of runs that are carried elsewhere: what is kept of them here is a copy, and nothing that finds
/// it may carry it on.
pub const ELSEWHERE: &str = "@elsewhere";

/// As [`ELSEWHERE`], with the name of the connection that leads there.
pub fn elsewhere_key(connection: Option<&str>) -> Text {
    match connection {
        Some(name) => format!("{ELSEWHERE}/{name}").into(),
        None => ELSEWHERE.into(),
    }
}

/// Bytes of what a run waits for that its row takes: it is read with every list.
const MOST_WAITS: usize = 8_192;

/// The row of a run: what lists and queues need. What happened in it is in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub key: RunKey,
    /// Unique for ever; a child's is `parent/path`.
    pub id: Text,
    pub place: Place,
    /// Name of the flow.
    pub flow: Text,
    /// Content hash of the flow version.
    pub version: Text,
    pub status: Status,
    /// Higher goes first within its queue.
    pub priority: i32,
    /// Runs with the same key count against one limit.
    pub concurrency_key: Option<Text>,
    pub created_at: Micros,
    pub started_at: Option<Micros>,
    /// When a run that has left memory has something to do by itself; none if only a message can wake it.
    pub wake_at: Option<Micros>,
    /// What a run that has left memory waits for, in the words of who carried it; empty where nobody has said.
    pub waits: Vec<Text>,
    pub ended_at: Option<Micros>,
    pub error: Option<StepError>,
    /// What started it: `manual`, or a sort of trigger and the trigger's id, such as `webhook/ID`.
    pub cause: Option<Text>,
}

/// A change of a run's row. It happens on start, park and end (semantics 5.14), and where a run begins to wait or goes
/// on, in a commit that is made anyway wherever there is one.
///
/// One to `pending` is for a run to be taken up again here: a copy of what was carried elsewhere is none from then on.
#[derive(Clone, Debug, PartialEq)]
pub struct RunUpdate {
    pub key: RunKey,
    pub status: Status,
    /// Kept from the first start.
    pub started_at: Option<Micros>,
    pub wake_at: Option<Micros>,
    pub waits: Vec<Text>,
    pub ended_at: Option<Micros>,
    /// Set where the run goes on under another flow version (semantics 6.2).
    pub version: Option<Text>,
    pub output: Option<Value>,
    pub error: Option<StepError>,
}

impl RunUpdate {
    fn of(key: RunKey, status: Status) -> Self {
        let (started_at, wake_at, ended_at, waits) = (None, None, None, Vec::new());
        Self { key, status, started_at, wake_at, waits, ended_at, version: None, output: None, error: None }
    }

    /// The run is worked on: first start, after parking, or again after it had ended.
    pub fn started(key: RunKey, at: Micros) -> Self {
        Self { started_at: Some(at), ..Self::of(key, Status::Running) }
    }

    /// The run waits, and whoever carries it sees to it that it goes on.
    pub fn waiting(key: RunKey) -> Self {
        Self::of(key, Status::Waiting)
    }

    /// The run left memory; `wake_at` is its earliest timer.
    pub fn parked(key: RunKey, wake_at: Option<Micros>) -> Self {
        Self { wake_at, ..Self::of(key, Status::Waiting) }
    }

    /// Paused runs keep their earliest deadline, which runs on (semantics 5.9).
    pub fn paused(key: RunKey, wake_at: Option<Micros>, error: Option<StepError>) -> Self {
        Self { wake_at, error, ..Self::of(key, Status::Paused) }
    }

    /// With what it waits for, unless that is too much for a row; the journal says it in any case.
    pub fn on(mut self, waits: Vec<Text>) -> Self {
        let fits = waits.iter().map(|reason| reason.len()).sum::<usize>() <= MOST_WAITS;
        self.waits = if fits { waits } else { Vec::new() };
        self
    }

    pub fn ended(key: RunKey, status: Status, at: Micros, output: Value, error: Option<StepError>) -> Self {
        let output = (!output.is_null()).then_some(output);
        Self { ended_at: Some(at), output, error, ..Self::of(key, status) }
    }

    /// Takes a later update of the same run into this one.
    pub fn merge(&mut self, later: RunUpdate) {
        let started_at = self.started_at.or(later.started_at);
        let version = later.version.clone().or_else(|| self.version.take());
        *self = RunUpdate { started_at, version, ..later };
    }
}

impl Run {
    /// A pending run with priority 0 and no concurrency key.
    pub fn new(key: RunKey, id: impl Into<Text>, place: Place, flow: impl Into<Text>, created_at: Micros) -> Self {
        Self {
            key,
            id: id.into(),
            place,
            flow: flow.into(),
            version: "".into(),
            status: Status::Pending,
            priority: 0,
            concurrency_key: None,
            created_at,
            started_at: None,
            wake_at: None,
            waits: Vec::new(),
            ended_at: None,
            error: None,
            cause: None,
        }
    }

    /// Whether something else carries the run, and this is a copy.
    pub fn is_elsewhere(&self) -> bool {
        self.concurrency_key.as_deref().is_some_and(|key| key.starts_with(ELSEWHERE))
    }

    /// The connection to whatever carries the run elsewhere, where it has a name.
    pub fn connection(&self) -> Option<&str> {
        self.concurrency_key.as_deref()?.strip_prefix(ELSEWHERE)?.strip_prefix('/')
    }

    /// The row after the update; its output is kept elsewhere.
    pub fn apply(&mut self, update: &RunUpdate) {
        self.status = update.status;
        if update.status == Status::Pending && self.is_elsewhere() {
            self.concurrency_key = None;
        }
        self.started_at = self.started_at.or(update.started_at);
        self.wake_at = update.wake_at;
        self.waits = update.waits.clone();
        self.ended_at = update.ended_at;
        self.error = update.error.clone();
        if let Some(version) = &update.version {
            self.version = version.clone();
        }
    }
}

/// Which runs a list shows; an empty filter shows all. All conditions hold at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFilter {
    pub tenant: Option<Text>,
    pub project: Option<Text>,
    pub service: Option<Text>,
    pub flow: Option<Text>,
    /// Any of these; empty means any at all.
    pub statuses: Vec<Status>,
    /// Found in the id, the flow's name, the error or an output kept in the row, ASCII letters of either case.
    pub text: Option<String>,
    /// Only runs below this one: `id/…`.
    pub under: Option<Text>,
    /// What started them: a whole cause, such as `webhook/ID`, or all that begin with one and a slash.
    pub cause: Option<Text>,
    /// Only runs the installation has made for itself, or none of them.
    pub system: Option<bool>,
    /// Only ids that begin so.
    pub begins: Option<Text>,
    /// No ids that begin so.
    pub begins_not: Option<Text>,
    /// Created at or after.
    pub since: Option<Micros>,
    /// Created before.
    pub until: Option<Micros>,
    /// Ended, and took at least so long from start to end.
    pub at_least: Option<Micros>,
    /// Ended, and took at most so long.
    pub at_most: Option<Micros>,
}

/// Ended runs that are measured, without those the installation has made for itself. All conditions hold at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndedFilter {
    pub tenant: Text,
    pub project: Option<Text>,
    pub flow: Option<Text>,
    /// No ids that begin so.
    pub begins_not: Option<Text>,
    /// Ended at or after.
    pub from: Micros,
    /// Ended before.
    pub until: Micros,
    /// Only those whose key is a multiple of it; 0 and 1 take all.
    pub every: i64,
}

/// How many runs ended in one part of a time range, in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndedCount {
    /// The part's place in the range, from 0.
    pub part: u64,
    pub status: Status,
    pub count: u64,
}

/// A place in a list of runs: just after this one. The list is in the order of creation; the key tells apart what was
/// created in the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunCursor {
    pub created_at: Micros,
    pub key: RunKey,
}

impl RunCursor {
    pub fn of(run: &Run) -> Self {
        Self { created_at: run.created_at, key: run.key }
    }
}

/// A page of a list, newest first. `before` is the `next` of the page before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    pub before: Option<RunCursor>,
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Present where there is more.
    pub next: Option<RunCursor>,
}

/// A request for runs to start. The queues that are full, and their like, are the caller's to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    pub limit: u32,
    /// The queue served last: its successor comes first now, so that every queue gets its turn.
    pub after: Option<QueueId>,
    pub full_queues: Vec<QueueId>,
    pub full_flows: Vec<Text>,
    pub full_keys: Vec<Text>,
}

/// How many runs a list looks at first, and at most in one go.
const FIRST_LOOK: u32 = 500;
const MOST_LOOK: u32 = 32_000;

#[async_trait]
pub trait Runs {
    async fn run(&self, id: &str) -> Result<Option<Run>, StoreError>;

    async fn run_by_key(&self, key: RunKey) -> Result<Option<Run>, StoreError>;

    /// What the run ended with; null for none.
    async fn run_output(&self, key: RunKey) -> Result<Value, StoreError>;

    /// Runs that have not ended, oldest first, from after `after`; for recovery.
    async fn unfinished(&self, after: Option<RunKey>, limit: u32) -> Result<Vec<Run>, StoreError>;

    /// Pending runs in a fair order: one from each queue in turn, beginning after `claim.after`; within a queue
    /// by priority, then oldest first. The caller counts how many it may start of what it gets.
    async fn runnable(&self, claim: &Claim) -> Result<Vec<Run>, StoreError>;

    /// Waiting and paused runs with `wake_at ≤ now`, earliest first.
    async fn due(&self, now: Micros, limit: u32) -> Result<Vec<Run>, StoreError>;

    /// The earliest `wake_at` of all.
    async fn next_wake(&self) -> Result<Option<Micros>, StoreError>;

    /// A page that is full unless it is the last. Where few runs pass the filter, many are looked at.
    async fn list_runs(&self, filter: &RunFilter, page: PageRequest) -> Result<Page<Run>, StoreError> {
        let (mut found, mut most) = (Page { items: Vec::new(), next: page.before }, page.limit.max(FIRST_LOOK));
        loop {
            let limit = page.limit.saturating_sub(u32::try_from(found.items.len()).unwrap_or(u32::MAX));
            let part = self.look_for_runs(filter, PageRequest { before: found.next, limit }, most).await?;
            found.items.extend(part.items);
            found.next = part.next;
            if found.next.is_none() || found.items.len() >= page.limit as usize {
                return Ok(found);
            }
            most = most.saturating_mul(2).min(MOST_LOOK);
        }
    }

    /// As [`Runs::list_runs`], but looks at no more than about `most` runs that an index cannot rule out. So a page may
    /// have fewer runs than were asked for, or none, and yet a `next`, from where the search goes on.
    async fn look_for_runs(&self, filter: &RunFilter, page: PageRequest, most: u32) -> Result<Page<Run>, StoreError>;

    /// Ended runs, the one that ended last first, from below `before` (when it ended, and its key) on.
    async fn ended_runs(
        &self,
        filter: &EndedFilter,
        before: Option<(Micros, RunKey)>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError>;

    /// How many runs ended in each part of the range, `width` long, in the order of part and state; every one is
    /// counted, whatever `filter.every` says. Parts without any are left out.
    async fn count_ended(&self, filter: &EndedFilter, width: Micros) -> Result<Vec<EndedCount>, StoreError>;

    /// How many runs of the tenant younger than `after`, and no younger than `through`, were created at or after
    /// `since`. Children are not counted, and neither is what the installation has made for itself.
    async fn count_started(
        &self,
        tenant: &str,
        after: RunKey,
        through: RunKey,
        since: Micros,
    ) -> Result<u64, StoreError>;

    /// The newest run of all; 0 for none.
    async fn newest_run(&self) -> Result<RunKey, StoreError>;

    /// The newest run that was created before `at`; 0 for none. Keys are given out in order and written in any, so that
    /// older ones may still come after the newest: not after one that is some time old.
    async fn newest_run_before(&self, at: Micros) -> Result<RunKey, StoreError>;

    /// How many runs of the tenant there are in each state; of all tenants for `None`.
    async fn count_runs(&self, tenant: Option<&str>) -> Result<BTreeMap<Status, u64>, StoreError>;
}
