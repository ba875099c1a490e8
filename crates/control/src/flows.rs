use crate::caller::Caller;
use crate::control::Control;
use crate::model::{
    DeletedFlow, Deployment, EndingCode, FlowDraft, FlowFile, Interface, MemoryEntry, MemoryMark, Project, Revision,
    Service, Tenant, Trigger, TriggerState, WorkerHost,
};
use crate::names_of::{check_name, check_text, name_from};
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::Text;
use weir_store::{DocumentFilter, Scope};

/// A flow to be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewFlow {
    pub project: String,
    pub service: String,
    /// Made from the flow's own name, or from its title, where absent.
    pub name: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub files: Vec<FlowFile>,
    pub bindings: BTreeMap<Text, Text>,
    pub canvas: serde_json::Value,
}

/// What changes in a flow; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowPatch {
    pub service: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub files: Option<Vec<FlowFile>>,
    pub bindings: Option<BTreeMap<Text, Text>>,
    pub canvas: Option<serde_json::Value>,
}

/// Which flows a list holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowQuery {
    pub project: Option<String>,
    pub service: Option<String>,
    pub text: Option<String>,
}

fn ending_code(flow: &Kept<FlowDraft>) -> EndingCode {
    EndingCode { flow: flow.id.clone(), project: flow.value.project.clone(), name: flow.value.name.clone() }
}

impl Control {
    pub async fn list_flows(
        &self,
        caller: &Caller,
        query: &FlowQuery,
        page: &PageOf,
    ) -> Result<Listed<Kept<FlowDraft>>> {
        let text = |given: &Option<String>| given.as_deref().map(Text::from);
        let filter = DocumentFilter {
            parent: text(&query.project),
            label: text(&query.service),
            text: query.text.clone(),
            ..DocumentFilter::default()
        };
        records::list(&*self.documents, &caller.scope(), &filter, page).await
    }

    pub async fn flow(&self, caller: &Caller, id: &str) -> Result<Kept<FlowDraft>> {
        records::get(&*self.documents, &caller.scope(), id).await
    }

    pub(crate) async fn flow_names(&self, tenant: &Text, project: &Text) -> Result<BTreeSet<Text>> {
        let scope = Scope::Tenant(tenant.clone());
        let flows: Vec<Kept<FlowDraft>> = records::all(&*self.documents, &scope, &records::under(project)).await?;
        Ok(flows.into_iter().map(|flow| flow.value.name).collect())
    }

    /// The flow of this name in a project.
    pub async fn flow_named(&self, tenant: &str, project: &str, name: &str) -> Result<Option<Kept<FlowDraft>>> {
        records::named(&*self.documents, tenant, project, name).await
    }

    /// Keeps a new flow as a draft. It may have problems; they are told when it is checked or published.
    pub async fn create_flow(&self, caller: &Caller, new: NewFlow) -> Result<Kept<FlowDraft>> {
        let project = self.project(caller, &new.project).await?.value.name;
        let service = self.service(caller, &project, &new.service).await?.value.name;
        self.check_files(&new.files)?;
        let name = self.name_for(&new);
        let draft = FlowDraft {
            project,
            service,
            name: check_name(&name)?,
            title: check_text("a title", new.title.as_deref().unwrap_or_default(), 300)?,
            description: check_text("a description", new.description.as_deref().unwrap_or_default(), 10_000)?,
            files: new.files,
            bindings: new.bindings,
            canvas: new.canvas,
        };
        let limit = self.limits(&caller.tenant).await?.flows;
        let mut changes = self.changes(caller);
        let kept = changes.insert(draft);
        changes.insert(self.revision_of(caller, &kept));
        changes.at_most::<FlowDraft>(limit);
        changes.commit().await?;
        Ok(kept)
    }

    fn name_for(&self, new: &NewFlow) -> String {
        let own = || {
            let compiled = self.validate(&new.files, &new.bindings);
            compiled.flow.map(|flow| flow.name).filter(|name| !name.is_empty())
        };
        new.name.clone().unwrap_or_else(|| name_from(&new.title.clone().or_else(own).unwrap_or_default()))
    }

