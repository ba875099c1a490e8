//! Starting runs on a cluster, speaking to them, and reading what became of them.

mod follow;
mod queues;
mod start;

pub use follow::{Follower, News, Outcome};
pub use start::{Begin, called, input_of};

use crate::TemporalError;
use crate::connect::Address;
use crate::names;
use crate::wire::{JournalPage, MAX_PAYLOAD, State, quoted};
use crate::workflow::{Deliver, RunFlow};
use temporalio_client::errors::{WorkflowInteractionError, WorkflowQueryError};
use temporalio_client::tonic::Code;
use temporalio_client::{
    Client, WorkflowCancelOptions, WorkflowExecutionInfo, WorkflowFetchHistoryOptions, WorkflowHandle,
    WorkflowQueryOptions, WorkflowSignalOptions,
};
use temporalio_common::data_converters::MultiArgs2;
use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributes};
use weir_base::Value;
use weir_runs::Request;

/// A connection to a cluster.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) client: Client,
    pub(crate) address: Address,
}

impl Cluster {
    pub async fn connect(address: &Address) -> Result<Self, TemporalError> {
        let client = address.connect(&format!("weir@{}", std::process::id())).await?;
        Ok(Self { client, address: address.clone() })
    }

    pub fn address(&self) -> &str {
        &self.address.address
    }

    fn handle(&self, run: &str) -> WorkflowHandle<Client, RunFlow> {
        self.client.get_workflow_handle::<RunFlow>(run)
    }

    /// One link of a run, by the cluster's name of it; the newest for none.
    fn link(&self, run: &str, link: Option<&str>) -> WorkflowHandle<Client, RunFlow> {
        let Some(link) = link else { return self.handle(run) };
        let info = WorkflowExecutionInfo::builder()
            .namespace(self.client.options().namespace.clone())
            .workflow_id(run)
            .run_id(link)
            .build();
        WorkflowHandle::new(self.client.clone(), info)
    }

    /// How a run stands.
    pub async fn state(&self, run: &str) -> Result<State, TemporalError> {
        let asked = self.handle(run).query(RunFlow::state, (), WorkflowQueryOptions::default()).await;
        asked.map_err(|error| not_answered(run, error))
    }

    /// A part of the journal of one link.
    pub async fn journal(
        &self,
        run: &str,
        link: Option<&str>,
        from: u64,
        log: u64,
    ) -> Result<JournalPage, TemporalError> {
        let asked = self.link(run, link).query(RunFlow::journal, (from, log), WorkflowQueryOptions::default()).await;
        asked.map_err(|error| not_answered(run, error))
    }

    /// The flow of a run, as JSON. [`TemporalError::Wrong`] where the run has answered, and cannot tell.
    pub async fn flow_of(&self, run: &str) -> Result<String, TemporalError> {
        let asked = self.handle(run).query(RunFlow::flow, (), WorkflowQueryOptions::default()).await;
        asked.map_err(|error| match error {
            WorkflowQueryError::Rpc(status) if status.code() == Code::InvalidArgument => {
                TemporalError::Wrong(status.message().to_owned())
            }
            other => not_answered(run, other),
        })
    }

    /// The value of a query the flow declares.
    pub async fn query(&self, run: &str, name: &str) -> Result<Value, TemporalError> {
        let asked = self.handle(run).query(RunFlow::query, name.to_owned(), WorkflowQueryOptions::default()).await;
        asked.map_err(|error| not_answered(run, error))
    }

    /// Leaves a request with a run; it is on the cluster's disk when this returns.
    pub async fn request(&self, run: &str, request: &Request) -> Result<(), TemporalError> {
        self.ask(run, request, None).await
    }

    /// As [`Cluster::request`]; one that comes again by the same id counts once.
    pub async fn request_once(&self, run: &str, request: &Request, id: &str) -> Result<(), TemporalError> {
        self.ask(run, request, Some(id)).await
    }

    async fn ask(&self, run: &str, request: &Request, id: Option<&str>) -> Result<(), TemporalError> {
        check_request(&self.address, request)?;
        let text = serde_json::to_string(request).map_err(TemporalError::failed)?;
        let payload = weir_base::read_deep(&text).map_err(TemporalError::failed)?;
        let message = MultiArgs2(names::REQUEST.to_owned(), payload);
        let options = WorkflowSignalOptions::builder().maybe_request_id(id.map(str::to_owned)).build();
        let sent = self.handle(run).signal(Deliver, message, options).await;
        sent.map_err(|error| not_done(run, error))
    }

