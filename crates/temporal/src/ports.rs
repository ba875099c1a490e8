//! What kinds need of a worker: variables and memory from the store it keeps, earlier results from the workflow.

use crate::activity::{Gathered, Gathering, Keeper};
use crate::wire::Row;
use crate::workflow::RunFlow;
use async_trait::async_trait;
use std::sync::Arc;
use temporalio_client::{Client, WorkflowHandle, WorkflowQueryOptions};
use weir_base::Value;
use weir_engine::{EventBody, Record};
use weir_kind::{
    FlowContext, Interfaces, Memory, PortError, Ports, Recorded, Secrets, TokioTimer, Transcript, VariableChange,
    VariableOp, VariableScope, Variables,
};
use weir_runtime::Clock;
use weir_store::StoreError;

/// What comes from outside.
#[derive(Clone)]
pub struct Outside {
    pub secrets: Arc<dyn Secrets>,
    pub interfaces: Arc<dyn Interfaces>,
    pub memory: Arc<dyn Memory>,
    pub clock: Arc<dyn Clock>,
}

pub(crate) fn ports(outside: &Outside, keeper: Option<Arc<Keeper>>, client: Client, gathered: Arc<Gathered>) -> Ports {
    let Outside { secrets, interfaces, memory, clock } = outside.clone();
    let log = Arc::new(Gathering(gathered.clone()));
    let transcript = Arc::new(OfWorkflow { client });
    let variables = Arc::new(OfStore { keeper, interfaces, gathered, clock });
    Ports { secrets, variables, memory, transcript, log, timer: Arc::new(TokioTimer) }
}

struct OfStore {
    keeper: Option<Arc<Keeper>>,
    interfaces: Arc<dyn Interfaces>,
    gathered: Arc<Gathered>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Variables for OfStore {
    async fn apply(&self, flow: &FlowContext, change: VariableChange) -> Result<Value, PortError> {
        let keeper = self.keeper.as_ref().ok_or_else(no_store)?;
        let scope = self.scope_of(flow, &change).await?;
        if change.op == VariableOp::Get {
            let names = std::slice::from_ref(&change.name);
            let found = keeper.store.variables(&scope, names).await.map_err(port_error)?;
            return Ok(found.get(&change.name).cloned().unwrap_or_default());
        }
        let (run, path) = self.gathered.run_of(&change.key).ok_or_else(|| not_running(&change.key))?;
        let at = self.clock.now();
        let run = keeper.key_of(&run, flow, at).await.map_err(port_error)?;
        let (name, change) = (change.name, stored_change(change.op, change.value)?);
        let op = weir_store::VariableOp { run, path, at, scope, name, change };
        let results = keeper.store.change_variables(&[op]).await.map_err(port_error)?;
        let result = results.into_iter().next().ok_or_else(|| PortError::Retry("the store gave no answer".into()))?;
        result.map_err(|fault| PortError::Reject(fault.to_string()))
    }
}

impl OfStore {
    async fn scope_of(
        &self,
        flow: &FlowContext,
        change: &VariableChange,
    ) -> Result<weir_store::VariableScope, PortError> {
        let (project, service) = match &change.through {
            None => (flow.project.clone(), (change.scope == VariableScope::Service).then(|| flow.service.clone())),
            Some(through) => {
                let service = self.interfaces.variable(flow, through, &change.name, change.op, &change.key).await?;
                (through.project.clone(), service)
            }
        };
        Ok(weir_store::VariableScope { tenant: flow.tenant.clone(), project, service })
    }
}

fn stored_change(op: VariableOp, value: Value) -> Result<weir_store::VariableChange, PortError> {
    let number = |value: &Value| {
        value.as_f64().ok_or_else(|| PortError::Reject(format!("cannot add a value of type {}", value.type_name())))
    };
    Ok(match op {
        VariableOp::Set | VariableOp::Get => weir_store::VariableChange::Set(value),
        VariableOp::Append => weir_store::VariableChange::Append(value),
        VariableOp::Increment => weir_store::VariableChange::Increment(number(&value)?),
        VariableOp::Decrement => weir_store::VariableChange::Increment(-number(&value)?),
    })
}

/// Another worker may have one.
fn no_store() -> PortError {
    PortError::Retry("this worker keeps no store, and variables need one; let a worker with a store do this".into())
}

fn not_running(key: &str) -> PortError {
    PortError::Reject(format!("no attempt goes by `{key}`"))
}

fn port_error(error: StoreError) -> PortError {
    match error.may_pass() {
        true => PortError::Retry(error.to_string()),
        false => PortError::Reject(error.to_string()),
    }
}

/// Earlier results, from the workflow itself: its newest link, then those before.
struct OfWorkflow {
    client: Client,
}

#[async_trait]
impl Transcript for OfWorkflow {
    async fn recorded(&self, run: &str, path: &str) -> Result<Option<Recorded>, PortError> {
        let newest = self.client.get_workflow_handle::<RunFlow>(run);
        if let Some(row) = ask(&newest, path).await? {
            return Ok(recorded(row));
        }
        let page = newest.query(RunFlow::journal, (u64::MAX, u64::MAX), WorkflowQueryOptions::default()).await;
        for link in page.map_err(|error| PortError::Retry(error.to_string()))?.before.iter().rev() {
            let info = temporalio_client::WorkflowExecutionInfo::builder()
                .namespace(self.client.options().namespace.clone())
                .workflow_id(run)
                .run_id(link.clone())
                .build();
            if let Some(row) = ask(&WorkflowHandle::new(self.client.clone(), info), path).await? {
                return Ok(recorded(row));
            }
        }
        Ok(None)
    }
}

async fn ask(link: &WorkflowHandle<Client, RunFlow>, path: &str) -> Result<Option<Row>, PortError> {
    let asked = link.query(RunFlow::recorded, path.to_owned(), WorkflowQueryOptions::default()).await;
    asked.map_err(|error| PortError::Retry(error.to_string()))
}

fn recorded(row: Row) -> Option<Recorded> {
    let Row { seq, at, ty, path, payload } = row;
    let said = |output: Value, error: Option<weir_engine::StepError>| match error {
        Some(error) => Recorded::Error(error.to_value()),
        None => Recorded::Output(output),
    };
    match (Record { seq, at, ty: ty.into(), path, payload }).decode().ok()?.body {
        EventBody::TaskFinished { result, .. } | EventBody::Override { result, .. } => {
            Some(said(result.output, result.error))
        }
        EventBody::ChildFinished { output, error, .. } => Some(said(output, error)),
        _ => None,
    }
}
