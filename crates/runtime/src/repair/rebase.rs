use super::journal;
use crate::Runtime;
use crate::flows::{FlowCache, NoFinder, Prepared, store_failed};
use crate::guard::guarded;
use crate::inner::commit_failed;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_engine::{Event, EventBody, Numbered, Rebase, Record, Status, rebase};
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
        let Asked { mut offer, dropped, events } = ask(store, flows, &row, source).await?;
        let wanted = matches!(offer.verdict, Verdict::Compatible { .. }) && !dry_run;
        if wanted && (offer.compensated.is_empty() || force) {
            let new = flows.publish(&row.place, source, self.inner.now()).await?;
            self.go_on(&row, &new, dropped, &events).await?;
            offer.resumed = true;
        }
        Ok(offer)
    }

    /// One record names the new flow and what is set aside; then the run waits its turn like any other.
    async fn go_on(&self, row: &Run, new: &Prepared, dropped: Vec<u64>, events: &[Numbered]) -> Result<(), RunsError> {
        let seq = events.last().map_or(1, |(seq, _)| seq + 1);
        let at = events.last().map_or(0, |(_, event)| event.at).max(self.inner.now());
        let event = Event::new(at, EventBody::Rebased { flow: new.hash.clone(), dropped });
        let mut batch = Batch::new(self.inner.shared.writer.epoch());
        batch.records.push(Entry { run: row.key, record: Record::encode(seq, &event) });
        batch.updates.push(RunUpdate {
            key: row.key,
            status: Status::Pending,
            started_at: None,
            wake_at: None,
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

/// An offer, and what going on with it takes.
struct Asked {
    offer: Offer,
    dropped: Vec<u64>,
    events: Vec<Numbered>,
}

async fn ask(store: &dyn Store, flows: &FlowCache, row: &Run, source: &FlowSource) -> Result<Asked, RunsError> {
    let refused = |why: &str| {
        let verdict = Verdict::Refused { why: why.to_owned() };
        let offer = Offer { run: row.id.clone(), verdict, compensated: Vec::new(), resumed: false };
        Ok(Asked { offer, dropped: Vec::new(), events: Vec::new() })
    };
    if !matches!(row.status, Status::Failed | Status::TimedOut) {
        return refused(&format!("it is {}; only a failed run can be fixed forward", row.status.as_str()));
    }
    let events = journal(store, row.key).await?;
    if !matches!(events.first(), Some((_, Event { body: EventBody::Started(_), .. }))) {
        return refused("it began as a fork: fork it again from where it failed");
    }
    let (new, old) = (flows.at_hand(&row.place, source), flows.version(&row.place.tenant, &row.version).await?);
    let found = weigh(&old, &new, &events)?;
    Ok(Asked { offer: offer(row, &found), dropped: found.dropped, events })
}

/// Earlier fixes count: what they set aside stays aside, and the flow they named is the old one now.
fn weigh(old: &Prepared, new: &Prepared, events: &[Numbered]) -> Result<Rebase, RunsError> {
    let aside: BTreeSet<u64> = events.iter().flat_map(|(_, event)| dropped_by(event)).collect();
    let stands = |(seq, event): &&Numbered| !aside.contains(seq) && !matches!(event.body, EventBody::Rebased { .. });
    let effective: Vec<Numbered> = events.iter().filter(stands).cloned().collect();
    let found = guarded(|| rebase(&old.plan, &new.plan, &effective));
    let found = found.map_err(|message| RunsError::rejected("ENGINE_ERROR", message))?;
    found.ok_or_else(|| RunsError::rejected("RUN_UNREADABLE", "the journal does not begin with a start"))
}

fn dropped_by(event: &Event) -> Vec<u64> {
    match &event.body {
        EventBody::Rebased { dropped, .. } => dropped.clone(),
        _ => Vec::new(),
    }
}

fn offer(row: &Run, found: &Rebase) -> Offer {
    let machine = &found.replay.machine;
    let verdict = match &found.replay.divergence {
        Some(divergence) => Verdict::Diverges { path: divergence.path.clone(), why: divergence.to_string() },
        None if machine.status().is_final() => Verdict::EndsAgain {
            status: machine.status(),
            path: machine.error().map(|error| error.path.clone()).unwrap_or_default(),
            why: machine.error().map(ToString::to_string).unwrap_or_default(),
        },
        None => Verdict::Compatible { resume: found.replay.resume.clone() },
    };
    Offer { run: row.id.clone(), verdict, compensated: found.compensated.clone(), resumed: false }
}
