use crate::control::Control;
use crate::model::DeploymentState;
use crate::{ControlError, Result};
use weir_base::Text;
use weir_runs::Load;
use weir_store::{DocumentFilter, Scope, Table};

/// Tenants that are shown each by itself. More would be more series than whoever collects them wants.
const TENANTS: usize = 200;

/// Numbers about the whole installation, for those who keep it running. They name tenants, so they are not for users.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    /// How many flows are in which state, over all tenants.
    pub flows: Vec<(&'static str, u64)>,
    /// What the busiest tenants have used of what they may.
    pub limits: Vec<LimitUse>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitUse {
    pub tenant: Text,
    /// `executions` of this month, or `concurrency`: runs at the same time.
    pub limit: &'static str,
    pub used: u64,
    /// None for no limit.
    pub allowed: Option<u64>,
}

impl Control {
    /// How busy the runtime is. Asks nothing of the database.
    pub fn load(&self) -> Load {
        self.runs.load()
    }

    /// 128 random bits as 32 hexadecimal digits.
    pub fn random_id(&self) -> Text {
        let mut bits = [0; 16];
        self.ambient.fill(&mut bits);
        format!("{:032x}", u128::from_be_bytes(bits)).into()
    }

    /// Requests a minute that one key, session or webhook of the tenant may make; none for no limit.
    pub async fn rate_of(&self, tenant: &Text) -> Result<Option<u32>> {
        match self.limits_of(tenant).await {
            Ok(limits) => Ok(limits.rate),
            Err(ControlError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub async fn measures(&self, load: &Load) -> Result<Measures> {
        Ok(Measures { flows: self.flows_by_state().await?, limits: self.limit_use(load).await? })
    }

    async fn flows_by_state(&self) -> Result<Vec<(&'static str, u64)>> {
        use DeploymentState::{Error, Running, Starting, Stopped};
        let count = async |table, label: Option<&str>| {
            let filter = DocumentFilter { label: label.map(Text::from), ..DocumentFilter::default() };
            self.documents.count_documents(&Scope::System, table, &filter).await
        };
        let all = count(Table::FlowDrafts, None).await?;
        let mut found = Vec::new();
        for state in [Starting, Running, Error] {
            found.push((state.as_str(), count(Table::Deployments, Some(state.as_str())).await?));
        }
        // A flow that was never switched on has no deployment.
        let other: u64 = found.iter().map(|(_, count)| count).sum();
        found.insert(0, (Stopped.as_str(), all.saturating_sub(other)));
        Ok(found)
    }

    async fn limit_use(&self, load: &Load) -> Result<Vec<LimitUse>> {
        let month = self.month();
        let mut tenants: Vec<(u64, Text)> =
            self.quota.tenants(&month).into_iter().map(|tenant| (self.quota.used(&tenant, &month), tenant)).collect();
        tenants.sort_by(|a, b| b.cmp(a));
        tenants.truncate(TENANTS);
        let mut found = Vec::new();
        for (used, tenant) in tenants {
            let limits = match self.limits_of(&tenant).await {
                Ok(limits) => limits,
                Err(ControlError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let open = load.open.iter().find(|(known, _)| *known == tenant).map_or(0, |(_, count)| u64::from(*count));
            let of = |limit, used, allowed| LimitUse { tenant: tenant.clone(), limit, used, allowed };
            found.push(of("executions", used, limits.executions));
            found.push(of("concurrency", open, limits.concurrency.map(u64::from)));
        }
        Ok(found)
    }
}
