use super::MemoryStore;
use super::state::State;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Micros, Value};
use weir_engine::Status;
use weir_store::{
    Claim, EndedCount, EndedFilter, Page, PageRequest, QueueId, Run, RunCursor, RunFilter, RunKey, Runs, StoreError,
    interleave, rotate,
};

#[async_trait]
impl Runs for MemoryStore {
    async fn run(&self, id: &str) -> Result<Option<Run>, StoreError> {
        let state = self.state();
        Ok(state.ids.get(id).and_then(|key| state.runs.get(key)).cloned())
    }

    async fn run_by_key(&self, key: RunKey) -> Result<Option<Run>, StoreError> {
        match self.silences.next() {
            Some(error) => Err(error),
            None => Ok(self.state().runs.get(&key).cloned()),
        }
    }

    async fn run_output(&self, key: RunKey) -> Result<Value, StoreError> {
        Ok(self.state().outputs.get(&key).cloned().unwrap_or_default())
    }

    async fn unfinished(&self, after: Option<RunKey>, limit: u32) -> Result<Vec<Run>, StoreError> {
        if let Some(error) = self.silences.next() {
            return Err(error);
        }
        let state = self.state();
        let open =
            state.runs.values().filter(|run| run.ended_at.is_none() && after.is_none_or(|after| run.key > after));
        Ok(open.take(limit as usize).cloned().collect())
    }

    async fn runnable(&self, claim: &Claim) -> Result<Vec<Run>, StoreError> {
        let state = self.state();
        let pending: Vec<&Run> = state.runs.values().filter(|run| run.status == Status::Pending).collect();
        let queues: BTreeSet<QueueId> = pending.iter().map(|run| run.place.queue()).collect();
        let heads =
            rotate(queues.into_iter().collect(), claim).iter().map(|queue| head(&pending, queue, claim)).collect();
        Ok(interleave(heads, claim.limit as usize))
    }

    async fn due(&self, now: Micros, limit: u32) -> Result<Vec<Run>, StoreError> {
        let state = self.state();
        let mut due: Vec<&Run> = asleep(&state).filter(|run| run.wake_at.is_some_and(|at| at <= now)).collect();
        due.sort_by_key(|run| (run.wake_at, run.key));
        Ok(due.into_iter().take(limit as usize).cloned().collect())
    }

    async fn next_wake(&self) -> Result<Option<Micros>, StoreError> {
        Ok(asleep(&self.state()).filter_map(|run| run.wake_at).min())
    }

    /// Looks at all of them: they are in memory.
    async fn look_for_runs(&self, filter: &RunFilter, page: PageRequest, _: u32) -> Result<Page<Run>, StoreError> {
        let state = self.state();
        let below = |run: &&Run| page.before.is_none_or(|before| RunCursor::of(run) < before);
        let mut found: Vec<&Run> = state.runs.values().filter(below).collect();
        found.retain(|run| shows(filter, run, state.outputs.get(&run.key)));
        found.sort_by_key(|run| std::cmp::Reverse(RunCursor::of(run)));
        let more = found.len() > page.limit as usize;
        let items: Vec<Run> = found.into_iter().take(page.limit as usize).cloned().collect();
        let next = items.last().map(RunCursor::of).filter(|_| more);
        Ok(Page { items, next })
    }

    async fn ended_runs(
        &self,
        filter: &EndedFilter,
        before: Option<(Micros, RunKey)>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let state = self.state();
        let sampled = |run: &&Run| filter.every <= 1 || run.key.0 % filter.every == 0;
        let below = |run: &&Run| before.is_none_or(|(at, key)| (run.ended_at, run.key) < (Some(at), key));
        let mut found: Vec<&Run> =
            state.runs.values().filter(|run| measures(filter, run)).filter(sampled).filter(below).collect();
        found.sort_by_key(|run| std::cmp::Reverse((run.ended_at, run.key)));
        Ok(found.into_iter().take(limit as usize).cloned().collect())
    }

    async fn count_ended(&self, filter: &EndedFilter, width: Micros) -> Result<Vec<EndedCount>, StoreError> {
        let state = self.state();
        let mut counts = BTreeMap::new();
        for run in state.runs.values().filter(|run| measures(filter, run)) {
            let part = (run.ended_at.unwrap_or_default() - filter.from) / width.max(1);
            *counts.entry((part as u64, run.status)).or_default() += 1;
        }
        Ok(counts.into_iter().map(|((part, status), count)| EndedCount { part, status, count }).collect())
    }

