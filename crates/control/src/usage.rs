use crate::control::Control;
use crate::model::Usage;
use crate::records::{self, Kept};
use crate::{Caller, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use weir_base::{Duration, Micros, Text};
use weir_store::{Change, RunKey, Scope};

/// Runs that are so old have no older ones after them that are still to be written.
const SETTLED: Duration = Duration::from_secs(60);

/// What a tenant has used of what it may.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageView {
    pub month: Text,
    pub executions: u64,
    pub flows: u64,
    pub members: u64,
    /// Bytes that flows remember.
    pub memory: u64,
    pub limits: crate::options::Tier,
}

impl Control {
    /// The month now, in UTC: `2026-11`.
    pub(crate) fn month(&self) -> Text {
        month_of(self.now())
    }

    /// The limits of the tenant's tier, remembered for a while with its webhooks.
    pub(crate) async fn limits_of(&self, tenant: &Text) -> Result<Arc<crate::options::Tier>> {
        if let Some(limits) = self.doors.limits(tenant) {
            return Ok(limits);
        }
        let limits = Arc::new(self.limits(tenant).await?);
        self.doors.keep_limits(tenant, limits.clone());
        Ok(limits)
    }

    /// What was added up before, and the runs since.
    pub(crate) async fn count_executions(&self, tenant: &Text, month: &Text) -> Result<u64> {
        let kept = records::named::<Usage>(&*self.documents, tenant, "", month).await?;
        self.count_through(tenant, month, kept.as_ref(), RunKey(i64::MAX)).await
    }

    /// What was added up before, and the runs since up to this one.
    async fn count_through(
        &self,
        tenant: &Text,
        month: &Text,
        kept: Option<&Kept<Usage>>,
        through: RunKey,
    ) -> Result<u64> {
        let (sum, after) = kept.map_or((0, 0), |usage| (usage.value.executions, usage.value.through));
        let count = self.store.count_started(tenant, RunKey(after), through, month_start(month)).await?;
        Ok(sum + count)
    }

    /// Adds up what was used, so that runs may be forgotten without being forgotten here.
    pub async fn roll_up(&self, tenant: &Text) -> Result<()> {
        let month = self.month();
        let newest = self.store.newest_run_before(self.now().saturating_sub(SETTLED.micros())).await?;
        let old = records::named::<Usage>(&*self.documents, tenant, "", &month).await?;
        let newest = newest.max(RunKey(old.as_ref().map_or(0, |old| old.value.through)));
        // What is younger counts the next time.
        let executions = self.count_through(tenant, &month, old.as_ref(), newest).await?;
        let usage = Usage { month, executions, through: newest.0 };
        if old.as_ref().is_some_and(|old| old.value == usage) {
            return Ok(());
        }
        let now = self.now();
        let step = match old {
            Some(old) => {
                let kept = Kept { value: usage, updated_at: now, ..old.clone() };
                Change::Replace {
                    table: weir_store::Table::Usage,
                    document: kept.document(),
                    expected: Some(old.revision),
                }
            }
            None => {
                let (id, tenant) = (self.new_id(), tenant.clone());
                let kept = Kept { tenant, id, revision: 1, created_at: now, updated_at: now, value: usage };
                Change::Insert(weir_store::Table::Usage, kept.document())
            }
        };
        Ok(self.documents.change(&Scope::Tenant(tenant.clone()), vec![step]).await?)
    }

    /// Adds up what every tenant has used that was active since the start.
    pub async fn roll_up_all(&self) -> Result<()> {
        let month = self.month();
        for tenant in self.quota.tenants(&month) {
            self.roll_up(&tenant).await?;
        }
        Ok(())
    }

    pub async fn usage(&self, caller: &Caller) -> Result<UsageView> {
        let (tenant, month) = (&caller.tenant, self.month());
        let scope = caller.scope();
        let all = weir_store::DocumentFilter::default();
        let executions = match self.quota.knows(tenant, &month) {
            true => self.quota.used(tenant, &month),
            false => self.count_executions(tenant, &month).await?,
        };
        let flows = self.documents.count_documents(&scope, weir_store::Table::FlowDrafts, &all).await?;
        let members = self.documents.count_documents(&scope, weir_store::Table::Members, &all).await?;
        let memory = self.memory.used(tenant).await?;
        Ok(UsageView { month, executions, flows, members, memory, limits: self.limits(tenant).await? })
    }
}

/// The month a time lies in, in UTC: `2026-11`.
fn month_of(at: Micros) -> Text {
    let bound = if at < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let day = Timestamp::from_microsecond(at).unwrap_or(bound).to_zoned(TimeZone::UTC).date();
    format!("{:04}-{:02}", day.year(), day.month()).into()
}

/// The first moment of a month written by [`month_of`].
fn month_start(month: &str) -> Micros {
    let first = format!("{month}-01T00:00:00Z").parse::<Timestamp>();
    first.map(Timestamp::as_microsecond).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months() {
        for (days, expected) in [(0, "1970-01"), (59, "1970-03"), (11_016, "2000-02"), (20_785, "2026-11")] {
            assert_eq!(&*month_of(days * 86_400_000_000), expected, "{days}");
        }
        for month in ["1970-01", "2000-02", "2000-03", "2026-11", "2026-12"] {
            let start = month_start(month);
            assert_eq!(&*month_of(start), month);
            assert_ne!(&*month_of(start - 1), month);
        }
    }
}