    /// Cancels by the cluster's own means.
    pub async fn cancel(&self, run: &str, reason: &str) -> Result<(), TemporalError> {
        let options = WorkflowCancelOptions::builder().reason(reason.to_owned()).build();
        self.handle(run).cancel(options).await.map_err(|error| not_done(run, error))
    }

    /// How a run stands as the cluster knows it, whatever its worker says: none where there is none, then none where
    /// it is open, else the word for how it ended.
    pub async fn standing(&self, run: &str) -> Result<Option<Option<String>>, TemporalError> {
        use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
        use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus as Status;
        use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionRequest;
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.client.options().namespace.clone(),
            execution: Some(WorkflowExecution { workflow_id: run.to_owned(), run_id: String::new() }),
        };
        let mut service = self.client.connection().workflow_service();
        let asked = service.describe_workflow_execution(temporalio_client::tonic::Request::new(request)).await;
        let found = match asked {
            Ok(answer) => answer.into_inner().workflow_execution_info,
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            Err(status) => return Err(TemporalError::Failed(status.message().to_owned())),
        };
        Ok(found.map(|info| match info.status() {
            Status::Running | Status::ContinuedAsNew | Status::Unspecified => None,
            closed => Some(closed.as_str_name().to_lowercase().replace("workflow_execution_status_", "")),
        }))
    }

    /// The history of the newest link, in the form that [`crate::replay`] reads.
    pub async fn history(&self, run: &str) -> Result<Vec<u8>, TemporalError> {
        let history = self.handle(run).fetch_history(WorkflowFetchHistoryOptions::default());
        history.to_json().await.map_err(TemporalError::failed)
    }
}

/// Whether a request fits what the cluster takes, also as a record of the run's journal. Nobody is asked.
pub fn check_request(address: &Address, request: &Request) -> Result<(), TemporalError> {
    let text = serde_json::to_string(request).map_err(TemporalError::failed)?;
    match !address.has_blobs() && quoted(&text) as u64 > MAX_PAYLOAD {
        true => Err(TemporalError::TooLarge { what: what(request) }),
        false => Ok(()),
    }
}

fn what(request: &Request) -> &'static str {
    match request {
        Request::Signal { .. } => "the signal with its payload",
        Request::Override { .. } => "the result that was given for the step",
        _ => "what is asked of the run",
    }
}

fn not_answered(run: &str, error: WorkflowQueryError) -> TemporalError {
    match error {
        WorkflowQueryError::NotFound(_) => TemporalError::NotFound(run.to_owned()),
        WorkflowQueryError::Rpc(status) => TemporalError::Failed(status.message().to_owned()),
        WorkflowQueryError::PayloadConversion(error) => TemporalError::Unreadable(error.to_string()),
        other => TemporalError::failed(other),
    }
}

fn not_done(run: &str, error: WorkflowInteractionError) -> TemporalError {
    match error {
        WorkflowInteractionError::NotFound(_) => TemporalError::NotFound(run.to_owned()),
        WorkflowInteractionError::Rpc(status) => TemporalError::Failed(status.message().to_owned()),
        other => TemporalError::failed(other),
    }
}

/// What runs can be searched by on the cluster.
pub(crate) fn attributes(flow: &str, version: &str, project: &str, tenant: &str) -> SearchAttributes {
    let [flow_name, version_name, project_name, tenant_name] = names::ATTRIBUTES;
    let one = |name, value: &str| SearchAttributeKey::<String>::keyword(name).value_set(value.to_owned());
    SearchAttributes::new([
        one(flow_name, flow),
        one(version_name, version),
        one(project_name, project),
        one(tenant_name, tenant),
    ])
}

/// Makes the search attributes known to the namespace. Where that is not allowed, somebody else has to.
pub(crate) async fn add_attributes(client: &Client) {
    use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;
    use temporalio_common::protos::temporal::api::operatorservice::v1::AddSearchAttributesRequest;
    for name in names::ATTRIBUTES {
        let search_attributes = [(name.to_owned(), IndexedValueType::Keyword as i32)].into();
        let namespace = client.options().namespace.clone();
        let request = AddSearchAttributesRequest { search_attributes, namespace };
        let mut service = client.connection().operator_service();
        let asked = service.add_search_attributes(temporalio_client::tonic::Request::new(request)).await;
        if let Err(status) = asked {
            tracing::debug!("the search attribute {name} was not added: {}", status.message());
        }
    }
}
