//! What kinds need, from the store: variables, earlier results, logs, waiting.

use crate::shared::Shared;
use crate::transcript;
use crate::writer::{Reply, Submission};
use async_trait::async_trait;
use std::sync::Arc;
use weir_base::{Duration, Text, Value};
use weir_kind::{
    FlowContext, Interfaces, LogSink, Memory, Observation, ObservationBody, PortError, Ports, Recorded, Secrets, Timer,
    TokioTimer, Transcript, VariableOp, VariableScope, Variables,
};
use weir_runs::{LogView, Progress, ProgressBody};
use weir_store::{Batch, NewObservation, RunKey, StoreError};

/// Logs that are not written yet; beyond this many rows of any sort, further ones are dropped.
const MAX_BACKLOG: usize = 200_000;

/// What comes from outside the runtime.
pub(crate) struct Outside {
    pub secrets: Arc<dyn Secrets>,
    pub interfaces: Arc<dyn Interfaces>,
    pub memory: Arc<dyn Memory>,
}

pub(crate) fn ports(shared: &Arc<Shared>, outside: Outside) -> Ports {
    let Outside { secrets, interfaces, memory } = outside;
    let timer: Arc<dyn Timer> = match shared.clock.is_virtual() {
        true => Arc::new(NoWaiting),
        false => Arc::new(TokioTimer),
    };
    let port = Arc::new(StorePorts(shared.clone()));
    let variables = Arc::new(StoreVariables { shared: shared.clone(), interfaces });
    Ports { secrets, variables, memory, transcript: port.clone(), log: port, timer }
}

struct StorePorts(Arc<Shared>);

/// Variables of the flow's own project and service, and of other projects where an interface opens them.
struct StoreVariables {
    shared: Arc<Shared>,
    interfaces: Arc<dyn Interfaces>,
}

/// Under virtual time a wait inside a task takes no time at all.
struct NoWaiting;

#[async_trait]
impl Timer for NoWaiting {
    async fn sleep(&self, _: Duration) {}
}

fn port_error(error: StoreError) -> PortError {
    match error.may_pass() {
        true => PortError::Retry(error.to_string()),
        false => PortError::Reject(error.to_string()),
    }
}

#[async_trait]
impl Variables for StoreVariables {
    async fn apply(&self, flow: &FlowContext, change: weir_kind::VariableChange) -> Result<Value, PortError> {
        let scope = self.scope_of(flow, &change).await?;
        if change.op == VariableOp::Get {
            return self.read(&scope, &change.name).await;
        }
        let (run, path) = self.shared.run_of_task(&change.key).ok_or_else(|| not_running(&change.key))?;
        let (at, name) = (self.shared.clock.now(), change.name);
        let change = stored_change(change.op, change.value)?;
        let op = weir_store::VariableOp { run, path, at, scope, name, change };
        let results = self.shared.store.change_variables(&[op]).await.map_err(port_error)?;
        let result = results.into_iter().next().ok_or_else(|| PortError::Retry("the store gave no answer".into()))?;
        result.map_err(|fault| PortError::Reject(fault.to_string()))
    }
}

impl StoreVariables {
    async fn scope_of(
        &self,
        flow: &FlowContext,
        change: &weir_kind::VariableChange,
    ) -> Result<weir_store::VariableScope, PortError> {
        let Some(through) = &change.through else { return Ok(scope_of(flow, change.scope)) };
        let service = self.interfaces.variable(flow, through, &change.name, change.op, &change.key).await?;
        Ok(weir_store::VariableScope { tenant: flow.tenant.clone(), project: through.project.clone(), service })
    }

    async fn read(&self, scope: &weir_store::VariableScope, name: &Text) -> Result<Value, PortError> {
        let found = self.shared.store.variables(scope, std::slice::from_ref(name)).await.map_err(port_error)?;
        Ok(found.get(name).cloned().unwrap_or_default())
    }
}

fn not_running(key: &str) -> PortError {
    PortError::Reject(format!("no run is carrying out `{key}`"))
}

fn scope_of(flow: &FlowContext, scope: VariableScope) -> weir_store::VariableScope {
    let service = (scope == VariableScope::Service).then(|| flow.service.clone());
    weir_store::VariableScope { tenant: flow.tenant.clone(), project: flow.project.clone(), service }
}

