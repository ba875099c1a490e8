use super::{Cluster, attributes};
use crate::TemporalError;
use crate::activity::facts_of;
use crate::names;
use crate::wire::{INTERPRETER, MAX_PAYLOAD, Rules, RunInput};
use crate::workflow::RunFlow;
use std::collections::BTreeMap;
use temporalio_client::errors::{WorkflowInteractionError, WorkflowStartError};
use temporalio_client::{WorkflowDescribeOptions, WorkflowStartOptions};
use temporalio_common::MemoValues;
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

/// Whether a run with this mark, type and queue is one of those that have `own` as their mark, and work on `queue`.
fn is_own(mark: Option<&str>, own: &str, workflow: &str, at: &str, queue: &str) -> bool {
    workflow == names::WORKFLOW && mark.map_or(at == queue, |mark| mark == own)
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
    /// As [`Cluster::begin`], of a run that whoever begins it keeps: one of the same id whose journal goes elsewhere, such
    /// as that of another installation in the same namespace, is refused instead of being taken for it. One whose journal
    /// comes here is the same run, though the store may have forgotten it meanwhile.
    pub async fn begin_own(&self, begin: &Begin, input: RunInput) -> Result<bool, TemporalError> {
        let mark = begin.rules.store_queue.clone().unwrap_or_default();
        let is_new = self.begin_as(begin, input, Some(&mark)).await?;
        if !is_new && !self.comes_here(begin, &mark).await? {
            return Err(TemporalError::Taken(begin.run.to_string()));
        }
        Ok(is_new)
    }

    /// Whether the journal of a run that is there goes to whoever has this mark. A run of an earlier version has none:
    /// then its queue says it. What was sealed with a key that nobody has here is somebody else's.
    async fn comes_here(&self, begin: &Begin, mark: &str) -> Result<bool, TemporalError> {
        let described = match self.handle(&begin.run).describe(WorkflowDescribeOptions::default()).await {
            Ok(described) => described,
            Err(WorkflowInteractionError::PayloadConversion(_)) => return Ok(false),
            Err(error) => return Err(super::not_done(&begin.run, error)),
        };
        let found = described.memo().get::<String>(names::MARK);
        let (workflow, queue) = (described.workflow_type(), described.task_queue());
        Ok(found.is_ok_and(|found| is_own(found.as_deref(), mark, workflow, queue, &begin.queue)))
    }

    /// Starts the run; whether it was not there before. It is on the cluster's disk when this returns.
    pub async fn begin(&self, begin: &Begin, input: RunInput) -> Result<bool, TemporalError> {
        self.begin_as(begin, input, None).await
    }

    async fn begin_as(&self, begin: &Begin, input: RunInput, mark: Option<&str>) -> Result<bool, TemporalError> {
        if input.rules.max_payload.is_some_and(|most| input.size() > most.min(MAX_PAYLOAD)) {
            return Err(TemporalError::TooLarge { what: "the flow with its input" });
        }
        match self.start(begin, input.clone(), mark).await {
            // The namespace does not know the attributes, and nobody here may add them.
            Err(WorkflowStartError::Rpc(status)) if status.message().contains("search attribute") => {
                let mut plain = input;
                plain.rules.attributes = false;
                self.start(begin, plain, mark).await.map_err(TemporalError::failed)
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

    async fn start(&self, begin: &Begin, input: RunInput, mark: Option<&str>) -> Result<bool, WorkflowStartError> {
        use temporalio_client::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy};
        let (place, version) = (&begin.place, &input.started.flow);
        let memo = mark.map(|mark| {
            let mut memo = MemoValues::new();
            memo.insert(names::MARK, mark.to_owned());
            memo
        });
        let attributes =
            input.rules.attributes.then(|| attributes(&begin.flow.name, version, &place.project, &place.tenant));
        let options = WorkflowStartOptions::new(begin.queue.clone(), begin.run.to_string())
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .static_summary(begin.flow.name.clone())
            .maybe_search_attributes(attributes)
            .maybe_memo(memo)
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
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn a_run_is_ones_own_where_its_journal_comes_here() {
        let check = |mark, workflow, at| is_own(mark, "weir-server", workflow, at, "weir");
        assert!(check(Some("weir-server"), "weir.run", "weir"));
        assert!(!check(Some("other-server"), "weir.run", "weir"), "another installation keeps it");
        assert!(!check(Some("weir-server"), "order", "weir") && !check(None, "order", "weir"), "another program");
        assert!(check(None, "weir.run", "weir") && !check(None, "weir.run", "other"), "of an earlier version");
    }
}
