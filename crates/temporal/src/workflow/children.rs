//! Runs that runs start: workflows of their own that go on without their parent, and report by signal.

use super::drive::{Driver, Phase, Sort};
use super::happened::{Happened, child_error, said};
use super::{RunFlow, lock, plan_of, too_large, weights};
use crate::activity::Keeping;
use crate::names;
use crate::wire::{ChildEnd, Facts, FindInput, Found, RunInput};
use futures_util::FutureExt;
use temporalio_common::data_converters::MultiArgs2;
use temporalio_common::error::StartChildWorkflowExecutionFailedCause;
use temporalio_common::{HasWorkflowDefinition, SignalDefinition};
use temporalio_sdk::{
    ChildWorkflowOptions, ChildWorkflowStartError, ParentClosePolicy, SignalWorkflowOptions, WorkflowCancellationToken,
};
use weir_base::{Text, Value};
use weir_engine::{EventBody, Origin, SEMANTICS, StartChild, Started, StepError, category};
use weir_runs::RunsError;
use weir_store::blob_hash;

/// The one signal, as it is sent.
pub struct Deliver;

impl SignalDefinition for Deliver {
    type Workflow = <RunFlow as HasWorkflowDefinition>::Run;
    type Input = MultiArgs2<String, Value>;

    fn name(&self) -> &str {
        names::DELIVER
    }
}

impl<'a> Driver<'a> {
    /// One that the link before has begun goes on by itself.
    pub fn want_child(&mut self, child: StartChild) {
        if !child.detached && self.children.contains(&child.path) {
            return;
        }
        let path = child.path.clone();
        match self.input.library.get(&child.flow).filter(|_| child.version.is_none()) {
            Some(flow) => {
                let found = Found { flow: Some(flow.clone()), kinds: self.input.kinds.clone() };
                self.wanted.insert(path.clone(), child);
                self.ready.push_back(Happened::Found { path, found: Ok(found) });
            }
            None => self.find(path, child),
        }
    }

    fn find(&mut self, path: Text, child: StartChild) {
        let input =
            FindInput { place: self.input.place.clone(), name: child.flow.clone(), version: child.version.clone() };
        self.wanted.insert(path.clone(), child);
        let Some(options) = self.store_options(&format!("flow {}", input.name)) else {
            let found = Ok(Found { flow: None, kinds: Default::default() });
            return self.ready.push_back(Happened::Found { path, found });
        };
        let call = self.cx.execute_activity(Keeping::find, input, options);
        let told = call.map(|found| Happened::Found { path, found: found.map_err(|error| said(&error)) });
        self.push(Sort::Activity, told.boxed_local());
    }

    pub fn flow_found(&mut self, path: Text, found: Result<Found, String>) {
        let Some(child) = self.wanted.remove(&path) else { return };
        if !child.detached && !lock(&self.fold).machine().expects(&path) {
            return;
        }
        let begun = found.map_err(|message| not_started("CHILD_NOT_STARTED", &message)).and_then(|found| {
            let Found { flow, kinds } = found;
            let unknown = || RunsError::FlowUnknown { flow: child.flow.clone() };
            let flow = flow.ok_or_else(|| not_started("FLOW_UNKNOWN", &unknown().to_string()))?;
            self.child_input(&child, flow, kinds)
        });
        match begun {
            Ok(input) if self.input.interpreter >= 5 && !self.has_room(weights::of_child(&input)) => {
                self.hold(child, Found { flow: Some(input.flow), kinds: input.kinds });
            }
            Ok(input) => self.begin_child(child, input),
            Err(error) => self.child_begun(path, Some(error)),
        }
    }

    fn child_input(
        &self,
        child: &StartChild,
        flow: String,
        kinds: std::collections::BTreeMap<Text, Facts>,
    ) -> Result<RunInput, StepError> {
        let (ready, _) = plan_of(&flow).map_err(|message| not_started("FLOW_UNREADABLE", &message))?;
        let input = weir_runtime::accept_input(&ready, child.input.clone()).map_err(|error| match error {
            RunsError::Rejected { code, message } => not_started(code, &message),
            other => not_started("CHILD_NOT_STARTED", &other.to_string()),
        })?;
        let origin = Origin {
            run: lock(&self.fold).machine().run_id().clone(),
            path: child.path.clone(),
            detached: child.detached,
        };
        let started = Started {
            run: child.run.clone(),
            flow: blob_hash(weir_ir::to_json(&ready).as_bytes()),
            semantics: SEMANTICS,
            kinds: Default::default(),
            input,
            origin: Some(origin),
        };
        let rules = self.input.rules.clone();
        let (place, library) = (self.input.place.clone(), self.input.library.clone());
        let interpreter = self.input.interpreter;
        let (created_at, cause, link) = (self.now(), None, None);
        let input = RunInput { interpreter, flow, place, started, created_at, cause, kinds, library, rules, link };
        match input.rules.max_payload.filter(|most| interpreter >= 4 && size_of(&input) > *most) {
            Some(most) => Err(too_large("the flow that is called, with its input,", most)),
            None => Ok(input),
        }
    }

