use crate::caller::Caller;
use crate::compile::{Compiled, version_of};
use crate::control::Control;
use crate::flows::FlowPatch;
use crate::model::{Deployment, DeploymentState, FlowDraft, Release};
use crate::names_of::check_text;
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};

impl Control {
    /// Checks a draft as it would be published.
    pub async fn check_flow(&self, caller: &Caller, id: &str) -> Result<Compiled> {
        let flow = self.flow(caller, id).await?;
        self.compile_draft(&caller.tenant, &flow.value).await
    }

    /// Makes the draft a version that never changes. A flow that is switched on gives it to new runs at once.
    ///
    /// With `expected`, only if the draft is still at that revision. The same content as the newest is the newest.
    pub async fn publish(
        &self,
        caller: &Caller,
        id: &str,
        expected: Option<u64>,
        notes: &str,
    ) -> Result<Kept<Release>> {
        let flow = self.flow(caller, id).await?;
        if let Some(seen) = expected.filter(|seen| *seen != flow.revision) {
            let now = Box::new(serde_json::to_value(&flow.value).unwrap_or_default());
            return Err(ControlError::Conflict { seen, current: flow.revision, now });
        }
        self.refuse_running(caller, &flow).await?;
        let compiled = self.compile_draft(&caller.tenant, &flow.value).await?;
        let ready = compiled.runnable()?;
        let version = version_of(&caller.tenant, &flow.value.project, ready, &flow.value.files, self.now());
        let newest = self.newest_release(caller, &flow).await?;
        if let Some(newest) = newest.as_ref().filter(|newest| newest.value.hash == version.hash) {
            return Ok(newest.clone());
        }
        let release = Release {
            flow: flow.id.clone(),
            number: newest.map_or(1, |newest| newest.value.number + 1),
            hash: version.hash.clone(),
            dialect: version.dialect.clone(),
            notes: check_text("notes", notes, 10_000)?,
            by: caller.actor.name(),
            files: flow.value.files.clone(),
            bindings: flow.value.bindings.clone(),
        };
        let deployment = self.deployment(caller, id).await?;
        let mut changes = self.changes(caller);
        changes.publish(version);
        let kept = changes.insert(release);
        if let Some(deployment) = deployment.filter(|deployment| deployment.value.state == DeploymentState::Running) {
            let (number, hash) = (Some(kept.value.number), Some(kept.value.hash.clone()));
            let value = Deployment { release: number, hash, ..deployment.value.clone() };
            changes.replace(&deployment, value, Some(deployment.revision));
        }
        changes.commit().await?;
        Ok(kept)
    }

    pub(crate) async fn newest_release(
        &self,
        caller: &Caller,
        flow: &Kept<FlowDraft>,
    ) -> Result<Option<Kept<Release>>> {
        let page = PageOf { after: None, limit: 1 };
        let found = records::list(&*self.documents, &caller.scope(), &records::under(&flow.id), &page).await?;
        Ok(found.items.into_iter().next())
    }

    pub async fn releases(&self, caller: &Caller, flow: &str, page: &PageOf) -> Result<Listed<Kept<Release>>> {
        let flow = self.flow(caller, flow).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&flow.id), page).await
    }

    pub async fn release(&self, caller: &Caller, flow: &str, number: u64) -> Result<Kept<Release>> {
        let flow = self.flow(caller, flow).await?;
        let found = records::named(&*self.documents, &caller.tenant, &flow.id, &number.to_string()).await?;
        found.ok_or(ControlError::not_found("version"))
    }

    /// Makes the draft what a version was. The version itself stays what it is.
    pub async fn restore(
        &self,
        caller: &Caller,
        flow: &str,
        number: u64,
        expected: Option<u64>,
    ) -> Result<Kept<FlowDraft>> {
        let release = self.release(caller, flow, number).await?.value;
        let patch = FlowPatch { files: Some(release.files), bindings: Some(release.bindings), ..FlowPatch::default() };
        self.change_flow(caller, flow, patch, expected).await
    }
}