    async fn count_started(
        &self,
        tenant: &str,
        after: RunKey,
        through: RunKey,
        since: Micros,
    ) -> Result<u64, StoreError> {
        let counts = |run: &&Run| {
            run.key > after
                && run.key <= through
                && &*run.place.tenant == tenant
                && run.created_at >= since
                && !run.id.contains('/')
                && !is_system(run)
        };
        Ok(self.state().runs.values().filter(counts).count() as u64)
    }

    async fn newest_run_before(&self, at: Micros) -> Result<RunKey, StoreError> {
        let state = self.state();
        let older = state.runs.iter().rev().find(|(_, run)| run.created_at < at);
        Ok(older.map(|(key, _)| *key).unwrap_or_default())
    }

    async fn newest_run(&self) -> Result<RunKey, StoreError> {
        Ok(self.state().runs.keys().next_back().copied().unwrap_or_default())
    }

    async fn count_runs(&self, tenant: Option<&str>) -> Result<BTreeMap<Status, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for run in self.state().runs.values().filter(|run| tenant.is_none_or(|tenant| &*run.place.tenant == tenant)) {
            *counts.entry(run.status).or_default() += 1;
        }
        Ok(counts)
    }
}

fn asleep(state: &State) -> impl Iterator<Item = &Run> {
    state.runs.values().filter(|run| matches!(run.status, Status::Waiting | Status::Paused))
}

fn head(pending: &[&Run], queue: &QueueId, claim: &Claim) -> Vec<Run> {
    let full = |run: &Run| {
        run.is_elsewhere()
            || claim.full_flows.contains(&run.flow)
            || run.concurrency_key.as_ref().is_some_and(|key| claim.full_keys.contains(key))
    };
    let mut head: Vec<&Run> = pending.iter().copied().filter(|run| run.place.queue() == *queue && !full(run)).collect();
    head.sort_by_key(|run| (std::cmp::Reverse(run.priority), run.key));
    head.into_iter().take(claim.limit as usize).cloned().collect()
}

fn measures(filter: &EndedFilter, run: &Run) -> bool {
    let equal = |wanted: &Option<weir_base::Text>, found| wanted.as_ref().is_none_or(|wanted| wanted == found);
    run.ended_at.is_some_and(|at| at >= filter.from && at < filter.until)
        && run.place.tenant == filter.tenant
        && !is_system(run)
        && equal(&filter.project, &run.place.project)
        && equal(&filter.flow, &run.flow)
        && filter.begins_not.as_ref().is_none_or(|beginning| !run.id.starts_with(&**beginning))
}

fn shows(filter: &RunFilter, run: &Run, output: Option<&Value>) -> bool {
    let took = run.ended_at.map(|end| end - run.started_at.unwrap_or(run.created_at));
    let equal = |wanted: &Option<weir_base::Text>, found| wanted.as_ref().is_none_or(|wanted| wanted == found);
    equal(&filter.tenant, &run.place.tenant)
        && equal(&filter.project, &run.place.project)
        && equal(&filter.service, &run.place.service)
        && equal(&filter.flow, &run.flow)
        && (filter.statuses.is_empty() || filter.statuses.contains(&run.status))
        && filter.text.as_ref().is_none_or(|text| mentions(run, output, &text.to_ascii_lowercase()))
        && filter.cause.as_ref().is_none_or(|cause| run.cause.as_ref().is_some_and(|of| is_of(of, cause)))
        && filter.system.is_none_or(|only| only == is_system(run))
        && filter.begins.as_ref().is_none_or(|beginning| run.id.starts_with(&**beginning))
        && filter.begins_not.as_ref().is_none_or(|beginning| !run.id.starts_with(&**beginning))
        && filter.since.is_none_or(|since| run.created_at >= since)
        && filter.until.is_none_or(|until| run.created_at < until)
        && filter.at_least.is_none_or(|least| took.is_some_and(|took| took >= least))
        && filter.at_most.is_none_or(|most| took.is_some_and(|took| took <= most))
        && filter
            .under
            .as_ref()
            .is_none_or(|under| run.id.strip_prefix(&**under).is_some_and(|rest| rest.starts_with('/')))
}

fn is_system(run: &Run) -> bool {
    &*run.place.project == weir_store::SYSTEM_PROJECT
}

fn is_of(cause: &str, wanted: &str) -> bool {
    cause.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn mentions(run: &Run, output: Option<&Value>, text: &str) -> bool {
    let error = run.error.as_ref().map(|error| format!("{} {}", error.code, error.message)).unwrap_or_default();
    let output = output.map(Value::to_json).filter(|json| json.len() <= weir_store::BLOB_THRESHOLD).unwrap_or_default();
    [&*run.id, &*run.flow, &error, &output].iter().any(|place| place.to_ascii_lowercase().contains(text))
}
