use crate::ControlError;
use crate::Result;
use crate::caller::Caller;
use crate::changes::Changes;
use crate::compile::version_of;
use crate::control::Control;
use crate::model::{
    Compilation, CompiledFiles, DeletedFlow, Deployment, DeploymentState, EndingCode, FlowDraft, Release, Revision,
    Trigger,
};
use crate::permissions::Permission;
use crate::projects::DEFAULT_SERVICE;
use crate::records::{self, Kept, Listed, PageOf, Record};
use weir_base::{Micros, Text};
use weir_store::{Change, ChangeError, Document, DocumentFilter, DocumentPage, Scope};

/// How long a deleted flow can come back: 30 days.
const RESTORABLE: Micros = 30 * 24 * 3_600 * 1_000_000;

/// How many of an organisation's flows can come back at most, where its tier allows any number of flows.
const MOST: u64 = 200;

/// And how many in any case, since none of them can run.
const LEAST: u64 = 10;

/// How many are read at a time to be forgotten; each holds a draft.
const AT_ONCE: u32 = 20;

impl Control {
    /// Flows that can come back, of a project where one is named; those deleted last first.
    pub async fn deleted_flows(
        &self,
        caller: &Caller,
        project: Option<Text>,
        page: &PageOf,
    ) -> Result<Listed<Kept<DeletedFlow>>> {
        let filter = DocumentFilter { label: project, since: Some(self.oldest_deleted()), ..under() };
        records::list(&*self.documents, &caller.scope(), &filter, page).await
    }

    /// Until when a flow that was deleted then can come back.
    pub fn restorable_until(deleted: Micros) -> Micros {
        deleted + RESTORABLE
    }

    /// Brings a deleted flow back as it was, with its versions, code and triggers, under its old name and switched off.
    ///
    /// # Errors
    /// `Forbidden` where it has versions and the caller may not publish, or triggers and the caller may not write these;
    /// `State` for a name that another flow has by now; `Limit` where the tier allows no more flows.
    pub async fn restore_flow(&self, caller: &Caller, id: &str) -> Result<Kept<FlowDraft>> {
        let gone = self.deleted_flow(caller, id).await?;
        let page = PageOf { after: None, limit: 1 };
        let releases: Listed<Kept<Release>> =
            records::list(&*self.documents, &caller.scope(), &records::under(&gone.value.flow), &page).await?;
        let newest = releases.items.first();
        may_come_back(caller, &gone.value, newest)?;
        let DeletedFlow { flow, revision, made, mut draft, triggers, mut progress, deployment, compiled, by: _ } =
            gone.value.clone();
        draft.service = self.service_left(caller, &draft).await?;
        let (now, limit) = (self.now(), self.limits(&caller.tenant).await?.flows);
        let mut changes = self.changes(caller);
        changes.delete(&gone, Some(gone.revision));
        if compiled {
            changes.step(ended(&caller.tenant, &flow));
        }
        if let Some(deployment) = deployment {
            // It stays off, and knows what carried its runs.
            let off = Deployment { state: DeploymentState::Stopped, problem: None, since: Some(now), ..deployment };
            changes.insert_as(flow.clone(), off);
        }
        let back = changes.insert_again(Kept {
            tenant: caller.tenant.clone(),
            id: flow,
            revision,
            created_at: made,
            updated_at: now,
            value: draft,
        });
        for (id, trigger) in triggers {
            // Ticks that were due meanwhile are not made up for; letters that came lie in the mailbox still.
            let state = progress.remove(&id).unwrap_or_default();
            changes.insert_trigger_at(id, Trigger { from: now, ..trigger }, state);
        }
        if let Some(newest) = newest {
            self.callable_again(caller, &back, &newest.value, &mut changes).await?;
        }
        changes.at_most::<FlowDraft>(limit);
        changes.commit().await?;
        Ok(back)
    }

    /// The service it was in, or the one every project has where that is gone.
    async fn service_left(&self, caller: &Caller, draft: &FlowDraft) -> Result<Text> {
        match self.service(caller, &draft.project, &draft.service).await {
            Err(ControlError::NotFound { .. }) => {
                Ok(self.service(caller, &draft.project, DEFAULT_SERVICE).await?.value.name)
            }
            found => Ok(found?.value.name),
        }
    }

    async fn deleted_flow(&self, caller: &Caller, id: &str) -> Result<Kept<DeletedFlow>> {
        let found = records::named::<DeletedFlow>(&*self.documents, &caller.tenant, DeletedFlow::PARENT, id).await?;
        let found = found.filter(|gone| gone.created_at >= self.oldest_deleted());
        found.ok_or(ControlError::not_found(DeletedFlow::WHAT))
    }

    /// Other flows can call its newest version by name again; where it no longer compiles, once it is published anew.
    async fn callable_again(
        &self,
        caller: &Caller,
        flow: &Kept<FlowDraft>,
        newest: &Release,
        changes: &mut Changes<'_>,
    ) -> Result<()> {
        let draft = FlowDraft { files: newest.files.clone(), bindings: newest.bindings.clone(), ..flow.value.clone() };
        let compiled = self.compile_draft(&caller.tenant, &draft).await?;
        if let Ok(ready) = compiled.runnable() {
            changes.publish(version_of(&caller.tenant, &draft.project, ready, &draft.files, self.now()));
        }
        Ok(())
    }

