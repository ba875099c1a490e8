use crate::caller::Caller;
use crate::control::Control;
use crate::flows::FlowQuery;
use crate::model::{Deployment, DeploymentState, FlowDraft, Release, Running};
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use weir_base::{Duration, Text};
use weir_runs::OnRuntime;

/// How a flow stands: what is published, what is switched on.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowStatus {
    pub state: DeploymentState,
    pub release: Option<u64>,
    pub published: Option<u64>,
    pub problem: Option<Text>,
    pub since: Option<i64>,
    /// What carries new runs.
    pub runtime: OnRuntime,
    /// It is running, but nothing of it is kept in memory until it is used again.
    pub asleep: bool,
}

impl Control {
    pub(crate) async fn deployment(&self, caller: &Caller, flow: &str) -> Result<Option<Kept<Deployment>>> {
        records::find(&*self.documents, &caller.scope(), flow).await
    }

    pub async fn flow_status(&self, caller: &Caller, id: &str) -> Result<FlowStatus> {
        let flow = self.flow(caller, id).await?;
        self.status_of(caller, &flow).await
    }

    /// A page of flows, each with how it stands.
    pub async fn list_flows_with_status(
        &self,
        caller: &Caller,
        query: &FlowQuery,
        page: &PageOf,
    ) -> Result<Listed<(Kept<FlowDraft>, FlowStatus)>> {
        let Listed { items: flows, next } = self.list_flows(caller, query, page).await?;
        let ids: Vec<Text> = flows.iter().map(|flow| flow.id.clone()).collect();
        let (documents, scope) = (&*self.documents, caller.scope());
        let mut releases = records::newest_under::<Release>(documents, &scope, &ids).await?;
        let mut deployments = records::by_id::<Deployment>(documents, &scope, &ids).await?;
        let idle = self.idle_time(&caller.tenant).await?;
        let mut items = Vec::with_capacity(flows.len());
        for flow in flows {
            let status = self.status(releases.remove(&flow.id), deployments.remove(&flow.id), idle);
            items.push((flow, status));
        }
        Ok(Listed { items, next })
    }

    pub(crate) async fn status_of(&self, caller: &Caller, flow: &Kept<FlowDraft>) -> Result<FlowStatus> {
        let published = self.newest_release(caller, flow).await?;
        let deployment = self.deployment(caller, &flow.id).await?;
        Ok(self.status(published, deployment, self.idle_time(&caller.tenant).await?))
    }

    /// `idle` is the time after which a flow sleeps.
    fn status(
        &self,
        published: Option<Kept<Release>>,
        deployment: Option<Kept<Deployment>>,
        idle: Option<Duration>,
    ) -> FlowStatus {
        let published = published.map(|release| release.value.number);
        let running = |one: &&Kept<Deployment>| one.value.state == DeploymentState::Running;
        let asleep = deployment.as_ref().filter(running).is_some_and(|one| self.is_asleep(one, idle));
        let deployment = deployment.map(|deployment| deployment.value);
        FlowStatus {
            asleep,
            runtime: OnRuntime::of(deployment.as_ref().and_then(|deployment| deployment.connection.clone())),
            state: deployment.as_ref().map(|deployment| deployment.state).unwrap_or_default(),
            release: deployment.as_ref().and_then(|deployment| deployment.release),
            problem: deployment.as_ref().and_then(|deployment| deployment.problem.clone()),
            since: deployment.and_then(|deployment| deployment.since),
            published,
        }
    }

    /// Switches a flow on with a version, the newest for none; a flow that was never published is published first.
    /// Starting what runs already changes nothing, unless another version is asked for.
    pub async fn start_flow(&self, caller: &Caller, id: &str, release: Option<u64>) -> Result<FlowStatus> {
        self.start_flow_on(caller, id, release, None).await
    }

    /// As [`Control::start_flow`], on a runtime; on the one it had before for none. One that cannot be reached is
    /// refused before anything is changed. Runs that are open stay where they began.
    pub async fn start_flow_on(
        &self,
        caller: &Caller,
        id: &str,
        release: Option<u64>,
        runtime: Option<OnRuntime>,
    ) -> Result<FlowStatus> {
        let flow = self.flow(caller, id).await?;
        let connection = match runtime {
            Some(runtime) => runtime.connection().cloned(),
            None => self.deployment(caller, id).await?.and_then(|deployment| deployment.value.connection),
        };
        if let Some(name) = &connection {
            self.reach(name).await?;
        }
        let release = match release {
            Some(number) => self.release(caller, id, number).await?,
            None => match self.newest_release(caller, &flow).await? {
                Some(newest) => newest,
                None => {
                    caller.must(crate::Permission::FlowsPublish)?;
                    self.publish(caller, id, None, "").await?
                }
            },
        };
        let (number, hash) = (release.value.number, release.value.hash.clone());
        let still_good = self.check_release(&caller.tenant, &flow, &release.value).await;
        let problem = still_good.as_ref().err().map(|error| Text::from(error.to_string()));
        let state = if problem.is_none() { DeploymentState::Running } else { DeploymentState::Error };
        let since = Some(self.now());
        let value = Deployment {
            project: flow.value.project.clone(),
            state,
            release: Some(number),
            hash: Some(hash),
            connection,
            problem,
            since,
        };
        self.set_deployment(caller, &flow, value).await?;
        still_good?;
        self.flow_status(caller, id).await
    }

    /// A version that was good when it was published may name a kind that is gone.
    async fn check_release(
        &self,
        tenant: &Text,
        flow: &Kept<FlowDraft>,
        release: &crate::model::Release,
    ) -> Result<()> {
        let draft =
            FlowDraft { files: release.files.clone(), bindings: release.bindings.clone(), ..flow.value.clone() };
        let compiled = self.compile_draft(tenant, &draft).await?;
        self.check_memory(tenant, compiled.runnable()?).await
    }

    /// Switches a flow off: nothing starts it any more. Its open runs go on to their end.
    pub async fn stop_flow(&self, caller: &Caller, id: &str) -> Result<FlowStatus> {
        let flow = self.flow(caller, id).await?;
        if let Some(old) = self.deployment(caller, id).await?
            && old.value.state != DeploymentState::Stopped
        {
            let (state, since) = (DeploymentState::Stopped, Some(self.now()));
            let value = Deployment { state, since, problem: None, ..old.value.clone() };
            self.set_deployment(caller, &flow, value).await?;
        }
        self.flow_status(caller, id).await
    }

    async fn set_deployment(&self, caller: &Caller, flow: &Kept<FlowDraft>, value: Deployment) -> Result<()> {
        let old = self.deployment(caller, &flow.id).await?;
        let mut changes = self.changes(caller);
        match &old {
            Some(old) if Deployment { since: value.since, ..old.value.clone() } == value => return Ok(()),
            Some(old) => drop(changes.replace(old, value, Some(old.revision))),
            None => drop(changes.insert_as(flow.id.clone(), value)),
        }
        changes.commit().await
    }

    /// What new runs of a flow get, if it is switched on.
    pub(crate) fn deployed(deployment: Option<&Kept<Deployment>>) -> Result<Running> {
        let stopped = || {
            let message = "the flow is stopped: start it with POST /api/flows/{id}/start, and send this again";
            ControlError::state("FLOW_STOPPED", message)
        };
        deployment.and_then(|deployment| deployment.value.running()).ok_or_else(stopped)
    }
}
