use super::MemoryStore;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::ops::Bound;
use weir_base::{Text, Value};
use weir_engine::Record;
use weir_store::{
    Attempt, Attempts, Blobs, Effect, Effects, Entry, FlowVersion, Flows, Histories, History, Inbox, InboxKey, Journal,
    Message, NewMessage, NumberedEntry, Observation, Observations, RunKey, Snapshot, Snapshots, StoreError,
    TenantEntries, Variable, VariableFault, VariableOp, VariableRefusal, VariableScope, VariableSet, VariableWrite,
    Variables, apply_change, blob_hash, check_dense, check_seen,
};

#[async_trait]
impl Flows for MemoryStore {
    async fn publish(&self, version: FlowVersion) -> Result<(), StoreError> {
        let mut state = self.state();
        let key = (version.tenant.clone(), version.project.clone(), version.name.clone());
        let kept = state
            .versions
            .entry((version.tenant.clone(), version.hash.clone()))
            .or_insert_with(|| version.clone())
            .clone();
        let FlowVersion { tenant, project, name, published_at, .. } = version;
        if state.flows.get(&key).is_none_or(|newest| newest.hash != kept.hash) {
            state.flows.insert(key, FlowVersion { tenant, project, name, published_at, ..kept });
        }
        Ok(())
    }

    async fn keep_version(&self, version: FlowVersion) -> Result<(), StoreError> {
        let key = (version.tenant.clone(), version.hash.clone());
        self.state().versions.entry(key).or_insert(version);
        Ok(())
    }

    async fn flow_version(&self, tenant: &str, hash: &str) -> Result<Option<FlowVersion>, StoreError> {
        Ok(self.state().versions.get(&(tenant.into(), hash.into())).cloned())
    }

    async fn newest_flow(&self, tenant: &str, project: &str, name: &str) -> Result<Option<FlowVersion>, StoreError> {
        Ok(self.state().flows.get(&(tenant.into(), project.into(), name.into())).cloned())
    }

