use crate::Runtime;
use crate::flows::{FlowCache, NoFinder, Prepared, store_failed};
use crate::guard::guarded;
use crate::inner::{commit_failed, new_run_id};
use crate::inspect;
use std::sync::Arc;
use weir_base::Text;
use weir_engine::{ChangeError, Command, Event, EventBody, ForkChange, ForkedFrom, Machine, Record};
use weir_runs::{Change, Forked, RunsError};
use weir_store::{Batch, Entry, Run, Store};

impl Runtime {
    /// See [`weir_runs::RunsPort::fork`].
    pub(crate) async fn fork_run(&self, from: &str, at: u64, changes: &[Change]) -> Result<Forked, RunsError> {
        self.inner.check()?;
        self.settle_store().await?;
        let row = self.row(from).await?;
        let (flow, mut machine) = branch(&*self.inner.shared.store, &self.inner.flows, &row, at, changes).await?;
        let id = new_run_id();
        guarded(|| machine.rename(id.clone())).map_err(|message| RunsError::rejected("ENGINE_ERROR", message))?;
        let again = open_steps(&mut machine);
        // A fork of what is carried elsewhere is carried here, and counts here.
        let concurrency_key = match row.is_elsewhere() {
            true => flow.concurrency_key(&row.place, machine.input(), self.inner.options.runs_per_flow.is_some())?,
            false => row.concurrency_key.clone(),
        };
        let state = machine.to_state();
        let forked = ForkedFrom {
            from: from.into(),
            seq: at,
            state,
            run: id.clone(),
            flow: flow.hash.clone(),
            changes: changes.iter().map(noted).collect(),
        };
        let event = Event::new(self.inner.now(), EventBody::Forked(Box::new(forked)));
        let run = Run {
            version: flow.hash.clone(),
            priority: row.priority,
            concurrency_key,
            cause: Some("fork".into()),
            ..Run::new(
                self.inner.shared.store.next_run_key(),
                id.clone(),
                row.place.clone(),
                row.flow.clone(),
                event.at,
            )
        };
        self.submit(run, &event).await?;
        Ok(Forked { run: id, again })
    }

    /// Writes a run that begins with this record and lets it be taken up like any other that waits its turn.
    async fn submit(&self, run: Run, event: &Event) -> Result<(), RunsError> {
        let mut batch = Batch::new(self.inner.shared.writer.epoch());
        batch.records.push(Entry { run: run.key, record: Record::encode(1, event) });
        let (key, project) = (run.key, run.place.project.clone());
        batch.runs.push(run);
        self.inner.shared.writer.write(key, batch).await.map_err(commit_failed)?;
        self.inner.admission.add_pending(&project);
        self.inner.claim.notify_one();
        Ok(())
    }
}

/// The steps a fork would perform again, from a store that another process may own. Nothing is written.
pub async fn rehearse_fork(
    store: &Arc<dyn Store>,
    from: &str,
    at: u64,
    changes: &[Change],
) -> Result<Vec<Text>, RunsError> {
    let row = store.run(from).await.map_err(store_failed)?;
    let row = row.ok_or_else(|| RunsError::NotFound { run: from.into() })?;
    let flows = FlowCache::new(store.clone(), Arc::new(NoFinder), None);
    let (_, mut machine) = branch(&**store, &flows, &row, at, changes).await?;
    Ok(open_steps(&mut machine))
}

/// The run as it was after a record, with the changes made.
async fn branch(
    store: &dyn Store,
    flows: &FlowCache,
    row: &Run,
    at: u64,
    changes: &[Change],
) -> Result<(Arc<Prepared>, Machine), RunsError> {
    let newest = store.last_seq(row.key).await.map_err(store_failed)?;
    if at == 0 || at > newest {
        let message = format!("run `{}` has records 1 to {newest}, not {at}", row.id);
        return Err(RunsError::rejected("NO_SUCH_RECORD", message));
    }
    let (flow, mut machine) = inspect::replay_alone(store, flows, row, Some(at)).await?.into_parts();
    if machine.status().is_final() {
        let message = format!("run `{}` is over after record {at}: fork from an earlier one", row.id);
        return Err(RunsError::rejected("FORK_OF_END", message));
    }
    for change in changes {
        apply(&mut machine, change)?;
    }
    Ok((flow, machine))
}

fn open_steps(machine: &mut Machine) -> Vec<Text> {
    machine.reissue();
    let step = |command: Command| match command {
        Command::Run(task) => Some(task.path),
        Command::StartChild(child) => Some(child.path),
        _ => None,
    };
    std::iter::from_fn(|| machine.poll()).filter_map(step).collect()
}

fn apply(machine: &mut Machine, change: &Change) -> Result<(), RunsError> {
    let made = guarded(|| machine.change(&noted(change)));
    let made = made.map_err(|message| RunsError::rejected("ENGINE_ERROR", message))?;
    made.map_err(|error| {
        let code = match error {
            ChangeError::NotOpen { .. } => "STEP_NOT_OPEN",
            ChangeError::UnknownPath { .. } => "INVALID_PATH",
            ChangeError::Event { .. } => "INVALID_EVENT",
        };
        RunsError::rejected(code, error.to_string())
    })
}

/// The change as the record of the fork has it.
fn noted(change: &Change) -> ForkChange {
    match change {
        Change::Set { path, value } => ForkChange::Set { path: path.as_str().into(), value: value.clone() },
        Change::Event(body) => ForkChange::event(body),
    }
}
