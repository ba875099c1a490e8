use crate::caller::Caller;
use crate::control::Control;
use crate::model::{FlowDraft, Interface, InterfaceSpec, Running, Trigger};
use crate::quota::Taken;
use crate::records::{self, Kept, Listed};
use crate::{ControlError, Result};
use std::time::Duration;
use weir_base::{Micros, Text, Value};
use weir_engine::{Decision, Preview, Record, Status};
use weir_runs::{
    Change, FlowRef, FlowSource, Forked, LogView, Offer, OnRuntime, Previewed, ReplayView, Request, RunView, StartRun,
    StepView, Until,
};
use weir_store::{Page, PageRequest, Place, Run, RunFilter, SYSTEM_PROJECT};

/// Which runs a list holds; all conditions at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunQuery {
    pub project: Option<Text>,
    pub service: Option<Text>,
    /// A flow's id.
    pub flow: Option<Text>,
    pub statuses: Vec<Status>,
    pub text: Option<String>,
    /// `webhook`, `interface`, `schedule`, `event`, `email`, `manual`, `trial`, `fork` or `system`; or the id of a trigger
    /// or an interface.
    pub trigger: Option<Text>,
    /// Only the installation's own runs; none of them where not.
    pub system: bool,
    /// Only trials, or none of them.
    pub trials: Option<bool>,
    /// Created at or after.
    pub since: Option<Micros>,
    /// Created before.
    pub until: Option<Micros>,
    /// Ended, and took at least so long.
    pub at_least: Option<Micros>,
    /// Ended, and took at most so long.
    pub at_most: Option<Micros>,
}

/// A run to be started by hand or by a trigger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewRun {
    pub input: Value,
    /// The same key of the same flow, from the same trigger, is the same run.
    pub idempotency_key: Option<Text>,
    /// The run's id, where the caller makes one of its own that repeats with the cause.
    pub run: Option<Text>,
    pub priority: i32,
    /// What starts it, as [`cause`] says it; by hand where nothing is said.
    pub cause: Option<Text>,
    /// How long its end is waited for, where it is.
    pub patience: Option<Duration>,
    pub runtime: OnRuntime,
}

/// A key of whoever starts runs, which means nothing to others: not to another flow, and not at another door.
fn own_key(flow: &str, cause: Option<&str>, key: &str) -> Text {
    let parts = [flow, cause.unwrap_or_default(), key];
    Value::array(parts.map(Value::from)).to_json().into()
}

/// A trigger as what started a run.
pub(crate) fn cause(sort: &str, trigger: &str) -> Text {
    format!("{sort}/{trigger}").into()
}

/// One journal record or several, and where to go on.
pub struct JournalPart {
    pub records: Vec<Record>,
    pub next: Option<u64>,
}

const RECORDS: u32 = 1_000;

/// What starts runs.
const CAUSES: [&str; 9] = ["webhook", "interface", "schedule", "event", "email", "manual", "trial", "fork", "system"];

/// How long runs are looked for before there is an answer. A look that has begun is ended, and none takes much longer
/// than all before it.
const LOOK: Micros = 5_000;
/// How many runs are looked at first, and at most in one look.
const FIRST_LOOK: u32 = 500;
const MOST_LOOK: u32 = 4_000;

impl Control {
    /// The row of a run of this tenant. One of another tenant costs the same and does not exist.
    pub(crate) async fn row(&self, caller: &Caller, run: &str) -> Result<Run> {
        let found = self.store.run(run).await?;
        found.filter(|row| row.place.tenant == caller.tenant).ok_or(ControlError::not_found("run"))
    }

