//! What needs the store: keeping the copy of the journal, reading variables, finding flows that are called.

use super::copies::{CopyWriter, Owned};
use super::missing::NotKept;
use crate::client::Cluster;
use crate::wire::{Facts, FindInput, Found, Row, Shipment, VariablesFound, VariablesInput};
use std::sync::Arc;
use temporalio_common::ActivityError;
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::ActivityContext;
use weir_base::{Micros, Text};
use weir_catalog::Catalog;
use weir_engine::{Record, Status};
use weir_ir::Flow;
use weir_kind::FlowContext;
use weir_runs::LogView;
use weir_runtime::{FlowFinder, kinds_of};
use weir_store::{
    Batch, CommitError, Entry, Epoch, FlowVersion, NewObservation, Place, Run, RunKey, RunUpdate, Store, StoreError,
    VariableScope, elsewhere_key,
};

/// How often a shipment is put together again when another one of the same run came in between.
const TRIES: u32 = 3;

/// The owner of a store, as far as runs on a cluster need one.
pub struct Keeper {
    pub store: Arc<dyn Store>,
    pub copies: Arc<dyn CopyWriter>,
    /// The name by which runs are reached again, where there is one.
    pub connection: Option<Text>,
    pub finder: Arc<dyn FlowFinder>,
    pub catalog: Arc<Catalog>,
}

/// What a keeper is asked by workflows.
pub struct Keeping {
    pub keeper: Arc<Keeper>,
    /// Where a journal is looked up of which a part is missing here.
    pub cluster: Cluster,
}

#[activities]
impl Keeping {
    /// Keeps a part of a journal; what is there already is not written again.
    #[activity(name = "weir.journal")]
    pub async fn ship(self: Arc<Self>, _cx: ActivityContext, shipment: Shipment) -> Result<(), ActivityError> {
        let kept = self.keeper.keep_whole(&shipment, &self.cluster).await;
        kept.map_err(|error| ActivityError::application(refused(&error)))
    }

    #[activity(name = "weir.variables")]
    pub async fn variables(
        self: Arc<Self>,
        _cx: ActivityContext,
        input: VariablesInput,
    ) -> Result<VariablesFound, ActivityError> {
        self.keeper.read(&input).await.map_err(|error| ActivityError::application(refused(&error)))
    }

    #[activity(name = "weir.flow")]
    pub async fn find(self: Arc<Self>, _cx: ActivityContext, input: FindInput) -> Result<Found, ActivityError> {
        self.keeper.look_for(&input).await.map_err(|error| ActivityError::application(refused(&error)))
    }
}

fn refused(error: &StoreError) -> ApplicationFailure {
    ApplicationFailure::new(error.to_string())
}

impl Keeper {
    /// Of a store that nothing else writes to.
    pub fn new(store: Arc<dyn Store>, epoch: Epoch, finder: Arc<dyn FlowFinder>, catalog: Arc<Catalog>) -> Self {
        let copies = Arc::new(Owned::new(store.clone(), epoch));
        Self { store, copies, connection: None, finder, catalog }
    }