    /// Forgets flows of a tenant whose time to come back is over, and what was kept for them.
    pub(crate) async fn forget_deleted_flows(&self, tenant: &Text) -> Result<()> {
        let scope = Scope::Tenant(tenant.clone());
        while self.forget_oldest(&scope, &self.overdue(), AT_ONCE).await? == AT_ONCE as usize {}
        Ok(())
    }

    /// Whether there is one whose time to come back is over.
    pub(crate) async fn has_overdue_flows(&self, tenant: &Text) -> Result<bool> {
        let scope = Scope::Tenant(tenant.clone());
        Ok(self.documents.count_documents(&scope, DeletedFlow::TABLE, &self.overdue()).await? > 0)
    }

    fn overdue(&self) -> DocumentFilter {
        DocumentFilter { until: Some(self.oldest_deleted()), ..under() }
    }

    /// Keeps as many deleted flows as the tier allows flows, within two bounds, so that deleting them is no way around
    /// it. What cannot be forgotten now is forgotten after the next one.
    pub(crate) async fn forget_surplus(&self, caller: &Caller) {
        if let Err(error) = self.try_to_forget_surplus(caller).await {
            tracing::warn!(tenant = %caller.tenant, "deleted flows beyond the limit stay at present: {error}");
        }
    }

    /// Those that go are chosen by their place, all at once: whoever does the same beside it chooses no others.
    async fn try_to_forget_surplus(&self, caller: &Caller) -> Result<()> {
        let limit = self.limits(&caller.tenant).await?.flows.unwrap_or(MOST).clamp(LEAST, MOST);
        let there = records::names::<DeletedFlow>(&*self.documents, &caller.scope(), &under()).await?;
        let surplus = there.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        let oldest: Vec<Text> = there.into_keys().take(surplus).collect();
        for part in oldest.chunks(AT_ONCE as usize) {
            let found = self.documents.documents_by_id(&caller.scope(), DeletedFlow::TABLE, part).await?;
            self.forget_these(&caller.scope(), found).await?;
        }
        Ok(())
    }

    /// Forgets so many of these at most, those that were deleted first; how many there were.
    async fn forget_oldest(&self, scope: &Scope, filter: &DocumentFilter, limit: u32) -> Result<usize> {
        let page = DocumentPage { after: None, limit, newest_first: false };
        let found = self.documents.documents(scope, DeletedFlow::TABLE, filter, &page).await?;
        let count = found.len();
        self.forget_these(scope, found).await.map(|()| count)
    }

    /// One that has just come back is passed over.
    async fn forget_these(&self, scope: &Scope, found: Vec<Document>) -> Result<()> {
        for document in found {
            match self.documents.change(scope, forgotten(&Kept::read(document)?)).await {
                Ok(()) | Err(ChangeError::Missing { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Flows of a project that is deleted do not come back.
    pub(crate) async fn forgotten_of_project(&self, caller: &Caller, project: &Text) -> Result<Vec<Change>> {
        let filter = DocumentFilter { label: Some(project.clone()), ..under() };
        let found: Vec<Kept<DeletedFlow>> = records::all(&*self.documents, &caller.scope(), &filter).await?;
        Ok(found.iter().flat_map(forgotten).collect())
    }

    fn oldest_deleted(&self) -> Micros {
        self.now() - RESTORABLE
    }
}

fn under() -> DocumentFilter {
    records::under(&DeletedFlow::PARENT.into())
}

/// With a flow come its newest version, which others can call, and doors from outside; each needs what it needs anew.
fn may_come_back(caller: &Caller, gone: &DeletedFlow, newest: Option<&Kept<Release>>) -> Result<()> {
    if newest.is_some() {
        caller.must(Permission::FlowsPublish)?;
    }
    if !gone.triggers.is_empty() {
        caller.must(Permission::TriggersWrite)?;
    }
    Ok(())
}

/// Its code is no longer that of a deleted flow.
fn ended(tenant: &Text, flow: &Text) -> Change {
    Change::Delete { table: EndingCode::TABLE, tenant: tenant.clone(), id: EndingCode::id_of(flow), expected: None }
}

/// The steps that leave nothing of a deleted flow.
fn forgotten(gone: &Kept<DeletedFlow>) -> Vec<Change> {
    let (tenant, flow) = (&gone.tenant, &gone.value.flow);
    let under = |table, parent: &Text| Change::DeleteUnder { table, tenant: tenant.clone(), parent: parent.clone() };
    let id = gone.id.clone();
    let mut steps = vec![
        Change::Delete { table: DeletedFlow::TABLE, tenant: tenant.clone(), id, expected: None },
        under(Revision::TABLE, flow),
        under(Release::TABLE, flow),
        under(Compilation::TABLE, flow),
        under(CompiledFiles::TABLE, &CompiledFiles::under(flow)),
    ];
    steps.extend(gone.value.compiled.then(|| ended(tenant, flow)));
    steps
}
