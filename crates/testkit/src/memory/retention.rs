use super::MemoryStore;
use super::state::State;
use async_trait::async_trait;
use std::collections::HashSet;
use weir_base::{Micros, Text};
use weir_store::{Retention, RetentionPolicy, Run, RunKey, SYSTEM_PROJECT, StoreError, Swept};

#[async_trait]
impl Retention for MemoryStore {
    async fn sweep(&self, policy: RetentionPolicy) -> Result<Swept, StoreError> {
        let mut state = self.state();
        let limit = policy.limit as usize;
        let gone = policy.runs_before.map(|before| state.ended_before(before, &policy)).unwrap_or_default();
        let most = limit * 1_000;
        let old =
            policy.observations_before.map(|before| state.old_observations(before, most, &gone)).unwrap_or_default();
        let of_runs = state.observations.values().filter(|o| gone.contains(&o.seen.run)).count();
        state.observations.retain(|number, o| !old.contains(number) && !gone.contains(&o.seen.run));
        let blobs = state.forget(&gone);
        Ok(Swept {
            runs: gone.len() as u64,
            observations: (of_runs + old.len()) as u64,
            blobs,
            more: (policy.runs_before.is_some() && gone.len() >= limit)
                || (policy.observations_before.is_some() && old.len() >= most),
        })
    }

    async fn reclaim(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

impl State {
    fn ended_before(&self, before: Micros, policy: &RetentionPolicy) -> HashSet<RunKey> {
        let meant = |run: &&Run| {
            let own = &*run.place.project == SYSTEM_PROJECT;
            let of_tenant = policy.tenant.as_ref().is_none_or(|tenant| *tenant == run.place.tenant);
            of_tenant && policy.system.is_none_or(|only| only == own)
        };
        let ended_at = |run: &Run| Some((run.ended_at.filter(|at| *at < before)?, run.key));
        let mut ended: Vec<(Micros, RunKey)> = self.runs.values().filter(meant).filter_map(ended_at).collect();
        ended.sort_unstable();
        ended.into_iter().take(policy.limit as usize).map(|(_, key)| key).collect()
    }

    fn old_observations(&self, before: Micros, most: usize, gone: &HashSet<RunKey>) -> HashSet<i64> {
        let left = self.observations.values().filter(|o| !gone.contains(&o.seen.run));
        left.take_while(|o| o.seen.at < before).take(most).map(|o| o.number).collect()
    }

    /// Removes everything of the runs; returns how many blobs nobody refers to any more.
    fn forget(&mut self, gone: &HashSet<RunKey>) -> u64 {
        self.runs.retain(|key, _| !gone.contains(key));
        self.ids.retain(|_, key| !gone.contains(key));
        self.outputs.retain(|key, _| !gone.contains(key));
        self.journal.retain(|key, _| !gone.contains(key));
        self.entries.retain(|_, (key, _)| !gone.contains(key));
        self.attempts.retain(|(key, _), _| !gone.contains(key));
        self.effects.retain(|effect| !gone.contains(&effect.run));
        self.changes.retain(|(key, _), _| !gone.contains(key));
        self.snapshots.retain(|key, _| !gone.contains(key));
        self.blob_refs.retain(|(key, _)| !gone.contains(key));
        let kept: HashSet<&Text> = self.blob_refs.iter().map(|(_, hash)| hash).collect();
        let before = self.blobs.len();
        self.blobs.retain(|hash, _| kept.contains(hash));
        (before - self.blobs.len()) as u64
    }
}
