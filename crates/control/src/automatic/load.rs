//! Reads what the plan is made of, at first all of it, then whatever has changed.

use super::plan::{Planned, Scheduled, Target, Watching, What};
use crate::control::Control;
use crate::model::{Deployment, FlowDraft, Tenant, Trigger, TriggerSpec, TriggerState};
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use weir_base::Text;
use weir_engine::Status;
use weir_schedule::Schedule;
use weir_store::{Change, DocumentFilter, Scope, Table};

/// What has changed since the plan was made. Each with its tenant.
#[derive(Default)]
pub(crate) struct Changed {
    everything: bool,
    triggers: BTreeSet<(Text, Text)>,
    flows: BTreeSet<(Text, Text)>,
    tenants: BTreeSet<Text>,
}

impl Changed {
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// What the plan depends on in a change.
    pub fn by(changes: &[Change]) -> Self {
        let mut changed = Self::default();
        changes.iter().for_each(|change| changed.note(change));
        changed
    }

    pub fn is_empty(&self) -> bool {
        !self.everything && self.triggers.is_empty() && self.flows.is_empty() && self.tenants.is_empty()
    }

    fn note(&mut self, change: &Change) {
        let (table, tenant, id) = match change {
            Change::Insert(table, document) | Change::Replace { table, document, .. } => {
                (*table, &document.tenant, &document.id)
            }
            Change::Delete { table, tenant, id, .. } => (*table, tenant, id),
            _ => return,
        };
        match table {
            Table::Triggers => drop(self.triggers.insert((tenant.clone(), id.clone()))),
            Table::Deployments | Table::FlowDrafts => drop(self.flows.insert((tenant.clone(), id.clone()))),
            Table::Tenants => drop(self.tenants.insert(id.clone())),
            _ => {}
        }
    }

    pub fn merge(&mut self, other: Changed) {
        self.everything |= other.everything;
        self.triggers.extend(other.triggers);
        self.flows.extend(other.flows);
        self.tenants.extend(other.tenants);
    }
}

/// Flows and organisations that were looked up already.
#[derive(Default)]
struct Seen {
    targets: HashMap<Text, Option<Arc<Target>>>,
    suspended: HashMap<Text, bool>,
}

impl Control {
    /// Brings the plan up to date. Where nothing has changed, nothing is read.
    pub(crate) async fn refresh_triggers(&self) -> Result<()> {
        let _one = self.automatic.refreshing.lock().await;
        let changed = std::mem::take(&mut *self.automatic.changed());
        if changed.is_empty() {
            return Ok(());
        }
        let done = self.read_changed(&changed).await;
        if done.is_err() {
            self.automatic.changed().merge(changed);
        }
        done
    }

    async fn read_changed(&self, changed: &Changed) -> Result<()> {
        let mut seen = Seen::default();
        if changed.everything {
            return self.read_all(&mut seen).await;
        }
        for (tenant, id) in &changed.triggers {
            let scope = Scope::Tenant(tenant.clone());
            match records::find::<Trigger>(&*self.documents, &scope, id).await? {
                Some(trigger) => self.take_in(trigger, &mut seen).await?,
                None => self.drop_trigger(id),
            }
        }
        for (tenant, flow) in &changed.flows {
            self.read_some(&Scope::Tenant(tenant.clone()), &records::under(flow), &mut seen).await?;
        }
        for tenant in &changed.tenants {
            self.read_some(&Scope::Tenant(tenant.clone()), &DocumentFilter::default(), &mut seen).await?;
        }
        Ok(())
    }

    async fn read_all(&self, seen: &mut Seen) -> Result<()> {
        let states: Vec<Kept<TriggerState>> =
            records::all(&*self.documents, &Scope::System, &DocumentFilter::default()).await?;
        {
            let mut inner = self.automatic.inner();
            states.into_iter().for_each(|kept| inner.progress.learn(&kept.tenant, &kept.id, Some(kept.value)));
        }
        for label in ["schedule", "event"] {
            let filter = DocumentFilter { label: Some(label.into()), ..DocumentFilter::default() };
            self.read_some(&Scope::System, &filter, seen).await?;
        }
        Ok(())
    }

    async fn read_some(&self, scope: &Scope, filter: &DocumentFilter, seen: &mut Seen) -> Result<()> {
        for trigger in records::all::<Trigger>(&*self.documents, scope, filter).await? {
            self.take_in(trigger, seen).await?;
        }
        Ok(())
    }

    fn drop_trigger(&self, id: &Text) {
        let mut inner = self.automatic.inner();
        inner.plan.remove(id);
        inner.progress.forget(id);
    }

