use super::{SystemFlow, begin};
use crate::control::Control;
use crate::model::Tenant;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use weir_base::{Duration, Micros, Text, Value};
use weir_store::{DocumentFilter, EndedFilter, PageRequest, RunFilter, Scope};

/// Runs of the installation's own are overdue for so long before a run is made to forget them: else forgetting would
/// itself make something to forget in every period.
const OVERDUE: Duration = Duration::from_secs(24 * 3_600);

/// What was done in which period, so that nothing is asked of the database to find that there is nothing to do.
#[derive(Default)]
pub struct House {
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    /// The period in which old things were looked for, everybody's.
    retention: Option<i64>,
    /// The period in which those of one tenant were, while those of others could not be.
    retention_of: HashMap<Text, i64>,
    /// By tenant the period, and what had been used then.
    usage: HashMap<Text, (i64, u64)>,
}

impl House {
    fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Control {
    /// Starts the runs that are due of what the installation does for itself: at most one of each sort, organisation
    /// and period, and none where there is nothing to do. Called now and then, however often.
    pub async fn keep_house(&self) -> Result<()> {
        let period = self.now().div_euclid(self.options.retention.every.micros().max(1));
        let added = self.add_up_where_used(period).await;
        let forgotten = self.forget_where_due(period).await;
        added.and(forgotten)
    }

    async fn add_up_where_used(&self, period: i64) -> Result<()> {
        let (month, mut result) = (self.month(), Ok(()));
        for tenant in self.quota.tenants(&month) {
            let used = self.quota.used(&tenant, &month);
            let known = self.house.done().usage.get(&tenant).copied();
            if known.is_some_and(|(of, counted)| of == period || counted == used) {
                continue;
            }
            let run = format!("usage-{tenant}-{period}");
            match begin(&*self.runs, SystemFlow::Usage, &tenant, run, Value::Null).await {
                Ok(_) => drop(self.house.done().usage.insert(tenant, (period, used))),
                Err(error) => result = passed_over(result, "what was used is not added up", &tenant, error.into()),
            }
        }
        result
    }

    async fn forget_where_due(&self, period: i64) -> Result<()> {
        if self.house.done().retention == Some(period) {
            return Ok(());
        }
        let tenants: Vec<Kept<Tenant>> =
            records::all(&*self.documents, &Scope::System, &DocumentFilter::default()).await?;
        let (nobody, mut result): (Text, _) = ("".into(), Ok(()));
        for tenant in tenants.into_iter().map(|tenant| tenant.id).chain([nobody]) {
            if self.house.done().retention_of.get(&tenant) == Some(&period) {
                continue;
            }
            match self.forget_of(&tenant, period).await {
                Ok(()) => drop(self.house.done().retention_of.insert(tenant, period)),
                Err(error) => result = passed_over(result, "old things are not looked for", &tenant, error),
            }
        }
        if result.is_ok() {
            let mut done = self.house.done();
            done.retention_of.clear();
            done.retention = Some(period);
        }
        result
    }

    async fn forget_of(&self, tenant: &Text, period: i64) -> Result<()> {
        if self.has_old(tenant).await? {
            let run = format!("retention-{}-{period}", if tenant.is_empty() { "installation" } else { tenant });
            begin(&*self.runs, SystemFlow::Retention, tenant, run, Value::Null).await?;
        }
        Ok(())
    }

    /// Whether there is anything of a tenant's to be forgotten; of nobody's for an empty one.
    async fn has_old(&self, tenant: &Text) -> Result<bool> {
        let retention = self.options.retention;
        if let Some(kept) = retention.runs {
            let filter = EndedFilter {
                tenant: tenant.clone(),
                from: Micros::MIN,
                until: self.before(kept),
                ..EndedFilter::default()
            };
            if !self.store.ended_runs(&filter, None, 1).await?.is_empty() {
                return Ok(true);
            }
        }
        if !tenant.is_empty() && self.has_overdue_flows(tenant).await? {
            return Ok(true);
        }
        let own = RunFilter {
            tenant: Some(tenant.clone()),
            system: Some(true),
            until: Some(self.before(retention.own).saturating_sub(OVERDUE.micros())),
            ..RunFilter::default()
        };
        if !self.store.list_runs(&own, PageRequest { before: None, limit: 1 }).await?.items.is_empty() {
            return Ok(true);
        }
        match retention.logs.filter(|_| tenant.is_empty()) {
            Some(kept) => {
                let oldest = self.store.observations_of_all(0, 1).await?;
                Ok(oldest.first().is_some_and(|oldest| oldest.seen.at < self.before(kept)))
            }
            None => Ok(false),
        }
    }

    pub(super) fn before(&self, age: Duration) -> Micros {
        self.now().saturating_sub(age.micros())
    }

    /// Sees to it that a letter with which a new password can be set is written, if there is such an account. Whether
    /// there is, is found out later, so that asking costs the same.
    pub(crate) async fn begin_reset(&self, email: &Text) -> Result<()> {
        let run = format!("reset-{}", self.new_id());
        let input = Value::object([("email", email.clone().into())]);
        begin(&*self.runs, SystemFlow::Reset, &"".into(), run, input).await.map(drop).map_err(ControlError::from)
    }
}

/// What one organisation's failure comes to: it is said, the others have their turn, and this one is tried again the
/// next time.
fn passed_over(before: Result<()>, what: &str, tenant: &Text, error: ControlError) -> Result<()> {
    tracing::warn!(%tenant, "{what} at present: {error}");
    before.and(Err(error))
}
