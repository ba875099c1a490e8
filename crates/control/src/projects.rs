use crate::caller::Caller;
use crate::control::Control;
use crate::model::{FlowDraft, Interface, Project, ProjectSettings, Secret, Service, WorkerHost};
use crate::names_of::{check_name, check_text};
use crate::records::{self, Kept, Listed, PageOf};
use crate::variables::forgotten;
use crate::{ControlError, Result};
use weir_store::{DocumentFilter, Table};

/// The service every project has.
pub const DEFAULT_SERVICE: &str = "default";

impl Control {
    pub async fn projects(&self, caller: &Caller, page: &PageOf) -> Result<Listed<Kept<Project>>> {
        records::list(&*self.documents, &caller.scope(), &DocumentFilter::default(), page).await
    }

    pub async fn show_project(&self, caller: &Caller, name: &str) -> Result<Kept<Project>> {
        self.project(caller, name).await
    }

    pub async fn create_project(&self, caller: &Caller, name: &str, description: &str) -> Result<Kept<Project>> {
        let name = check_name(name)?;
        let description = check_text("a description", description, 10_000)?;
        let mut changes = self.changes(caller);
        let settings = ProjectSettings::default();
        let kept = changes.insert(Project { name: name.clone(), description, settings });
        changes.insert(Service { project: name, name: DEFAULT_SERVICE.into(), description: "".into() });
        changes.commit().await?;
        Ok(kept)
    }

    pub async fn change_project(
        &self,
        caller: &Caller,
        name: &str,
        description: Option<&str>,
        settings: Option<ProjectSettings>,
        expected: Option<u64>,
    ) -> Result<Kept<Project>> {
        let old = self.project(caller, name).await?;
        let description = match description {
            Some(text) => check_text("a description", text, 10_000)?,
            None => old.value.description.clone(),
        };
        let settings = settings.unwrap_or_else(|| old.value.settings.clone());
        let mut changes = self.changes(caller);
        let value = Project { description, settings, ..old.value.clone() };
        let kept = changes.replace(&old, value, Some(expected.unwrap_or(old.revision)));
        changes.commit().await?;
        Ok(kept)
    }

    /// Removes a project that holds no flow any more, with its services, secrets, interfaces and variables.
    pub async fn delete_project(&self, caller: &Caller, name: &str, expected: Option<u64>) -> Result<()> {
        let old = self.project(caller, name).await?;
        let flows = self
            .documents
            .count_documents(&caller.scope(), Table::FlowDrafts, &records::under(&old.value.name))
            .await?;
        if flows > 0 {
            let message =
                format!("the project still holds {flows} flow{}: delete them first", if flows == 1 { "" } else { "s" });
            return Err(ControlError::state("PROJECT_NOT_EMPTY", message));
        }
        let mut changes = self.changes(caller);
        changes.delete(&old, expected);
        changes.delete_under::<Service>(&old.value.name);
        changes.delete_under::<Secret>(&old.value.name);
        changes.delete_under::<Interface>(&old.value.name);
        changes.delete_under::<WorkerHost>(&WorkerHost::under(&old.value.name));
        changes.step(forgotten(&caller.tenant, &old.value.name, None));
        let deleted = self.forgotten_of_project(caller, &old.value.name).await?;
        deleted.into_iter().for_each(|step| changes.step(step));
        // Whoever makes a flow in it at this moment loses to this, or this loses to them.
        changes.none_under::<FlowDraft>(&old.value.name);
        changes.commit().await
    }

    pub async fn services(&self, caller: &Caller, project: &str, page: &PageOf) -> Result<Listed<Kept<Service>>> {
        let project = self.project(caller, project).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&project.value.name), page).await
    }

    pub async fn create_service(
        &self,
        caller: &Caller,
        project: &str,
        name: &str,
        description: &str,
    ) -> Result<Kept<Service>> {
        let project = self.project(caller, project).await?.value.name;
        let description = check_text("a description", description, 10_000)?;
        let mut changes = self.changes(caller);
        let kept = changes.insert(Service { project, name: check_name(name)?, description });
        changes.commit().await?;
        Ok(kept)
    }

    pub async fn delete_service(&self, caller: &Caller, project: &str, name: &str) -> Result<()> {
        let old = self.service(caller, project, name).await?;
        if name == DEFAULT_SERVICE {
            return Err(ControlError::state("SERVICE_NEEDED", "every project has its service `default`"));
        }
        let inside = DocumentFilter {
            parent: Some(old.value.project.clone()),
            label: Some(old.value.name.clone()),
            ..DocumentFilter::default()
        };
        if self.documents.count_documents(&caller.scope(), Table::FlowDrafts, &inside).await? > 0 {
            return Err(ControlError::state(
                "SERVICE_NOT_EMPTY",
                "the service still holds flows: move or delete them first",
            ));
        }
        let mut changes = self.changes(caller);
        changes.delete(&old, None);
        changes.step(forgotten(&caller.tenant, &old.value.project, Some(&old.value.name)));
        changes.commit().await
    }
}