    pub(crate) fn check_files(&self, files: &[FlowFile]) -> Result<()> {
        let wrong = |message: String| Err(ControlError::invalid("INVALID_FILES", message));
        let bytes: usize = files.iter().map(|file| file.text.len()).sum();
        if files.is_empty() || files.len() > 100 {
            return wrong("a flow has 1 to 100 files".to_owned());
        }
        if bytes > self.options.flow_bytes {
            return wrong(format!("a flow's files have at most {} bytes together", self.options.flow_bytes));
        }
        let mut seen = BTreeSet::new();
        for file in files {
            let parts_good = file.name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
            let good = parts_good && file.name.len() <= 200 && !file.name.contains(['\\', '\0']);
            if !good || !seen.insert(&file.name) {
                return wrong(format!("{} is no name for a file, or occurs twice", crate::error::quoted(&file.name)));
            }
        }
        match files.iter().any(|file| file.text.contains('\0')) {
            true => wrong("a file holds a NUL byte; flows are text".to_owned()),
            false => Ok(()),
        }
    }

    fn revision_of(&self, caller: &Caller, flow: &Kept<FlowDraft>) -> Revision {
        let (by, files) = (caller.actor.name(), flow.value.files.clone());
        Revision { flow: flow.id.clone(), number: flow.revision, by, files }
    }

    /// Changes a draft, if nobody else has since `expected`. Every text is kept as a revision.
    pub async fn change_flow(
        &self,
        caller: &Caller,
        id: &str,
        patch: FlowPatch,
        expected: Option<u64>,
    ) -> Result<Kept<FlowDraft>> {
        let old = self.flow(caller, id).await?;
        self.refuse_running(caller, &old).await?;
        let service = match &patch.service {
            Some(service) => self.service(caller, &old.value.project, service).await?.value.name,
            None => old.value.service.clone(),
        };
        if let Some(files) = &patch.files {
            self.check_files(files)?;
        }
        let text = |what, given: &Option<String>, longest, old: &Text| match given {
            Some(given) => check_text(what, given, longest),
            None => Ok(old.clone()),
        };
        let draft = FlowDraft {
            service,
            title: text("a title", &patch.title, 300, &old.value.title)?,
            description: text("a description", &patch.description, 10_000, &old.value.description)?,
            files: patch.files.unwrap_or_else(|| old.value.files.clone()),
            bindings: patch.bindings.unwrap_or_else(|| old.value.bindings.clone()),
            canvas: patch.canvas.unwrap_or_else(|| old.value.canvas.clone()),
            ..old.value.clone()
        };
        let texts_differ = draft.files != old.value.files;
        let mut changes = self.changes(caller);
        // Two who read the same revision cannot both write, whether they said what they had seen or not.
        let kept = changes.replace(&old, draft, Some(expected.unwrap_or(old.revision)));
        if texts_differ {
            changes.insert(self.revision_of(caller, &kept));
        }
        changes.commit().await?;
        if texts_differ {
            self.forget_revisions(caller, &kept).await;
        }
        Ok(kept)
    }

    /// The project may want a running flow to be stopped first.
    pub(crate) async fn refuse_running(&self, caller: &Caller, flow: &Kept<FlowDraft>) -> Result<()> {
        let project = self.project(caller, &flow.value.project).await?;
        if project.value.settings.stop_before_edit
            && self
                .deployment(caller, &flow.id)
                .await?
                .is_some_and(|d| d.value.state != crate::DeploymentState::Stopped)
        {
            return Err(ControlError::state(
                "FLOW_RUNNING",
                "this project wants a flow to be stopped before it is changed",
            ));
        }
        Ok(())
    }

    /// Keeps the newest revisions only. What cannot be removed now is removed next time.
    async fn forget_revisions(&self, caller: &Caller, flow: &Kept<FlowDraft>) {
        let keep = self.options.revisions;
        let found = records::all::<Revision>(&*self.documents, &caller.scope(), &records::under(&flow.id)).await;
        let Ok(found) = found else { return };
        let surplus = found.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
        let mut changes = self.changes(caller);
        found.iter().take(surplus).for_each(|revision| changes.delete(revision, None));
        let _ = changes.commit().await;
    }