    fn begin_child(&mut self, child: StartChild, input: RunInput) {
        let attributes = self.input.rules.attributes.then(|| {
            let (place, version) = (&input.place, &input.started.flow);
            crate::client::attributes(&child.flow, version, &place.project, &place.tenant)
        });
        let options = ChildWorkflowOptions::builder()
            .workflow_id(child.run.to_string())
            .parent_close_policy(ParentClosePolicy::Abandon)
            .cancellation_token(WorkflowCancellationToken::new())
            .static_summary(child.flow.to_string())
            .maybe_search_attributes(attributes)
            .build();
        if !child.detached {
            self.children.insert(child.path.clone());
        }
        let (cx, path, run) = (self.cx, child.path.clone(), child.run.clone());
        let start = cx.start_child_workflow(RunFlow::run, input, options);
        let watch = async move {
            match start.await {
                Ok(begun) if !child.detached => {
                    let result = begun.result().await;
                    let error = result.as_ref().err().map(|error| child_error(&run, error));
                    Happened::Child(ChildEnd { path, output: result.unwrap_or_default(), error })
                }
                Ok(_) => Happened::Begun { path, refused: None },
                Err(ChildWorkflowStartError::StartFailed {
                    cause: StartChildWorkflowExecutionFailedCause::WorkflowAlreadyExists,
                    ..
                }) => Happened::Begun { path, refused: None },
                Err(error) => {
                    Happened::Begun { path, refused: Some(not_started("CHILD_NOT_STARTED", &error.to_string())) }
                }
            }
        };
        let sort = if child.detached { Sort::Word } else { Sort::Child };
        self.push(sort, watch.boxed_local());
    }

    pub fn child_begun(&mut self, path: Text, refused: Option<StepError>) {
        if let Some(error) = refused {
            self.child_ended(ChildEnd { path, output: Value::Null, error: Some(error) });
        }
    }

    /// Whoever tells it first; the second time it is no news.
    pub fn child_ended(&mut self, end: ChildEnd) {
        let ChildEnd { path, output, error } = end;
        self.children.remove(&path);
        if lock(&self.fold).machine().expects(&path) {
            self.apply(EventBody::ChildFinished { path, output, error });
        }
    }

    pub fn cancel_child(&mut self, path: &Text) {
        self.wanted.remove(path);
        if self.children.remove(path) {
            let run = format!("{}/{path}", lock(&self.fold).machine().run_id());
            let reason = Some("the run that started this one has ended it".to_owned());
            let child = self.cx.external_workflow(run, None);
            let word = async move {
                let _ = child.cancel(reason).await;
                Happened::Nothing
            };
            self.push(Sort::Word, word.boxed_local());
        }
    }

    /// Tells the parent how this run has ended; it may be at any link by now.
    pub fn tell_parent(&mut self) {
        let Phase::Ending(end) = &self.phase else { return };
        let origin = self.input.started.origin.clone().filter(|origin| !origin.detached);
        let Some(origin) = origin.filter(|_| !std::mem::replace(&mut self.parent_told, true)) else { return };
        let error = weir_runtime::child_error(&self.input.started.run, end.status, end.error.clone());
        let told = ChildEnd { path: origin.path, output: end.output.clone(), error };
        let payload = serde_json::to_string(&told).ok().and_then(|text| Value::from_json(&text).ok());
        let message = MultiArgs2(names::CHILD.to_owned(), payload.unwrap_or_default());
        let options = SignalWorkflowOptions::builder().cancellation_token(self.own.clone()).build();
        let word = self.cx.external_workflow(origin.run.to_string(), None).signal(Deliver, message, options);
        self.push(Sort::Word, word.map(|_| Happened::Nothing).boxed_local());
    }
}

fn size_of(child: &RunInput) -> u64 {
    if child.interpreter >= 5 { weights::of_child(child) } else { child.size() }
}

fn not_started(code: &str, message: &str) -> StepError {
    StepError::new(code, category::CHILD, message)
}
