//! From a journal to a machine: how a run gets into memory again.

use crate::flows::{FlowCache, Prepared, store_failed};
use crate::guard::guarded;
use crate::snapshot::Kept;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use weir_base::{Micros, Text, Value};
use weir_engine::{Command, Decision, Event, EventBody, Machine, Origin, Record, StartChild, StepError, replay};
use weir_runs::RunsError;
use weir_store::{Attempt, Effect, History, Run, RunKey, Snapshot, Store, StoreError};

const PAGE: u32 = 1_000;

/// A run as its journal says it is, with every command that has no answer waiting in the machine.
pub(crate) struct Folded {
    pub run: Run,
    pub flow: Arc<Prepared>,
    pub machine: Machine,
    pub state: FoldState,
    pub attempts: Vec<Attempt>,
    /// Number and size of the snapshot the fold began with.
    pub snapshot: (u64, usize),
}

/// What the journal says beside the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoldState {
    pub origin: Option<Origin>,
    pub seq: u64,
    pub at: Micros,
    /// Dispatched attempts of non-idempotent kinds without a result, by path (semantics 5.7).
    pub marks: BTreeMap<Text, u32>,
    /// Children that were cancelled; the cancel may not have reached them.
    pub cancelled: BTreeSet<Text>,
    /// Detached children that were asked for and may not have been started (semantics 5.5).
    pub detached: Vec<(Effect, StartChild)>,
    pub bytes: usize,
    pub children: BTreeSet<Text>,
    /// The record that causes what the machine asks for, and how many detached children it has caused.
    pub cause: u64,
    pub ordinal: u32,
}

/// Why a run is not in memory.
pub(crate) enum Unfolded {
    /// There is no such run.
    Gone,
    /// It is over.
    Ended(Box<Run>),
    /// The store cannot say at present, or not at all.
    Store(StoreError),
    /// Something else carries it.
    Elsewhere(Box<Run>),
    /// The journal cannot be folded by this program; a newer or corrected one may.
    Broken(Box<Run>, StepError),
}

pub(crate) const ENGINE_ERROR: &str = "ENGINE_ERROR";
pub(crate) const JOURNAL_UNREADABLE: &str = "JOURNAL_UNREADABLE";
const FLOW_MISSING: &str = "FLOW_MISSING";
/// The category of what is a fault of Weir itself.
pub(crate) const INTERNAL: &str = "internal";

/// Folds the run's journal from its last link, or from the last snapshot if that is newer.
/// With its `history` in hand, nothing more is read of it.
pub(crate) async fn load(
    store: &dyn Store,
    flows: &FlowCache,
    run: Run,
    history: Option<History>,
    traced: bool,
) -> Result<Folded, Unfolded> {
    if run.status.is_final() {
        return Err(Unfolded::Ended(Box::new(run)));
    }
    if run.is_elsewhere() {
        return Err(Unfolded::Elsewhere(Box::new(run)));
    }
    let loading = Loading { store: Reader { store, key: run.key, history }, flows, key: run.key };
    match loading.load(&run, traced).await {
        Ok((flow, machine, state, snapshot)) => {
            let attempts = loading.store.attempts().await.map_err(Unfolded::Store)?;
            Ok(Folded { run, flow, machine, state, attempts, snapshot })
        }
        Err(Failure::Store(error)) => Err(Unfolded::Store(error)),
        Err(Failure::Broken(code, message)) => {
            Err(Unfolded::Broken(Box::new(run), StepError::new(code, INTERNAL, message)))
        }
    }
}

enum Failure {
    Store(StoreError),
    Broken(&'static str, String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Store(error)
    }
}

impl From<RunsError> for Failure {
    fn from(error: RunsError) -> Self {
        match error {
            RunsError::Busy(message) => Failure::Store(StoreError::Busy(message)),
            RunsError::Unavailable(message) => Failure::Store(StoreError::Io(message)),
            RunsError::Failed(message) => Failure::Store(StoreError::Corrupt(message)),
            RunsError::Stopping => Failure::Store(StoreError::Closed),
            other => Failure::Broken(FLOW_MISSING, other.to_string()),
        }
    }
}

/// What the store says of one run, or has said already.
struct Reader<'a> {
    store: &'a dyn Store,
    key: RunKey,
    history: Option<History>,
}