    pub async fn list_runs(
        &self,
        caller: &Caller,
        query: &RunQuery,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Listed<Run>> {
        let mut filter = RunFilter {
            tenant: Some(caller.tenant.clone()),
            project: query.project.clone(),
            service: query.service.clone(),
            flow: None,
            statuses: query.statuses.clone(),
            text: query.text.clone(),
            under: None,
            cause: None,
            system: (query.project.as_deref() != Some(SYSTEM_PROJECT)).then_some(query.system),
            begins: query.trials.filter(|only| *only).map(|_| crate::TRIAL.into()),
            begins_not: query.trials.filter(|only| !*only).map(|_| crate::TRIAL.into()),
            since: query.since,
            until: query.until,
            at_least: query.at_least,
            at_most: query.at_most,
        };
        if let Some(id) = &query.flow {
            let flow = self.flow(caller, id).await?.value;
            (filter.project, filter.flow) = (Some(flow.project), Some(flow.name));
        }
        if let Some(trigger) = &query.trigger {
            self.narrow_to(caller, &mut filter, trigger).await?;
        }
        let before = before.map(|text| self.read_run_place(&caller.tenant, text)).transpose()?;
        let page = self.look_for_runs(&filter, PageRequest { before, limit }).await?;
        Ok(Listed { items: page.items, next: page.next.map(|place| self.run_place(&caller.tenant, place)) })
    }

    /// A page of runs, full or not, as soon as enough time was spent on it: where few runs of very many pass a filter
    /// that no index knows, whoever asks goes on from `next`, and nobody waits for a look at all of them.
    async fn look_for_runs(&self, filter: &RunFilter, page: PageRequest) -> Result<Page<Run>> {
        let (until, mut most) = (self.now().saturating_add(LOOK), FIRST_LOOK);
        let mut found = Page { items: Vec::new(), next: page.before };
        loop {
            let limit = page.limit.saturating_sub(u32::try_from(found.items.len()).unwrap_or(u32::MAX));
            let part = self.store.look_for_runs(filter, PageRequest { before: found.next, limit }, most).await?;
            found.items.extend(part.items);
            found.next = part.next;
            let full = found.next.is_none() || found.items.len() >= page.limit as usize;
            if full || self.now() >= until {
                return Ok(found);
            }
            most = most.saturating_mul(2).min(MOST_LOOK);
        }
    }

    /// A sort of trigger is taken as it is. One trigger's runs are found by its flow's name, which has an index.
    async fn narrow_to(&self, caller: &Caller, filter: &mut RunFilter, trigger: &Text) -> Result<()> {
        if CAUSES.contains(&&**trigger) {
            filter.cause = Some(trigger.clone());
            return Ok(());
        }
        let (sort, flow) = match records::find::<Trigger>(&*self.documents, &caller.scope(), trigger).await? {
            Some(found) => (found.value.spec.sort(), found.value.flow),
            None => ("interface", self.opened_flow(caller, trigger).await?),
        };
        filter.cause = Some(cause(sort, trigger));
        if filter.flow.is_none() {
            let flow = self.flow(caller, &flow).await?.value;
            (filter.project, filter.flow) = (Some(flow.project), Some(flow.name));
        }
        Ok(())
    }

    /// The flow that an interface opens at a path.
    async fn opened_flow(&self, caller: &Caller, interface: &str) -> Result<Text> {
        let found = records::find::<Interface>(&*self.documents, &caller.scope(), interface).await?;
        match found.map(|found| found.value.spec) {
            Some(InterfaceSpec::Flow(open)) => Ok(open.flow),
            _ => Err(ControlError::not_found("trigger")),
        }
    }

    pub async fn run(&self, caller: &Caller, run: &str) -> Result<(Run, RunView)> {
        let row = self.row(caller, run).await?;
        let view = self.runs.view(&row.id).await?;
        Ok((row, view))
    }

    pub async fn wait(&self, caller: &Caller, run: &str, until: Until) -> Result<RunView> {
        let row = self.row(caller, run).await?;
        Ok(self.runs.wait(&row.id, until).await?)
    }

    /// Those that have begun.
    pub async fn steps(&self, caller: &Caller, run: &str) -> Result<Vec<StepView>> {
        let row = self.row(caller, run).await?;
        let mut steps = self.runs.steps(&row.id).await?;
        if has_had_no_turn(&row) {
            steps.retain(|step| step.has_begun_before(row.created_at));
        }
        Ok(steps)
    }

    pub async fn logs(&self, caller: &Caller, run: &str) -> Result<Vec<LogView>> {
        let row = self.row(caller, run).await?;
        Ok(self.runs.logs(&row.id).await?)
    }

    /// The state after a record, or as it is.
    pub async fn replay(&self, caller: &Caller, run: &str, to: Option<u64>) -> Result<ReplayView> {
        let row = self.row(caller, run).await?;
        let replayed = self.runs.replay(&row.id, to).await?;
        let is_to_come = to.is_none() && has_had_no_turn(&row);
        Ok(if is_to_come { replayed.before_its_turn(row.created_at) } else { replayed })
    }

    pub async fn query_run(&self, caller: &Caller, run: &str, name: &str) -> Result<Value> {
        let row = self.row(caller, run).await?;
        Ok(self.runs.query(&row.id, name).await?)
    }

    pub async fn journal(&self, caller: &Caller, run: &str, from: u64, limit: u32) -> Result<JournalPart> {
        let row = self.row(caller, run).await?;
        let limit = limit.clamp(1, RECORDS);
        let mut records = self.store.records(row.key, from.max(1), limit + 1).await?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = records.last().filter(|_| more).map(|record| record.seq + 1);
        Ok(JournalPart { records, next })
    }

    /// Asks something of an open run: signal, cancel, pause, resume, a decision.
    pub async fn ask_run(&self, caller: &Caller, run: &str, request: Request) -> Result<RunView> {
        let row = self.row(caller, run).await?;
        let action = format!("run.{}", request.name());
        let shown = match &request {
            Request::Signal { name, id, .. } => serde_json::json!({"name": name, "id": id}),
            Request::Cancel { reason } => serde_json::json!({"reason": reason}),
            Request::Override { path, .. } => serde_json::json!({"path": path}),
            Request::Decide { path, decision } => {
                serde_json::json!({"path": path, "decision": format!("{decision:?}").to_lowercase()})
            }
            Request::Pause | Request::Resume => serde_json::Value::Null,
        };
        self.runs.request(&row.id, request).await?;
        self.note(caller, &action, &row.id, shown).await;
        Ok(self.runs.view(&row.id).await?)
    }

    pub async fn decide(&self, caller: &Caller, run: &str, path: &str, decision: Decision) -> Result<RunView> {
        self.ask_run(caller, run, Request::Decide { path: path.into(), decision }).await
    }

    /// Writes an audit entry about something that has happened already.
    pub(crate) async fn note(&self, caller: &Caller, action: &str, target: &Text, after: serde_json::Value) {
        self.note_change(caller, action, target, serde_json::Value::Null, after).await;
    }

    /// As [`Control::note`], where something was there before.
    pub(crate) async fn note_change(
        &self,
        caller: &Caller,
        action: &str,
        target: &Text,
        before: serde_json::Value,
        after: serde_json::Value,
    ) {
        let mut changes = self.changes(caller);
        changes.note_change(action, target, before, after);
        if let Err(error) = changes.commit().await {
            tracing::error!(action, %target, "an audit entry was not written: {error}");
        }
    }

    /// Starts a run of what is switched on; the run is on disk when this returns.
    pub async fn start_run(&self, caller: &Caller, flow: &str, new: NewRun) -> Result<RunView> {
        let flow = self.flow(caller, flow).await?;
        let Running { hash, runtime } = Self::deployed(self.deployment(caller, &flow.id).await?.as_ref())?;
        self.begin_run(&caller.tenant, &flow, FlowRef::Version(hash), NewRun { runtime, ..new }).await
    }

    pub(crate) async fn begin_run(
        &self,
        tenant: &Text,
        flow: &Kept<FlowDraft>,
        reference: FlowRef,
        new: NewRun,
    ) -> Result<RunView> {
        let FlowDraft { project, service, name, .. } = &flow.value;
        let place = Place { tenant: tenant.clone(), project: project.clone(), service: service.clone() };
        self.begin_in(place, &flow.id, name, reference, new).await
    }

    /// Starts a run of a flow that is known by its id and its name.
    pub(crate) async fn begin_in(
        &self,
        place: Place,
        flow: &Text,
        name: &Text,
        reference: FlowRef,
        new: NewRun,
    ) -> Result<RunView> {
        let taken = self.take_execution(&place.tenant).await;
        self.awake.used(flow, &place, name, &reference, self.now());
        let idempotency_key = new.idempotency_key.map(|key| own_key(flow, new.cause.as_deref(), &key));
        let Place { tenant, project, service } = place;
        let start = StartRun {
            flow: reference,
            input: new.input,
            run: new.run,
            idempotency_key,
            tenant,
            project,
            service,
            priority: new.priority,
            cause: new.cause.or_else(|| Some("manual".into())),
            runtime: new.runtime,
        };
        let taken = match taken {
            Ok(taken) => taken,
            // The month was not used up when the same start came first: it gets the answer it got then.
            Err(refused) => return self.runs.begun(&start).await?.ok_or(refused),
        };
        let (view, new) = match new.patience {
            Some(patience) => self.runs.begin_and_wait(start, patience).await?,
            None => self.runs.begin(start).await?,
        };
        // The same run again uses nothing.
        if new {
            taken.keep();
        }
        Ok(view)
    }

    /// A place in the month's executions, given back if it is not used.
    pub(crate) async fn take_execution(&self, tenant: &Text) -> Result<Taken> {
        let month = self.month();
        let limit = self.limits_of(tenant).await?.executions;
        if !self.quota.knows(tenant, &month) {
            let used = self.count_executions(tenant, &month).await?;
            self.quota.begin(tenant, &month, used);
        }
        match self.quota.take(tenant, &month, limit) {
            true => Ok(Taken::of(&self.quota, tenant, &month)),
            false => Err(ControlError::Limit {
                code: "EXECUTIONS_USED_UP",
                message: "this month's executions are used up: wait for the next month, or change the tier".to_owned(),
                limit: limit.unwrap_or_default(),
            }),
        }
    }

    /// A new run that goes on from a record of another, with changes.
    pub async fn fork(&self, caller: &Caller, run: &str, at: u64, changes: &[Change]) -> Result<Forked> {
        let row = self.row(caller, run).await?;
        if &*row.place.project == SYSTEM_PROJECT {
            let message = "this is a run of Weir's own; nothing starts from it anew";
            return Err(ControlError::state("SYSTEM_RUN", message));
        }
        let place = self.take_execution(&caller.tenant).await?;
        let forked = self.runs.fork(&row.id, at, changes).await?;
        place.keep();
        self.note(caller, "run.forked", &row.id, serde_json::json!({"at": at, "run": forked.run})).await;
        Ok(forked)
    }

    /// The steps such a fork would run again.
    pub async fn rehearse_fork(&self, caller: &Caller, run: &str, at: u64, changes: &[Change]) -> Result<Vec<Text>> {
        let row = self.row(caller, run).await?;
        Ok(self.runs.rehearse_fork(&row.id, at, changes).await?)
    }

    /// What going on with a failed run under the newest version of its flow, or under its draft, would mean; and
    /// unless it is only asked, goes on with it.
    pub async fn fix_forward(&self, caller: &Caller, run: &str, fix: &Fix) -> Result<Offer> {
        let row = self.row(caller, run).await?;
        let source = self.fixed_source(caller, &row, fix).await?;
        self.fix_one(caller, &row, &source, fix).await
    }

    pub(crate) async fn fix_one(&self, caller: &Caller, row: &Run, source: &FlowSource, fix: &Fix) -> Result<Offer> {
        let offer = self.runs.fix_forward(&row.id, source, fix.dry_run, fix.force).await?;
        if offer.resumed {
            self.note(caller, "run.fixed", &row.id, serde_json::Value::Null).await;
        }
        Ok(offer)
    }

    pub(crate) async fn fixed_source(&self, caller: &Caller, row: &Run, fix: &Fix) -> Result<FlowSource> {
        let flow = self.flow_named(&caller.tenant, &row.place.project, &row.flow).await?;
        let flow = flow.ok_or(ControlError::not_found("flow"))?;
        let draft = match fix.release {
            None => flow.value.clone(),
            Some(number) => {
                let release = self.release(caller, &flow.id, number).await?.value;
                FlowDraft { files: release.files, bindings: release.bindings, ..flow.value.clone() }
            }
        };
        let compiled = self.compile_draft(&caller.tenant, &draft).await?;
        let flow = compiled.runnable()?.clone();
        let files = draft.files.iter().map(|file| (file.name.clone(), file.text.clone())).collect();
        Ok(FlowSource { flow, files })
    }

    /// Fixes failed runs of a flow, newest first, at most so many; the others can be asked for next.
    pub async fn fix_all(
        &self,
        caller: &Caller,
        flow: &str,
        fix: &Fix,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Listed<Offer>> {
        let query = RunQuery {
            flow: Some(flow.into()),
            statuses: vec![Status::Failed, Status::TimedOut],
            ..RunQuery::default()
        };
        let found = self.list_runs(caller, &query, before, limit).await?;
        let mut offers = Vec::new();
        let mut source = None;
        for row in &found.items {
            if source.is_none() {
                source = Some(self.fixed_source(caller, row, fix).await?);
            }
            if let Some(source) = &source {
                offers.push(self.fix_one(caller, row, source, fix).await?);
            }
        }
        Ok(Listed { items: offers, next: found.next })
    }
}

/// How failed runs are to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fix {
    /// Under this version; under the draft for none.
    pub release: Option<u64>,
    pub dry_run: bool,
    /// Also where steps ran because of the failure.
    pub force: bool,
}

impl Control {
    /// What an expression gives at a step of a stored run, or at the run itself.
    pub async fn preview(
        &self,
        caller: &Caller,
        run: &str,
        what: &Preview,
        step: Option<&str>,
        at: Option<u64>,
    ) -> Result<Previewed> {
        let row = self.row(caller, run).await?;
        Ok(self.runs.preview(&row.id, what, step, at).await?)
    }
}

/// One that goes on after it was mended waits for its turn too, and has begun before.
fn has_had_no_turn(row: &Run) -> bool {
    row.status == Status::Pending && row.started_at.is_none()
}