    async fn take_in(&self, trigger: Kept<Trigger>, seen: &mut Seen) -> Result<()> {
        if matches!(trigger.value.spec, TriggerSpec::Webhook { .. } | TriggerSpec::Email(_)) {
            return Ok(());
        }
        let target = match trigger.value.enabled {
            true => self.target(&trigger.tenant, &trigger.value.flow, seen).await?,
            false => None,
        };
        let known = self.automatic.inner().progress.of(&trigger.id).is_some();
        if !known {
            let scope = Scope::Tenant(trigger.tenant.clone());
            let state = records::find::<TriggerState>(&*self.documents, &scope, &trigger.id).await?;
            let state = state.map(|state| state.value);
            self.automatic.inner().progress.learn(&trigger.tenant, &trigger.id, state);
        }
        let mut inner = self.automatic.inner();
        let last = inner.progress.of(&trigger.id).map_or(0, |state| state.last);
        match target.and_then(|target| planned(&trigger, target, last)) {
            Some(planned) => inner.plan.put(planned),
            None => inner.plan.remove(&trigger.id),
        }
        Ok(())
    }

    /// The flow a trigger starts; none where it is gone.
    async fn target(&self, tenant: &Text, flow: &Text, seen: &mut Seen) -> Result<Option<Arc<Target>>> {
        if let Some(known) = seen.targets.get(flow) {
            return Ok(known.clone());
        }
        let scope = Scope::Tenant(tenant.clone());
        let found = records::find::<FlowDraft>(&*self.documents, &scope, flow).await?;
        let deployment = records::find::<Deployment>(&*self.documents, &scope, flow).await?;
        let suspended = self.is_suspended(tenant, seen).await?;
        let running = deployment.filter(|_| !suspended).and_then(|deployment| deployment.value.running());
        let target = found.map(|found| {
            let FlowDraft { project, service, name, .. } = found.value;
            Arc::new(Target { tenant: tenant.clone(), project, service, flow: flow.clone(), name, running })
        });
        seen.targets.insert(flow.clone(), target.clone());
        Ok(target)
    }

    async fn is_suspended(&self, tenant: &Text, seen: &mut Seen) -> Result<bool> {
        if let Some(known) = seen.suspended.get(tenant) {
            return Ok(*known);
        }
        let found = records::find::<Tenant>(&*self.documents, &Scope::System, tenant).await?;
        let suspended = found.is_none_or(|found| found.value.suspended);
        seen.suspended.insert(tenant.clone(), suspended);
        Ok(suspended)
    }
}

fn planned(trigger: &Kept<Trigger>, target: Arc<Target>, last: i64) -> Option<Planned> {
    let what = match &trigger.value.spec {
        TriggerSpec::Webhook { .. } | TriggerSpec::Email(_) => return None,
        TriggerSpec::Schedule { schedule, input } => {
            let schedule = Schedule::read(schedule).map_err(|problems| {
                let problem = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
                tracing::error!(trigger = %trigger.id, tenant = %trigger.tenant, "a schedule cannot be read: {problem}");
            });
            let (schedule, input) = (Arc::new(schedule.ok()?), weir_base::Value::from(input.clone()));
            What::Schedule(Scheduled { schedule, input, last, unsure: true, tries: 0 })
        }
        TriggerSpec::Event { flow, on, allow_self } => What::Event(Watching {
            flow: flow.clone(),
            on: on.iter().filter_map(|status| Status::parse(status)).collect(),
            allow_self: *allow_self,
        }),
    };
    let (id, name, from) = (trigger.id.clone(), trigger.value.name.clone(), trigger.value.from);
    Some(Planned { id, name, target, from, what })
}

/// Checks a schedule's settings as they come in.
pub(crate) fn check_schedule(schedule: &serde_json::Value, input: &serde_json::Value) -> Result<()> {
    if let Err(diagnostics) = Schedule::read(schedule) {
        let first = diagnostics.first();
        let code = first.map_or(weir_schedule::codes::SCHEDULE_INVALID, |problem| known_code(problem.code.as_str()));
        let told = first.map_or_else(String::new, |problem| match problem.path.as_str() {
            "" => problem.message.clone(),
            path => format!("{path}: {}", problem.message),
        });
        return Err(ControlError::Invalid { code, message: told, diagnostics });
    }
    match input.is_null() || input.is_object() {
        true => Ok(()),
        false => Err(ControlError::invalid(
            weir_schedule::codes::SCHEDULE_INVALID,
            "input: what the runs of a schedule start with is an object; `scheduledAt` and `trigger` are put into it",
        )),
    }
}

fn known_code(code: &str) -> &'static str {
    use weir_schedule::codes::{CRON_INVALID, SCHEDULE_INVALID, SCHEDULE_NEVER_DUE, TIME_ZONE_UNKNOWN};
    [CRON_INVALID, SCHEDULE_NEVER_DUE, TIME_ZONE_UNKNOWN]
        .into_iter()
        .find(|known| *known == code)
        .unwrap_or(SCHEDULE_INVALID)
}