impl Reader<'_> {
    async fn first_of_link(&self) -> Result<u64, StoreError> {
        let Some(history) = &self.history else { return self.store.first_of_link(self.key).await };
        let newest = history.records.iter().rfind(|record| record.ty == "continued");
        Ok(newest.map_or(1, |record| record.seq))
    }

    async fn effects(&self) -> Result<Vec<Effect>, StoreError> {
        match &self.history {
            Some(history) => Ok(history.effects.clone()),
            None => self.store.effects(self.key, 0).await,
        }
    }

    async fn attempts(&self) -> Result<Vec<Attempt>, StoreError> {
        match &self.history {
            Some(history) => Ok(history.attempts.clone()),
            None => self.store.attempts(self.key).await,
        }
    }

    async fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        match &self.history {
            Some(_) => Ok(None),
            None => self.store.snapshot(self.key).await,
        }
    }

    /// Records from number `from` on, as many as are read at once.
    async fn records(&self, from: u64) -> Result<Cow<'_, [Record]>, StoreError> {
        let Some(history) = &self.history else {
            return self.store.records(self.key, from, PAGE).await.map(Cow::Owned);
        };
        let before = history.records.partition_point(|record| record.seq < from);
        Ok(Cow::Borrowed(&history.records[before..]))
    }

    async fn record(&self, seq: u64) -> Result<Option<Cow<'_, Record>>, StoreError> {
        match &self.history {
            Some(history) => Ok(history.records.iter().find(|record| record.seq == seq).map(Cow::Borrowed)),
            None => Ok(self.store.records(self.key, seq, 1).await?.into_iter().next().map(Cow::Owned)),
        }
    }
}

struct Loading<'a> {
    store: Reader<'a>,
    flows: &'a FlowCache,
    key: RunKey,
}

type Loaded = (Arc<Prepared>, Machine, FoldState, (u64, usize));