    /// Removes a flow and all that belongs to it. Its runs stay until their time is over; its texts, versions, code and
    /// triggers are kept aside, so that it can come back for a while.
    pub async fn delete_flow(&self, caller: &Caller, id: &str, expected: Option<u64>) -> Result<()> {
        let flow = self.flow(caller, id).await?;
        if self
            .deployment(caller, id)
            .await?
            .is_some_and(|deployment| deployment.value.state == crate::DeploymentState::Running)
        {
            return Err(ControlError::state("FLOW_RUNNING", "stop the flow before you delete it"));
        }
        let triggers: Vec<Kept<Trigger>> =
            records::all(&*self.documents, &caller.scope(), &records::under(&flow.id)).await?;
        let deployment = self.deployment(caller, id).await?;
        let open = DocumentFilter {
            parent: Some(flow.value.project.clone()),
            label: Some(flow.id.clone()),
            ..DocumentFilter::default()
        };
        let interfaces: Vec<Kept<Interface>> = records::all(&*self.documents, &caller.scope(), &open).await?;
        let remembered = self.memory_size(caller, &flow.id).await?;
        let compiled = self.newest_compilation(caller, &flow.id).await?.is_some();
        let mut states = Vec::new();
        for trigger in &triggers {
            states.extend(records::find::<TriggerState>(&*self.documents, &caller.scope(), &trigger.id).await?);
        }
        let mut changes = self.changes(caller);
        // What comes back is what was read here, so nobody may have saved since.
        changes.delete(&flow, Some(expected.unwrap_or(flow.revision)));
        changes.insert(DeletedFlow {
            flow: flow.id.clone(),
            revision: flow.revision,
            made: flow.created_at,
            draft: flow.value.clone(),
            triggers: triggers.iter().map(|trigger| (trigger.id.clone(), trigger.value.clone())).collect(),
            progress: states.iter().map(|state| (state.id.clone(), state.value.clone())).collect(),
            deployment: deployment.as_ref().map(|deployment| deployment.value.clone()),
            compiled,
            by: caller.actor.name(),
        });
        if compiled {
            changes.insert_as(EndingCode::id_of(&flow.id), ending_code(&flow));
        }
        changes.delete_under::<WorkerHost>(&flow.id);
        triggers.iter().for_each(|trigger| changes.delete(trigger, None));
        states.iter().for_each(|state| changes.delete(state, None));
        interfaces.iter().for_each(|interface| changes.delete(interface, None));
        changes.delete_under::<MemoryEntry>(&flow.id);
        changes.delete_under::<MemoryMark>(&MemoryMark::under(&flow.id));
        remembered.iter().for_each(|size| changes.delete(size, None));
        deployment.iter().for_each(|deployment: &Kept<Deployment>| changes.delete(deployment, None));
        changes.unpublish(flow.value.project.clone(), flow.value.name.clone());
        changes.commit().await?;
        self.forget_surplus(caller).await;
        Ok(())
    }

    pub async fn revisions(&self, caller: &Caller, flow: &str, page: &PageOf) -> Result<Listed<Kept<Revision>>> {
        let flow = self.flow(caller, flow).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&flow.id), page).await
    }

    pub async fn revision(&self, caller: &Caller, flow: &str, number: u64) -> Result<Kept<Revision>> {
        let flow = self.flow(caller, flow).await?;
        let found = records::named(&*self.documents, &caller.tenant, &flow.id, &number.to_string()).await?;
        found.ok_or(ControlError::not_found("revision"))
    }

    pub(crate) async fn project(&self, caller: &Caller, name: &str) -> Result<Kept<Project>> {
        let found = records::named(&*self.documents, &caller.tenant, "", name).await?;
        found.ok_or(ControlError::not_found("project"))
    }

    pub(crate) async fn service(&self, caller: &Caller, project: &str, name: &str) -> Result<Kept<Service>> {
        let found = records::named(&*self.documents, &caller.tenant, project, name).await?;
        found.ok_or(ControlError::not_found("service"))
    }

    /// What the tenant's tier allows.
    /// The caller's organisation.
    pub async fn organisation(&self, caller: &Caller) -> Result<Kept<Tenant>> {
        records::get(&*self.documents, &Scope::System, &caller.tenant).await
    }

    pub async fn limits(&self, tenant: &Text) -> Result<crate::options::Tier> {
        let found = records::get::<Tenant>(&*self.documents, &Scope::System, tenant).await?;
        Ok(self.tier(&found.value.tier))
    }
}
