use super::{Cluster, attributes};
use crate::TemporalError;
use crate::activity::facts_of;
use crate::wire::{INTERPRETER, MAX_PAYLOAD, Rules, RunInput};
use crate::workflow::RunFlow;
use std::collections::BTreeMap;
use temporalio_client::WorkflowStartOptions;
use temporalio_client::errors::WorkflowStartError;
use weir_base::{Micros, Text, Value};
use weir_catalog::Catalog;
use weir_engine::{Origin, SEMANTICS, Started};
use weir_expr::Template;
use weir_ir::{Flow, NodeKind};
use weir_runs::RunsError;
use weir_store::{Place, blob_hash};

/// A run to be started.
#[derive(Clone, Debug)]
pub struct Begin {
    pub run: Text,
    pub flow: Flow,
    pub input: Value,
    pub place: Place,
    pub cause: Option<Text>,
    /// Flows that calls name, by name.
    pub library: BTreeMap<Text, Flow>,
    pub rules: Rules,
    /// Where the run's workers are.
    pub queue: String,
    pub at: Micros,
}

/// What the workflow of such a run begins with. An input the flow does not take is refused here.
pub fn input_of(begin: &Begin, catalog: &Catalog, origin: Option<Origin>) -> Result<RunInput, RunsError> {
    let input = weir_runtime::accept_input(&begin.flow, begin.input.clone())?;
    let mut kinds = facts_of(&begin.flow, catalog);
    begin.library.values().for_each(|flow| kinds.extend(facts_of(flow, catalog)));
    let text = |flow: &Flow| serde_json::to_string(flow).expect("a flow is always JSON");
    let started = Started {
        run: begin.run.clone(),
        flow: blob_hash(weir_ir::to_json(&begin.flow).as_bytes()),
        semantics: SEMANTICS,
        kinds: BTreeMap::new(),
        input,
        origin,
    };
    Ok(RunInput {
        interpreter: INTERPRETER,
        flow: text(&begin.flow),
        place: begin.place.clone(),
        started,
        created_at: begin.at,
        cause: begin.cause.clone(),
        kinds,
        library: begin.library.iter().map(|(name, flow)| (name.clone(), text(flow))).collect(),
        rules: begin.rules.clone(),
        link: None,
    })
}

/// The flows that the calls of a flow name outright.
pub fn called(flow: &Flow) -> Vec<Text> {
    let mut names = Vec::new();
    flow.for_each_node(&mut |node| {
        if let NodeKind::Call(call) = &node.kind
            && let (Template::Value(Value::String(name)), None) = (&call.flow, &call.version)
        {
            names.push(name.clone());
        }
    });
    names
}

impl Cluster {
    /// Starts the run; whether it was not there before. It is on the cluster's disk when this returns.
    pub async fn begin(&self, begin: &Begin, input: RunInput) -> Result<bool, TemporalError> {
        let size = serde_json::to_vec(&input).map_err(TemporalError::failed)?.len() as u64;
        if input.rules.max_payload.is_some_and(|most| size > most.min(MAX_PAYLOAD)) {
            return Err(TemporalError::TooLarge { what: "the flow with its input" });
        }
        match self.start(begin, input.clone()).await {
            // The namespace does not know the attributes, and nobody here may add them.
            Err(WorkflowStartError::Rpc(status)) if status.message().contains("search attribute") => {
                let mut plain = input;
                plain.rules.attributes = false;
                self.start(begin, plain).await.map_err(TemporalError::failed)
            }
            // It will not be taken later either.
            Err(WorkflowStartError::Rpc(status))
                if status.code() == temporalio_client::tonic::Code::InvalidArgument =>
            {
                Err(TemporalError::Wrong(format!("the cluster refuses it: {}", status.message())))
            }
            Err(WorkflowStartError::Rpc(status)) => Err(TemporalError::Failed(status.message().to_owned())),
            started => started.map_err(TemporalError::failed),
        }
    }

    async fn start(&self, begin: &Begin, input: RunInput) -> Result<bool, WorkflowStartError> {
        use temporalio_client::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy};
        let (place, version) = (&begin.place, &input.started.flow);
        let attributes =
            input.rules.attributes.then(|| attributes(&begin.flow.name, version, &place.project, &place.tenant));
        let options = WorkflowStartOptions::new(begin.queue.clone(), begin.run.to_string())
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .static_summary(begin.flow.name.clone())
            .maybe_search_attributes(attributes)
            .maybe_task_timeout(
                input.rules.task_timeout.map(|timeout| std::time::Duration::from_millis(timeout.millis)),
            )
            .build();
        match self.client.start_workflow(RunFlow::run, input, options).await {
            Ok(_) => Ok(true),
            Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether somebody works on a queue, as far as the cluster knows.
    pub async fn has_worker(&self, queue: &str) -> Result<bool, TemporalError> {
        use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
        use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
        use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;
        let request = DescribeTaskQueueRequest {
            namespace: self.client.options().namespace.clone(),
            task_queue: Some(TaskQueue { name: queue.to_owned(), ..Default::default() }),
            task_queue_type: TaskQueueType::Workflow as i32,
            ..Default::default()
        };
        let mut service = self.client.connection().workflow_service();
        let asked = service.describe_task_queue(temporalio_client::tonic::Request::new(request)).await;
        let answer = asked.map_err(|status| TemporalError::Failed(status.message().to_owned()))?;
        Ok(!answer.into_inner().pollers.is_empty())
    }

    /// The error for a queue nobody works on.
    pub async fn require_worker(&self, queue: &str) -> Result<(), TemporalError> {
        match self.has_worker(queue).await? {
            true => Ok(()),
            false => Err(TemporalError::NoWorker { address: self.address().to_owned(), queue: queue.to_owned() }),
        }
    }
}