impl Loading<'_> {
    async fn load(&self, run: &Run, traced: bool) -> Result<Loaded, Failure> {
        let flow = self.flows.version(&run.place.tenant, &run.version).await?;
        let link = self.store.first_of_link().await?;
        let performed: HashSet<Effect> = self.store.effects().await?.into_iter().collect();
        let (mut machine, mut state, mut snapshot) = match self.snapshot(&flow, link).await? {
            Some((machine, state, bytes)) => {
                let seq = state.seq;
                (machine, state, (seq, bytes))
            }
            None => match self.rebased(run, link).await? {
                Some(until) => {
                    let (machine, state) = self.rebase(&flow, until).await?;
                    (machine, state, (0, 0))
                }
                None => {
                    let (machine, state) = self.begin(run, &flow, link, traced).await?;
                    (machine, state, (0, 0))
                }
            },
        };
        if let Some(first) = self.fold_rest(&mut machine, &mut state).await? {
            // It goes on once more under the version it began with, from before what was set aside.
            let until = self.newest_rebased(first).await?.unwrap_or(first);
            (machine, state) = self.rebase(&flow, until).await?;
            snapshot = (0, 0);
            self.fold_rest(&mut machine, &mut state).await?;
        }
        state.detached.retain(|(effect, _)| !performed.contains(effect));
        guarded(|| machine.reissue()).map_err(engine_error)?;
        if traced {
            machine.trace();
        }
        Ok((flow, machine, state, snapshot))
    }

    async fn snapshot(&self, flow: &Prepared, link: u64) -> Result<Option<(Machine, FoldState, usize)>, Failure> {
        let Some(snapshot) = self.store.snapshot().await?.filter(|snapshot| snapshot.seq >= link) else {
            return Ok(None);
        };
        let bytes = snapshot.bytes.len();
        // A snapshot that cannot be used is only a slower start.
        let read = Kept::read(&snapshot.bytes).filter(|kept| kept.is_of(&flow.hash));
        let restored = read.and_then(|kept| {
            let machine = guarded(|| Machine::restore(flow.plan.clone(), &kept.state)).ok()?.ok()?;
            Some((machine, kept.into_fold(snapshot.seq), bytes))
        });
        Ok(restored)
    }

    /// The machine after the first record of the link.
    async fn begin(
        &self,
        run: &Run,
        flow: &Prepared,
        link: u64,
        traced: bool,
    ) -> Result<(Machine, FoldState), Failure> {
        let record = self.record(link).await?;
        let event = decode(&record)?;
        let mut state = FoldState::default();
        if link > 1 {
            state.origin = self.origin().await?;
        }
        let mut machine = begin_machine(run, flow, &event, traced)?;
        if let EventBody::Started(started) = &event.body {
            state.origin = started.origin.clone();
        }
        state.note(&record, &event);
        state.commands(self.key, &mut machine)?;
        Ok((machine, state))
    }

    async fn origin(&self) -> Result<Option<Origin>, Failure> {
        match decode(&*self.record(1).await?)?.body {
            EventBody::Started(started) => Ok(started.origin),
            _ => Ok(None),
        }
    }

    async fn record(&self, seq: u64) -> Result<Cow<'_, Record>, Failure> {
        let missing = || Failure::Broken(JOURNAL_UNREADABLE, format!("record {seq} is missing"));
        self.store.record(seq).await?.ok_or_else(missing)
    }

    /// The newest `rebased` of this link, where the run goes on under another version than it began with
    /// (semantics 6.2). What came before it is matched against that version, not folded in order. Where it goes on
    /// under the same version, that is found out while it is folded, so that no other journal is read twice.
    async fn rebased(&self, run: &Run, link: u64) -> Result<Option<u64>, Failure> {
        let first = decode(&*self.record(1).await?)?;
        let begun = match &first.body {
            EventBody::Started(started) => &started.flow,
            EventBody::Forked(forked) => &forked.flow,
            _ => return Ok(None),
        };
        if begun.is_empty() || *begun == run.version {
            return Ok(None);
        }
        self.newest_rebased(link).await
    }

    async fn newest_rebased(&self, from: u64) -> Result<Option<u64>, Failure> {
        let (mut newest, mut from) = (None, from);
        loop {
            let records = self.store.records(from).await?;
            let Some(last) = records.last() else { return Ok(newest) };
            from = last.seq + 1;
            newest = records.iter().filter(|record| record.ty == "rebased").map(|record| record.seq).max().or(newest);
        }
    }

    /// The machine after the `rebased` record `until`.
    async fn rebase(&self, flow: &Prepared, until: u64) -> Result<(Machine, FoldState), Failure> {
        let record = self.record(until).await?;
        let event = decode(&record)?;
        if let EventBody::Rebased(onto) = &event.body
            && let Some(kept) = &onto.state
        {
            return self.rebased_fork(flow, &record, &event, kept);
        }
        let (mut events, mut dropped, mut state) = (Vec::new(), BTreeSet::new(), FoldState::default());
        while state.seq < until {
            let records = self.store.records(state.seq + 1).await?;
            if records.is_empty() {
                return Err(Failure::Broken(JOURNAL_UNREADABLE, format!("record {until} is missing")));
            }
            for record in records.iter().take_while(|record| record.seq <= until) {
                let event = decode(record)?;
                state.note(record, &event);
                match &event.body {
                    EventBody::Started(started) => state.origin = started.origin.clone(),
                    EventBody::Rebased(onto) => dropped.extend(&onto.dropped),
                    _ => {}
                }
                events.push((record.seq, event));
            }
        }
        // What was dispatched before the failure has been set aside with it, or has its result.
        state.marks.clear();
        let replayed = guarded(|| replay(&flow.plan, &events, &dropped)).map_err(engine_error)?;
        let machine = replayed.ok_or_else(|| Failure::Broken(JOURNAL_UNREADABLE, "there is no start".into()))?.machine;
        Ok((machine, state))
    }

    /// A fork's record has the state with it, since what it inherited lies in other journals.
    fn rebased_fork(
        &self,
        flow: &Prepared,
        record: &Record,
        event: &Event,
        kept: &Value,
    ) -> Result<(Machine, FoldState), Failure> {
        let broken = |message: String| Failure::Broken(JOURNAL_UNREADABLE, message);
        let restored = guarded(|| Machine::restore(flow.plan.clone(), kept)).map_err(engine_error)?;
        let (mut machine, mut state) = (restored.map_err(broken)?, FoldState::default());
        state.note(record, event);
        state.commands(self.key, &mut machine)?;
        Ok((machine, state))
    }

    /// Stops at a `rebased` record, whose number it gives: what it sets aside cannot be folded in order.
    async fn fold_rest(&self, machine: &mut Machine, state: &mut FoldState) -> Result<Option<u64>, Failure> {
        loop {
            let records = self.store.records(state.seq + 1).await?;
            if records.is_empty() {
                return Ok(None);
            }
            for record in records.iter() {
                if record.ty == "rebased" {
                    return Ok(Some(record.seq));
                }
                let event = decode(record)?;
                state.note(record, &event);
                guarded(|| machine.handle(&event)).map_err(engine_error)?;
                state.commands(self.key, machine)?;
            }
        }
    }
}