    async fn list_flows(
        &self,
        tenant: &str,
        project: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<FlowVersion>, StoreError> {
        let state = self.state();
        let within = |flow: &&FlowVersion| &*flow.tenant == tenant && &*flow.project == project;
        let flows = state.flows.values().filter(within).filter(|flow| &*flow.name > after.unwrap_or_default());
        Ok(flows.take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl Journal for MemoryStore {
    async fn records(&self, run: RunKey, from: u64, limit: u32) -> Result<Vec<Record>, StoreError> {
        let state = self.state();
        let all = state.journal.get(&run).map(Vec::as_slice).unwrap_or_default();
        let first = all.partition_point(|record| record.seq < from);
        let records: Vec<Record> = all[first..].iter().take(limit as usize).cloned().collect();
        check_dense(run, from, &records)?;
        Ok(records)
    }

    async fn entries_after(
        &self,
        after: i64,
        run: Option<RunKey>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        let state = self.state();
        let wanted = state.entries.range(after + 1..).filter(|(_, (key, _))| run.is_none_or(|run| run == *key));
        let numbered = |(number, (run, seq)): (&i64, &(RunKey, u64))| {
            let record = state.journal.get(run)?.iter().find(|record| record.seq == *seq)?.clone();
            Some(NumberedEntry { number: *number, entry: Entry { run: *run, record } })
        };
        Ok(wanted.take(limit as usize).filter_map(numbered).collect())
    }

    async fn tenant_entries_after(&self, tenant: &str, after: i64, limit: u32) -> Result<TenantEntries, StoreError> {
        let mut looked = self.entries_after(after, None, limit).await?;
        let (last, more) = (looked.last().map_or(after, |last| last.number), looked.len() == limit as usize);
        looked.iter_mut().for_each(|entry| entry.entry.record.payload = String::new());
        let state = self.state();
        looked.retain(|entry| state.runs.get(&entry.entry.run).is_some_and(|run| &*run.place.tenant == tenant));
        Ok(TenantEntries { entries: looked, looked: last, more })
    }

    async fn newest_entry(&self) -> Result<i64, StoreError> {
        Ok(self.state().entries.keys().next_back().copied().unwrap_or(0))
    }

    async fn last_seq(&self, run: RunKey) -> Result<u64, StoreError> {
        Ok(self.state().journal.get(&run).and_then(|records| records.last()).map_or(0, |record| record.seq))
    }

    async fn first_of_link(&self, run: RunKey) -> Result<u64, StoreError> {
        let state = self.state();
        let records = state.journal.get(&run).map(Vec::as_slice).unwrap_or_default();
        Ok(records.iter().rev().find(|record| record.ty == "continued").map_or(1, |record| record.seq))
    }
}

#[async_trait]
impl Histories for MemoryStore {
    async fn histories(&self, runs: &[RunKey], most: u32) -> Result<BTreeMap<RunKey, History>, StoreError> {
        let mut found = BTreeMap::new();
        for run in runs {
            let count = self.last_seq(*run).await?;
            if count > 0 && count <= u64::from(most) && self.snapshot(*run).await?.is_none() {
                let records = self.records(*run, 1, most).await?;
                let (effects, attempts) = (self.effects(*run, 0).await?, self.attempts(*run).await?);
                found.insert(*run, History { records, effects, attempts });
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Blobs for MemoryStore {
    async fn put_blob(&self, run: Option<RunKey>, bytes: Vec<u8>) -> Result<Text, StoreError> {
        let hash = blob_hash(&bytes);
        let mut state = self.state();
        state.blobs.insert(hash.clone(), bytes);
        state.blob_refs.insert((run.unwrap_or_default(), hash.clone()));
        Ok(hash)
    }

    async fn blob(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().blobs.get(hash).cloned())
    }
}

#[async_trait]
impl Attempts for MemoryStore {
    async fn attempts(&self, run: RunKey) -> Result<Vec<Attempt>, StoreError> {
        let state = self.state();
        let from = state.attempts.range((run, Text::from(""))..);
        Ok(from.take_while(|((of, _), _)| *of == run).map(|(_, attempt)| attempt.clone()).collect())
    }
}

#[async_trait]
impl Effects for MemoryStore {
    async fn effects(&self, run: RunKey, from: u64) -> Result<Vec<Effect>, StoreError> {
        let state = self.state();
        let from = state.effects.range(Effect { run, seq: from, ordinal: 0 }..);
        Ok(from.take_while(|effect| effect.run == run).copied().collect())
    }
}

#[async_trait]
impl Observations for MemoryStore {
    async fn newest_observation(&self) -> Result<i64, StoreError> {
        Ok(self.state().observations.keys().next_back().copied().unwrap_or(0))
    }

    async fn observations_of_all(&self, after: i64, limit: u32) -> Result<Vec<Observation>, StoreError> {
        let state = self.state();
        Ok(state.observations.range(after + 1..).take(limit as usize).map(|(_, one)| one.clone()).collect())
    }

    async fn observations(&self, run: RunKey, after: i64, limit: u32) -> Result<Vec<Observation>, StoreError> {
        let state = self.state();
        let later = state.observations.range((Bound::Excluded(after), Bound::Unbounded)).map(|(_, seen)| seen);
        Ok(later.filter(|observation| observation.seen.run == run).take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl Variables for MemoryStore {
    async fn variables(&self, scope: &VariableScope, names: &[Text]) -> Result<BTreeMap<Text, Value>, StoreError> {
        let state = self.state();
        let value = |name: &Text| {
            state.variables.get(&(scope.clone(), name.clone())).map(|kept| kept.value.clone()).unwrap_or_default()
        };
        Ok(names.iter().map(|name| (name.clone(), value(name))).collect())
    }

    async fn list_variables(&self, scope: &VariableScope) -> Result<Vec<Variable>, StoreError> {
        let state = self.state();
        let own = state.variables.iter().filter(|((of, _), _)| of == scope);
        Ok(own.map(|(_, variable)| variable.clone()).collect())
    }

    async fn set_variable(
        &self,
        scope: &VariableScope,
        write: VariableWrite,
    ) -> Result<Result<VariableSet, VariableRefusal>, StoreError> {
        let mut state = self.state();
        let place = (scope.clone(), write.name.clone());
        let before = state.variables.get(&place).cloned();
        Ok(write.apply(before.as_ref()).map(|now| {
            state.variables.insert(place, now.clone());
            VariableSet { before, now }
        }))
    }

    async fn delete_variable(
        &self,
        scope: &VariableScope,
        name: &str,
        expected: Option<u64>,
    ) -> Result<Result<Option<Variable>, VariableRefusal>, StoreError> {
        let mut state = self.state();
        let place = (scope.clone(), Text::from(name));
        let Some(before) = state.variables.get(&place) else { return Ok(Ok(None)) };
        if let Err(refusal) = check_seen(expected, Some(before)) {
            return Ok(Err(refusal));
        }
        Ok(Ok(state.variables.remove(&place)))
    }

    async fn change_variables(&self, ops: &[VariableOp]) -> Result<Vec<Result<Value, VariableFault>>, StoreError> {
        let mut state = self.state();
        Ok(ops.iter().map(|op| state.change(op)).collect())
    }
}

impl super::state::State {
    fn change(&mut self, op: &VariableOp) -> Result<Value, VariableFault> {
        let key = (op.run, op.path.clone());
        if let Some(result) = self.changes.get(&key) {
            return Ok(result.clone());
        }
        let place = (op.scope.clone(), op.name.clone());
        let old = self.variables.get(&place);
        let revision = old.map_or(0, |old| old.revision) + 1;
        let new = apply_change(&op.name, old.map(|old| old.value.clone()).unwrap_or_default(), &op.change)?;
        let changed = Variable { name: op.name.clone(), value: new.clone(), changed_at: op.at, revision };
        self.variables.insert(place, changed);
        self.changes.insert(key, new.clone());
        Ok(new)
    }
}

#[async_trait]
impl Snapshots for MemoryStore {
    async fn snapshot(&self, run: RunKey) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.state().snapshots.get(&run).cloned())
    }
}

#[async_trait]
impl Inbox for MemoryStore {
    async fn post(&self, message: NewMessage) -> Result<InboxKey, StoreError> {
        let mut state = self.state();
        state.last_message.0 += 1;
        let key = state.last_message;
        state.inbox.insert(key, Message { key, message });
        Ok(key)
    }

    async fn messages(&self, after: InboxKey, limit: u32) -> Result<Vec<Message>, StoreError> {
        let state = self.state();
        let later = state.inbox.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(later.take(limit as usize).map(|(_, message)| message.clone()).collect())
    }
}
