use super::{INHERITED_UNKNOWN, Lineage, dropped};
use crate::Runtime;
use crate::flows::{FlowCache, NoFinder, Prepared, store_failed};
use crate::guard::guarded;
use crate::inner::commit_failed;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_base::Value;
use weir_engine::{Divergence, Event, EventBody, Numbered, Rebase, RebasedOnto, Record, Status, rebase, replay};
use weir_runs::{FlowSource, Offer, RunsError, Verdict};
use weir_store::{Batch, Entry, Run, RunUpdate, Store};

impl Runtime {
    /// See [`weir_runs::RunsPort::fix_forward`].
    pub(crate) async fn fix_run(
        &self,
        run: &str,
        source: &FlowSource,
        dry_run: bool,
        force: bool,
    ) -> Result<Offer, RunsError> {
        self.inner.check()?;
        self.settle_store().await?;
        let row = self.row(run).await?;
        let (store, flows) = (&**self.store(), &self.inner.flows);
        let Asked { mut offer, found } = ask(store, flows, &row, source).await?;
        let wanted = matches!(offer.verdict, Verdict::Compatible { .. }) && !dry_run;
        if let Some(found) = found.filter(|_| wanted && (offer.compensated.is_empty() || force)) {
            let new = flows.publish(&row.place, source, self.inner.now()).await?;
            self.go_on(&row, &new, &found).await?;
            offer.resumed = true;
        }
        Ok(offer)
    }

    /// One record names the new flow and what is set aside; then the run waits its turn like any other.
    async fn go_on(&self, row: &Run, new: &Prepared, found: &Found) -> Result<(), RunsError> {
        let last = found.journal.records.last();
        let seq = last.map_or(1, |record| record.seq - found.journal.inherited() + 1);
        let at = last.map_or(0, |record| record.at).max(self.inner.now());
        let event = Event::new(at, EventBody::Rebased(Box::new(found.onto(new)?)));
        let mut batch = Batch::new(self.inner.shared.writer.epoch());
        batch.records.push(Entry { run: row.key, record: Record::encode(seq, &event) });
        batch.updates.push(RunUpdate {
            key: row.key,
            status: Status::Pending,
            started_at: None,
            wake_at: None,
            waits: Vec::new(),
            ended_at: None,
            version: Some(new.hash.clone()),
            output: None,
            error: None,
        });
        self.inner.shared.writer.write(row.key, batch).await.map_err(commit_failed)?;
        self.inner.admission.add_pending(&row.place.project);
        self.inner.claim.notify_one();
        Ok(())
    }
}

/// What going on with a run would mean, from a store that another process may own. Nothing is written.
pub async fn rehearse_fix(store: &Arc<dyn Store>, run: &str, source: &FlowSource) -> Result<Offer, RunsError> {
    let row = store.run(run).await.map_err(store_failed)?;
    let row = row.ok_or_else(|| RunsError::NotFound { run: run.into() })?;
    let flows = FlowCache::new(store.clone(), Arc::new(NoFinder), None);
    Ok(ask(&**store, &flows, &row, source).await?.offer)
}

/// An offer, and what going on with it takes, where it can be asked for.
struct Asked {
    offer: Offer,
    found: Option<Found>,
}

/// What becomes of a journal under another flow.
struct Found {
    journal: Lineage,
    /// The records that still stand, but for those that say what does not.
    standing: Vec<Numbered>,
    rebase: Rebase,
}

impl Found {
    /// The record with which the run goes on. A fork takes its state along: readers of one journal have no other.
    fn onto(&self, new: &Prepared) -> Result<RebasedOnto, RunsError> {
        let before = self.journal.inherited();
        let (inherited, own): (Vec<u64>, Vec<u64>) = self.rebase.dropped.iter().partition(|seq| **seq <= before);
        let own = own.into_iter().map(|seq| seq - before).collect();
        let state = if before > 0 { Some(self.state(new)?) } else { None };
        Ok(RebasedOnto { flow: new.hash.clone(), dropped: own, inherited, state })
    }

    fn state(&self, new: &Prepared) -> Result<Value, RunsError> {
        let dropped: BTreeSet<u64> = self.rebase.dropped.iter().copied().collect();
        let folded = guarded(|| replay(&new.plan, &self.standing, &dropped)).map_err(engine_error)?;
        Ok(folded.ok_or_else(no_start)?.machine.to_state())
    }
}

async fn ask(store: &dyn Store, flows: &FlowCache, row: &Run, source: &FlowSource) -> Result<Asked, RunsError> {
    let refused = |why: &str| {
        let verdict = Verdict::Refused { why: why.to_owned() };
        let offer = Offer { run: row.id.clone(), verdict, compensated: Vec::new(), resumed: false };
        Ok(Asked { offer, found: None })
    };
    if !matches!(row.status, Status::Failed | Status::TimedOut) {
        return refused(&format!("it is {}; only a failed run can be fixed forward", row.status.as_str()));
    }
    let Some(journal) = Lineage::of(store, row, u64::MAX).await? else { return refused(INHERITED_UNKNOWN) };
    let (new, old) = (flows.at_hand(&row.place, source), flows.version(&row.place.tenant, &row.version).await?);
    let found = weigh(&old, &new, journal)?;
    Ok(Asked { offer: offer(row, &found), found: Some(found) })
}

/// Earlier fixes count: what they set aside stays aside, and the flow they named is the old one now.
fn weigh(old: &Prepared, new: &Prepared, journal: Lineage) -> Result<Found, RunsError> {
    let events = journal.events()?;
    let aside = dropped(&events);
    let stands = |(seq, event): &Numbered| !aside.contains(seq) && !matches!(event.body, EventBody::Rebased(_));
    let standing: Vec<Numbered> = events.into_iter().filter(stands).collect();
    let found = guarded(|| rebase(&old.plan, &new.plan, &standing)).map_err(engine_error)?;
    Ok(Found { journal, rebase: found.ok_or_else(no_start)?, standing })
}

fn engine_error(message: String) -> RunsError {
    RunsError::rejected("ENGINE_ERROR", message)
}

fn no_start() -> RunsError {
    RunsError::rejected("RUN_UNREADABLE", "the journal does not begin with a start")
}

fn offer(row: &Run, found: &Found) -> Offer {
    let (replay, compensated) = (&found.rebase.replay, found.rebase.compensated.clone());
    let machine = &replay.machine;
    let verdict = match &replay.divergence {
        Some(divergence) => Verdict::Diverges { path: divergence.path.clone(), why: why(divergence, &found.journal) },
        None if machine.status().is_final() => Verdict::EndsAgain {
            status: machine.status(),
            path: machine.error().map(|error| error.path.clone()).unwrap_or_default(),
            why: machine.error().map(ToString::to_string).unwrap_or_default(),
        },
        None => Verdict::Compatible { resume: replay.resume.clone() },
    };
    Offer { run: row.id.clone(), verdict, compensated, resumed: false }
}

/// Records are told by the numbers they are found under.
fn why(divergence: &Divergence, journal: &Lineage) -> String {
    let (run, seq) = journal.place(divergence.seq);
    let told = Divergence { seq, ..divergence.clone() }.to_string();
    match divergence.seq <= journal.inherited() {
        true => format!("{told}; the record is of run {run}, which it was forked from"),
        false => told,
    }
}
