//! Trials: a flow changed so that only part of it runs, started as an ordinary run whose id says what it is.

mod shape;

use crate::caller::Caller;
use crate::control::Control;
use crate::runs::NewRun;
use crate::{ControlError, Result};
use shape::{Made, Shape};
use std::collections::BTreeMap;
use weir_base::{Text, Value};
use weir_engine::StepStatus;
use weir_ir::Flow;
use weir_runs::{FlowRef, RunView, StepView};

/// Ids of trials begin so; lists and figures can leave them out by it.
pub const TRIAL: &str = "trial-";

/// Which part of a flow is tried. Steps are named by their ids; with none of these the whole draft runs as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// Only this step, with `data` flowing into it.
    pub step: Option<Text>,
    pub data: Option<Value>,
    /// What comes before this step is pinned, to its result in `run` where `pins` does not say.
    pub from: Option<Text>,
    /// What comes after this step is cut off.
    pub to: Option<Text>,
    pub run: Option<Text>,
    /// Steps that do not run, and what they give instead.
    pub pins: BTreeMap<Text, Value>,
}

impl Trial {
    fn is_whole(&self) -> bool {
        let named = self.step.is_some() || self.from.is_some() || self.to.is_some();
        !named && self.pins.is_empty()
    }
}

impl Control {
    /// Tries a draft, whether it is switched on or not.
    pub async fn try_flow(&self, caller: &Caller, flow: &str, new: NewRun, trial: &Trial) -> Result<RunView> {
        let flow = self.flow(caller, flow).await?;
        let compiled = self.compile_draft(&caller.tenant, &flow.value).await?;
        let mut ready = compiled.runnable()?.clone();
        if !trial.is_whole() {
            ready = self.part(caller, ready, trial).await?;
        }
        let version =
            crate::compile::version_of(&caller.tenant, &flow.value.project, &ready, &flow.value.files, self.now());
        let reference = FlowRef::Version(version.hash.clone());
        self.store.keep_version(version).await?;
        let run = Some(self.trial_id(caller, &flow.id, new.idempotency_key.as_ref()));
        let new = NewRun { run, idempotency_key: None, cause: Some("trial".into()), ..new };
        self.begin_run(&caller.tenant, &flow, reference, new).await
    }

    /// The same key is the same trial; nobody can guess that of another organisation.
    fn trial_id(&self, caller: &Caller, flow: &Text, key: Option<&Text>) -> Text {
        let name = match key {
            Some(key) => {
                let parts = Value::array([&caller.tenant, flow, key].map(|part| Value::from(part.clone())));
                weir_base::hash_value_hex(&parts)
            }
            None => self.new_id().to_string(),
        };
        format!("{TRIAL}{name}").into()
    }

    async fn part(&self, caller: &Caller, flow: Flow, trial: &Trial) -> Result<Flow> {
        if trial.step.is_some() && (trial.from.is_some() || trial.to.is_some() || trial.run.is_some()) {
            let message = "a trial is of one step, `step`, or of a stretch, `from` and `to`; not of both";
            return Err(ControlError::invalid("INVALID_TRIAL", message));
        }
        if trial.data.is_some() && trial.step.is_none() {
            let message = "`data` is what flows into `step`; to try a stretch, give `input`, or `pins`";
            return Err(ControlError::invalid("INVALID_TRIAL", message));
        }
        let recorded = match &trial.run {
            Some(run) => recorded(&self.steps(caller, run).await?),
            None => BTreeMap::new(),
        };
        Shape { trial, recorded: &recorded, catalog: &self.catalog }.of(flow)
    }
}

/// What each step of a run gave, by its id; none where it gave several things, or failed.
fn recorded(steps: &[StepView]) -> BTreeMap<Text, Option<Made>> {
    let mut made: BTreeMap<Text, Option<Made>> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.status != StepStatus::Skipped) {
        let last = step.path.rsplit('/').next().unwrap_or_default();
        let id = last.split('[').next().unwrap_or_default();
        let gave = (step.status == StepStatus::Succeeded)
            .then(|| Made { output: step.output.clone(), handle: step.handle.clone() });
        made.entry(id.into())
            .and_modify(|old| *old = old.take().filter(|old| Some(old) == gave.as_ref()))
            .or_insert(gave);
    }
    made
}
