use crate::caller::Caller;
use crate::changes::Changes;
use crate::control::Control;
use crate::members::new_user;
use crate::model::{
    FlowDraft, FlowFile, Member, Project, ProjectSettings, Service, Tenant, Trigger, User, WebhookAnswer,
};
use crate::names_of::check_email;
use crate::permissions::Role;
use crate::projects::DEFAULT_SERVICE;
use crate::records::{self, Kept};
use crate::triggers::NewTrigger;
use crate::{ControlError, NewFlow, Result};
use std::collections::BTreeSet;
use weir_base::Text;
use weir_store::{DocumentFilter, DocumentPage, Scope, Table};

/// A flow of the demo project.
pub struct DemoFlow {
    pub service: &'static str,
    pub name: &'static str,
    pub title: &'static str,
    /// The file's name and text.
    pub file: (&'static str, &'static str),
}

/// The project the demo's flows are in.
pub const DEMO: &str = "demo";

/// The project an installation is verified with.
pub const VERIFICATION: &str = "verification";

impl Control {
    /// Whether nobody has an account yet.
    pub async fn is_new(&self) -> Result<bool> {
        let page = DocumentPage { after: None, limit: 1, newest_first: false };
        let tenants =
            self.documents.documents(&Scope::System, Table::Tenants, &DocumentFilter::default(), &page).await?;
        Ok(tenants.is_empty())
    }

    /// Makes the first account, its organisation and a project `default`.
    pub async fn first_start(&self, email: &str, password: &str) -> Result<(Kept<User>, Kept<Tenant>)> {
        let email = check_email(email)?;
        let hash = self.new_password(password, &email).await?;
        self.create_tenant("My organisation", &email, Some(hash)).await
    }

    /// An organisation with its owner, who is made where there is none of this address, and a project `default`.
    pub async fn create_tenant(
        &self,
        name: &str,
        email: &Text,
        password: Option<Text>,
    ) -> Result<(Kept<User>, Kept<Tenant>)> {
        let id = self.new_id();
        let caller = Caller::system(id.clone(), "setup");
        let old = self.user_by_email(email).await?;
        let mut changes = self.changes(&caller);
        let owner = old.ok_or_else(|| new_user(email, "".into(), password));
        let made = self.add_tenant(&mut changes, &id, name, owner);
        changes.commit().await?;
        Ok(made)
    }

    /// The steps that make an organisation, its owner, who is there already or is to be made, and a project.
    pub(crate) fn add_tenant(
        &self,
        changes: &mut Changes<'_>,
        id: &Text,
        name: &str,
        owner: Result<Kept<User>, User>,
    ) -> (Kept<User>, Kept<Tenant>) {
        let tier = self.options.tier.as_str().into();
        let tenant = changes.insert_as(id.clone(), Tenant { name: name.into(), tier, suspended: false });
        let user = owner.unwrap_or_else(|user| changes.insert_in("".into(), self.new_id(), user));
        changes.insert(Member { user: user.id.clone(), email: user.value.email.clone(), role: Role::Owner });
        changes.insert(Project {
            name: "default".into(),
            description: "".into(),
            settings: ProjectSettings::default(),
        });
        changes.insert(Service { project: "default".into(), name: DEFAULT_SERVICE.into(), description: "".into() });
        (user, tenant)
    }

    /// The oldest owner there is, whom the server's operator may sign in as.
    pub async fn first_owner(&self) -> Result<Option<Kept<User>>> {
        let owners = DocumentFilter { label: Some(Role::Owner.as_str().into()), ..DocumentFilter::default() };
        let members: Vec<Kept<Member>> = records::all(&*self.documents, &Scope::System, &owners).await?;
        let Some(first) = members.first() else { return Ok(None) };
        records::find(&*self.documents, &Scope::System, &first.value.user).await
    }

    /// A project with flows to try, switched on, each with a webhook.
    pub async fn add_demo(&self, tenant: &Text, flows: &[DemoFlow]) -> Result<Vec<Kept<Trigger>>> {
        let caller = Caller::system(tenant.clone(), "demo");
        self.create_project(&caller, DEMO, "Flows to try: run them, change them, break them.").await?;
        let mut triggers = Vec::new();
        for flow in flows {
            let kept = self.add_flow(&caller, DEMO, flow).await?;
            let webhook =
                NewTrigger::Webhook { answer: WebhookAnswer::Result, deadline: None, signature: None, secret: None };
            triggers.push(self.create_trigger(&caller, &kept.id, "webhook", webhook).await?);
        }
        Ok(triggers)
    }

    /// A flow of a project, switched on.
    async fn add_flow(&self, caller: &Caller, project: &str, flow: &DemoFlow) -> Result<Kept<FlowDraft>> {
        let (name, text) = flow.file;
        let new = NewFlow {
            project: project.to_owned(),
            service: flow.service.to_owned(),
            name: Some(flow.name.to_owned()),
            title: Some(flow.title.to_owned()),
            files: vec![FlowFile { name: name.into(), text: text.into() }],
            ..NewFlow::default()
        };
        let kept = self.create_flow(caller, new).await?;
        self.start_flow(caller, &kept.id, None).await?;
        Ok(kept)
    }

    /// A project with the flows an installation is verified with, switched on, in the services they name. Nothing starts
    /// them but a person.
    pub async fn add_verification(&self, tenant: &Text, flows: &[DemoFlow]) -> Result<()> {
        let caller = Caller::system(tenant.clone(), "demo");
        let about = "Flows that show that this installation works, from the simplest to one that goes on for ever.";
        self.create_project(&caller, VERIFICATION, about).await?;
        let services: BTreeSet<&str> = flows.iter().map(|flow| flow.service).collect();
        for service in services.into_iter().filter(|service| *service != DEFAULT_SERVICE) {
            self.create_service(&caller, VERIFICATION, service, "").await?;
        }
        for flow in flows {
            self.add_flow(&caller, VERIFICATION, flow).await?;
        }
        Ok(())
    }

    /// Names of the demo's flows in the first organisation and their webhooks' addresses, as far as they are still there.
    pub async fn demo_webhooks(&self) -> Result<Vec<(Text, String)>> {
        let first = DocumentPage { after: None, limit: 1, newest_first: false };
        let filter = DocumentFilter::default();
        let tenants = self.documents.documents(&Scope::System, Table::Tenants, &filter, &first).await?;
        let Some(tenant) = tenants.first() else { return Ok(Vec::new()) };
        let scope = Scope::Tenant(tenant.id.clone());
        let demo = records::under(&DEMO.into());
        let flows: Vec<Kept<FlowDraft>> = records::all(&*self.documents, &scope, &demo).await?;
        let mut found = Vec::new();
        for flow in flows.into_iter().take(10) {
            let triggers: Vec<Kept<Trigger>> =
                records::all(&*self.documents, &scope, &records::under(&flow.id)).await?;
            let url = triggers.iter().find_map(|trigger| self.webhook_url(trigger));
            found.extend(url.map(|url| (flow.value.name.clone(), url)));
        }
        Ok(found)
    }

    /// The user with this address; for the server's operator.
    pub async fn operator_user(&self, email: &str) -> Result<Kept<User>> {
        let email = check_email(email)?;
        self.user_by_email(&email).await?.ok_or(ControlError::not_found("user"))
    }
}