/// The machine a link begins with.
pub(crate) fn first_machine(
    run: &Text,
    flow: &Prepared,
    event: &Event,
    traced: bool,
) -> Result<Machine, (&'static str, String)> {
    let plan = flow.plan.clone();
    let broken = |message: String| (ENGINE_ERROR, message);
    let unreadable = |message: String| (JOURNAL_UNREADABLE, message);
    let mut machine = match &event.body {
        EventBody::Started(started) if traced => {
            return guarded(|| Machine::traced(plan, started, event.at)).map_err(broken);
        }
        EventBody::Started(started) => return guarded(|| Machine::new(plan, started, event.at)).map_err(broken),
        EventBody::Continued { state } => {
            guarded(|| Machine::restore(plan, state)).map_err(broken)?.map_err(unreadable)?
        }
        EventBody::Forked(forked) => {
            guarded(|| Machine::restore(plan, &forked.state)).map_err(broken)?.map_err(unreadable)?
        }
        other => return Err(unreadable(format!("a journal cannot begin with `{}`", other.type_name()))),
    };
    if traced {
        machine.trace();
    }
    match &event.body {
        EventBody::Forked(_) => guarded(|| machine.rename(run.clone())).map_err(broken)?,
        _ => guarded(|| machine.handle(event)).map_err(broken)?,
    }
    Ok(machine)
}

fn begin_machine(run: &Run, flow: &Prepared, event: &Event, traced: bool) -> Result<Machine, Failure> {
    first_machine(&run.id, flow, event, traced).map_err(|(code, message)| Failure::Broken(code, message))
}

fn decode(record: &Record) -> Result<Event, Failure> {
    record.decode().map_err(|error| Failure::Broken(JOURNAL_UNREADABLE, error.to_string()))
}

fn engine_error(message: String) -> Failure {
    Failure::Broken(ENGINE_ERROR, message)
}

impl FoldState {
    fn note(&mut self, record: &Record, event: &Event) {
        self.seq = record.seq;
        self.at = self.at.max(record.at);
        self.bytes += row_bytes(record);
        if !matches!(event.body, EventBody::Dispatched { .. } | EventBody::Decided { .. }) {
            (self.cause, self.ordinal) = (record.seq, 0);
        }
        match &event.body {
            EventBody::Dispatched { path, attempt } => {
                self.marks.insert(path.clone(), *attempt);
            }
            EventBody::Decided { path, decision: Decision::Retry } => {
                self.marks.remove(path);
            }
            EventBody::TaskFinished { path, .. } | EventBody::Override { path, .. } => {
                self.marks.remove(path);
            }
            EventBody::ChildFinished { path, .. } => {
                self.children.remove(path);
            }
            _ => {}
        }
    }

    /// Takes what the record has caused out of the machine and keeps what no later fold would ask for again.
    fn commands(&mut self, run: RunKey, machine: &mut Machine) -> Result<(), Failure> {
        while let Some(command) = guarded(|| machine.poll()).map_err(engine_error)? {
            match command {
                Command::StartChild(child) if child.detached => {
                    self.detached.push((Effect { run, seq: self.cause, ordinal: self.ordinal }, child));
                    self.ordinal += 1;
                }
                Command::StartChild(child) => {
                    self.children.insert(child.path);
                }
                Command::Cancel { path } if self.children.remove(&path) => {
                    self.cancelled.insert(path);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What a record takes up, roughly.
pub(crate) fn row_bytes(record: &Record) -> usize {
    record.payload.len() + record.path.len() + 48
}

pub(crate) fn unfolded_error(run: &str, why: &Unfolded) -> RunsError {
    match why {
        Unfolded::Gone => RunsError::NotFound { run: run.into() },
        Unfolded::Ended(row) => RunsError::Ended { run: row.id.clone(), status: row.status },
        Unfolded::Store(error) => store_failed(error.clone()),
        Unfolded::Elsewhere(row) => {
            let message = format!("the run `{}` is carried elsewhere, and this is a copy: speak to it there", row.id);
            RunsError::rejected("RUN_ELSEWHERE", message)
        }
        Unfolded::Broken(_, error) => RunsError::rejected("RUN_UNREADABLE", error.to_string()),
    }
}