    /// Idempotent by run and number.
    pub async fn keep(&self, shipment: &Shipment) -> Result<(), NotKept> {
        let _one = self.copies.turn(&shipment.run).await;
        if let Some(flow) = &shipment.flow {
            self.publish(flow, shipment).await?;
        }
        let mut tries = 0;
        loop {
            match self.write(shipment).await {
                Err(NotKept::Store(error)) if error.is_transient() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn publish(&self, text: &str, shipment: &Shipment) -> Result<(), StoreError> {
        let Place { tenant, project, .. } = shipment.place.clone();
        if self.store.flow_version(&tenant, &shipment.version).await?.is_some() {
            return Ok(());
        }
        let flow = weir_ir::from_json(text).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let version = FlowVersion {
            hash: shipment.version.clone(),
            tenant,
            project,
            name: shipment.name.clone(),
            dialect: flow.dialect.as_str().into(),
            files: Vec::new(),
            ir: weir_ir::to_json(&flow),
            published_at: shipment.created_at,
        };
        self.store.keep_version(version).await
    }

    async fn write(&self, shipment: &Shipment) -> Result<(), NotKept> {
        let mut batch = Batch::new(self.copies.epoch());
        let row = self.store.run(&shipment.run).await?;
        let key = row.as_ref().map_or_else(|| self.store.next_run_key(), |run| run.key);
        if row.is_none() {
            batch.runs.push(self.new_run(key, shipment));
        }
        // Whoever has taken the run over goes on with it; nothing that is still on its way changes it.
        if row.as_ref().is_some_and(|run| !run.is_elsewhere()) {
            return Ok(());
        }
        // It was cancelled here before anybody knew that it had begun there: its journal has another second record.
        if row.as_ref().is_some_and(|run| run.status == Status::Cancelled) {
            return if shipment.end.is_some() { Ok(()) } else { Err(NotKept::Cancelled) };
        }
        let have = self.store.last_seq(key).await?;
        let fresh = shipment.rows.iter().filter(|row| row.seq > have);
        batch.records.extend(fresh.map(|row| Entry { run: key, record: record(row) }));
        let is_over = row.as_ref().is_some_and(|run| run.status.is_final() && !was_taken_for_another(run));
        let ends = shipment.end.is_some();
        let is_behind = match batch.records.first() {
            Some(entry) => entry.record.seq != have + 1,
            // It says how the run stands after more than there is here.
            None => !ends && shipment.rows.is_empty() && shipment.up_to.is_some_and(|seq| seq > have),
        };
        match is_behind {
            // What counts as over here is not put together any more.
            true if is_over => return Ok(()),
            true => return Err(NotKept::Missing { from: have + 1 }),
            false => {}
        }
        let (update, is_new) = (update(key, shipment), !batch.records.is_empty() || ends);
        // A server writes the first record itself: it may have all, and not know what the run waits for.
        // And what a run begins to wait for is told without a record.
        let has_all = shipment.rows.last().map(|row| row.seq).or(shipment.up_to) == Some(have);
        let says_more = row.is_some_and(|run| run.status != update.status || run.waits != update.waits);
        if !is_over && (is_new || (has_all && says_more)) {
            batch.updates.push(update);
        }
        if !batch.records.is_empty() || have == 0 {
            batch.observations.extend(shipment.logs.iter().filter_map(|log| observation(key, log)));
        }
        match batch.is_empty() {
            true => Ok(()),
            false => Ok(self.copies.commit(batch).await.map_err(of_commit)?),
        }
    }

    fn new_run(&self, key: RunKey, shipment: &Shipment) -> Run {
        let Shipment { run, place, version, created_at, name, cause, .. } = shipment;
        let mut row = Run::new(key, run.clone(), place.clone(), name.clone(), *created_at);
        (row.version, row.cause) = (version.clone(), cause.clone());
        row.concurrency_key = Some(elsewhere_key(self.connection.as_deref()));
        row
    }

    /// The key of a run, of which nothing may have been kept yet.
    pub async fn key_of(&self, run: &Text, flow: &FlowContext, at: Micros) -> Result<RunKey, StoreError> {
        let _one = self.copies.turn(run).await;
        if let Some(row) = self.store.run(run).await? {
            return Ok(row.key);
        }
        let FlowContext { tenant, project, service, flow, .. } = flow.clone();
        let (key, place) = (self.store.next_run_key(), Place { tenant, project, service });
        let concurrency_key = Some(elsewhere_key(self.connection.as_deref()));
        let row = Run { status: Status::Running, concurrency_key, ..Run::new(key, run.clone(), place, flow, at) };
        let mut batch = Batch::new(self.copies.epoch());
        batch.runs.push(row);
        self.copies.commit(batch).await.map_err(|error| StoreError::Busy(error.to_string())).map(|()| key)
    }

    async fn read(&self, input: &VariablesInput) -> Result<VariablesFound, StoreError> {
        let Place { tenant, project, service } = input.place.clone();
        let scope = |service| VariableScope { tenant: tenant.clone(), project: project.clone(), service };
        let of_service = self.store.variables(&scope(Some(service)), &input.service).await?;
        let of_project = self.store.variables(&scope(None), &input.project).await?;
        Ok(VariablesFound { service: of_service, project: of_project })
    }

    async fn look_for(&self, input: &FindInput) -> Result<Found, StoreError> {
        let Place { tenant, project, .. } = &input.place;
        if input.version.is_none()
            && let Some(source) = self.finder.find(&input.place, &input.name).await
        {
            return Ok(self.found(&source.flow));
        }
        let version = match &input.version {
            Some(hash) => self.store.flow_version(tenant, hash).await?,
            None => self.store.newest_flow(tenant, project, &input.name).await?,
        };
        let flow = version.map(|version| weir_ir::from_json(&version.ir)).transpose();
        let flow = flow.map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(flow.map_or_else(|| Found { flow: None, kinds: Default::default() }, |flow| self.found(&flow)))
    }

    fn found(&self, flow: &Flow) -> Found {
        let flow_text = serde_json::to_string(flow).expect("a flow is always JSON");
        Found { flow: Some(flow_text), kinds: facts_of(flow, &self.catalog) }
    }
}

/// Its id seemed to be another's, but its journal comes here.
fn was_taken_for_another(run: &Run) -> bool {
    run.error.as_ref().is_some_and(|error| &*error.code == "TEMPORAL_ID_TAKEN")
}

/// What a workflow must know of the kinds its flow uses.
pub(crate) fn facts_of(flow: &Flow, catalog: &Catalog) -> std::collections::BTreeMap<Text, Facts> {
    let facts = |kind: Text| Some((kind.clone(), Facts::of(catalog.get(&kind)?.component())));
    kinds_of(flow).into_iter().filter_map(facts).collect()
}

/// A row may have been made for the sake of a variable, when less was known.
fn update(key: RunKey, shipment: &Shipment) -> RunUpdate {
    let update = match &shipment.end {
        Some(end) => RunUpdate::ended(key, end.status, end.at, end.output.clone(), end.error.clone()),
        None if shipment.paused => RunUpdate::paused(key, None, None).on(shipment.waiting.clone()),
        None if shipment.waits => RunUpdate::parked(key, None).on(shipment.waiting.clone()),
        None => RunUpdate::started(key, shipment.created_at),
    };
    RunUpdate { version: Some(shipment.version.clone()), started_at: Some(shipment.created_at), ..update }
}

fn record(row: &Row) -> Record {
    let Row { seq, at, ty, path, payload } = row.clone();
    Record { seq, at, ty: ty.into(), path, payload }
}

fn observation(run: RunKey, log: &LogView) -> Option<NewObservation> {
    let payload = serde_json::to_string(log).ok()?;
    Some(NewObservation { run, path: log.path.clone(), attempt: log.attempt, at: log.at, kind: "log".into(), payload })
}

fn of_commit(error: CommitError) -> StoreError {
    match error {
        CommitError::Stop(error) => error,
        other => StoreError::Busy(other.to_string()),
    }
}