fn stored_change(op: VariableOp, value: Value) -> Result<weir_store::VariableChange, PortError> {
    let amount = |value: &Value| {
        value.as_f64().ok_or_else(|| PortError::Reject(format!("cannot add a value of type {}", value.type_name())))
    };
    Ok(match op {
        VariableOp::Set | VariableOp::Get => weir_store::VariableChange::Set(value),
        VariableOp::Append => weir_store::VariableChange::Append(value),
        VariableOp::Increment => weir_store::VariableChange::Increment(amount(&value)?),
        VariableOp::Decrement => weir_store::VariableChange::Increment(-amount(&value)?),
    })
}

#[async_trait]
impl Transcript for StorePorts {
    async fn recorded(&self, run: &str, path: &str) -> Result<Option<Recorded>, PortError> {
        let Some(key) = self.key_of(run).await? else { return Ok(None) };
        if let Some(found) = self.find_record(key, path).await? {
            return Ok(Some(found));
        }
        // A result nobody waited for may still be on its way to the store.
        self.0.writer.barrier(false).await.map_err(|error| PortError::Retry(error.to_string()))?;
        self.find_record(key, path).await
    }
}

impl StorePorts {
    async fn key_of(&self, run: &str) -> Result<Option<RunKey>, PortError> {
        match self.0.live_key(run) {
            Some(key) => Ok(Some(key)),
            None => Ok(self.0.store.run(run).await.map_err(port_error)?.map(|run| run.key)),
        }
    }

    async fn find_record(&self, key: RunKey, path: &str) -> Result<Option<Recorded>, PortError> {
        transcript::find(&*self.0.store, key, path).await.map_err(port_error)
    }
}

pub(crate) const LOG: &str = "log";
pub(crate) const STREAM: &str = "stream";
pub(crate) const ATTEMPT_FAILED: &str = "attempt_failed";

impl LogSink for StorePorts {
    fn observe(&self, _: &FlowContext, observation: Observation) {
        let Some(run) = self.0.live_key(&observation.run) else { return };
        if self.0.watchers.watches(&observation.run) {
            self.0.watchers.tell(progress_of(&observation));
        }
        if self.0.writer.backlog() > MAX_BACKLOG {
            return;
        }
        let (kind, payload) = payload_of(&observation);
        let Observation { path, attempt, at, .. } = observation;
        let mut batch = Batch { epoch: self.0.writer.epoch(), ..Batch::default() };
        batch.observations.push(NewObservation { run, path, attempt, at, kind: kind.into(), payload });
        let batches = vec![(run, batch)];
        self.0.writer.send(Submission { batches, soon: true, ..Submission::without_rows(0, Reply::None) });
    }
}

fn progress_of(observation: &Observation) -> Progress {
    let body = match &observation.body {
        ObservationBody::Log { .. } => ProgressBody::Log(log_view(observation)),
        ObservationBody::Stream { index, data } => {
            ProgressBody::Stream { path: observation.path.clone(), index: *index, data: data.clone() }
        }
    };
    Progress { run: observation.run.clone(), at: observation.at, body }
}

fn log_view(observation: &Observation) -> LogView {
    let ObservationBody::Log { level, message, metadata } = &observation.body else { return empty_log(observation) };
    LogView {
        level: level.as_str().into(),
        message: message.as_str().into(),
        metadata: metadata.clone(),
        ..empty_log(observation)
    }
}

fn empty_log(observation: &Observation) -> LogView {
    let Observation { path, kind, attempt, at, .. } = observation;
    let (level, message): (Text, Text) = ("info".into(), "".into());
    LogView {
        at: *at,
        path: path.clone(),
        kind: kind.clone(),
        attempt: *attempt,
        level,
        message,
        metadata: Value::Null,
    }
}

fn payload_of(observation: &Observation) -> (&'static str, String) {
    match &observation.body {
        ObservationBody::Log { .. } => {
            (LOG, serde_json::to_string(&log_view(observation)).expect("a log line is always JSON"))
        }
        ObservationBody::Stream { index, data } => {
            (STREAM, Value::object([("index", (*index).into()), ("data", data.clone())]).to_json())
        }
    }
}
