//! Flows as they go from one installation to another: a bundle without ids, tokens, and values of secrets.

use crate::automatic::check_schedule;
use crate::bundle_interfaces::{Around, BundledInterface};
use crate::caller::Caller;
use crate::compile::{compile, version_of};
use crate::control::Control;
use crate::model::{
    FlowDraft, FlowFile, Project, ProjectSettings, Release, Revision, Secret, Service, Trigger, TriggerSpec,
    TriggerState, WebhookAnswer,
};
use crate::names_of::{check_name, check_text};
use crate::permissions::Permission;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Text, Value};
use weir_store::{Variable, VariableChange, VariableScope, VariableWrite};

/// The form bundles are written in.
const FORM: u32 = 1;
/// Flows and versions of a bundle that is taken.
const MOST: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bundle {
    /// The form it is written in.
    pub weir: u32,
    pub project: Text,
    #[serde(default)]
    pub services: Vec<BundledService>,
    #[serde(default)]
    pub flows: Vec<BundledFlow>,
    /// Names of secrets the project has; their values stay where they are.
    #[serde(default)]
    pub secrets: Vec<Text>,
    /// Of the project and of its services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<BundledVariable>,
    /// What the project opens, without keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<BundledInterface>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundledVariable {
    /// None for one of the project itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Text>,
    pub name: Text,
    pub value: serde_json::Value,
}

impl BundledVariable {
    fn shown(&self) -> Text {
        match &self.service {
            Some(service) => format!("variable {} of {service}", self.name).into(),
            None => format!("variable {}", self.name).into(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundledService {
    pub name: Text,
    #[serde(default)]
    pub description: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundledFlow {
    pub name: Text,
    pub service: Text,
    #[serde(default)]
    pub title: Text,
    #[serde(default)]
    pub description: Text,
    pub files: Vec<FlowFile>,
    #[serde(default)]
    pub bindings: BTreeMap<Text, Text>,
    #[serde(default)]
    pub canvas: serde_json::Value,
    /// The oldest first.
    #[serde(default)]
    pub versions: Vec<BundledVersion>,
    #[serde(default)]
    pub triggers: Vec<BundledTrigger>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundledVersion {
    #[serde(default)]
    pub notes: Text,
    pub files: Vec<FlowFile>,
    #[serde(default)]
    pub bindings: BTreeMap<Text, Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundledTrigger {
    pub name: Text,
    pub enabled: bool,
    pub spec: BundledSpec,
}

/// A trigger without its token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum BundledSpec {
    Webhook {
        #[serde(default)]
        answer: WebhookAnswer,
        deadline: u64,
        #[serde(default)]
        signature: Option<Text>,
        #[serde(default)]
        secret: Option<Text>,
    },
    Schedule {
        schedule: serde_json::Value,
        #[serde(default)]
        input: serde_json::Value,
    },
    Event {
        flow: Text,
        #[serde(default)]
        on: Vec<Text>,
        #[serde(default)]
        allow_self: bool,
    },
    Email(crate::model::EmailSpec),
}

/// What an import makes, or would make.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub made: Vec<Text>,
    /// What is there already and stays as it is.
    pub conflicts: Vec<Text>,
    /// Secrets the bundle's project had and this one has not.
    pub secrets_missing: Vec<Text>,
    /// Whether it was done.
    pub done: bool,
}

impl Control {
    pub async fn export_flow(&self, caller: &Caller, id: &str) -> Result<Bundle> {
        let flow = self.flow(caller, id).await?;
        let project = flow.value.project.clone();
        let services = [self.service(caller, &project, &flow.value.service).await?];
        self.bundle(caller, project, &services, vec![flow]).await
    }

    pub async fn export_project(&self, caller: &Caller, project: &str) -> Result<Bundle> {
        let project = self.project(caller, project).await?.value.name;
        let under = records::under(&project);
        let services: Vec<Kept<Service>> = records::all(&*self.documents, &caller.scope(), &under).await?;
        let flows: Vec<Kept<FlowDraft>> = records::all(&*self.documents, &caller.scope(), &under).await?;
        let variables = match caller.may(Permission::VariablesRead) {
            true => self.bundle_variables(caller, &project, &services).await?,
            false => Vec::new(),
        };
        let names = flows.iter().map(|flow| (flow.id.clone(), flow.value.name.clone())).collect();
        let interfaces = self.bundle_interfaces(caller, &project, &names).await?;
        Ok(Bundle { variables, interfaces, ..self.bundle(caller, project, &services, flows).await? })
    }

    /// Those of the project first, then those of its services, each by name.
    async fn bundle_variables(
        &self,
        caller: &Caller,
        project: &Text,
        services: &[Kept<Service>],
    ) -> Result<Vec<BundledVariable>> {
        let (tenant, mut found) = (&caller.tenant, Vec::new());
        for service in std::iter::once(None).chain(services.iter().map(|one| Some(one.value.name.clone()))) {
            let scope = VariableScope { tenant: tenant.clone(), project: project.clone(), service: service.clone() };
            let all = self.store.list_variables(&scope).await?;
            let bundled = |one: Variable| BundledVariable {
                service: service.clone(),
                name: one.name,
                value: serde_json::Value::from(&one.value),
            };
            found.extend(all.into_iter().map(bundled));
        }
        Ok(found)
    }

    async fn bundle(
        &self,
        caller: &Caller,
        project: Text,
        services: &[Kept<Service>],
        flows: Vec<Kept<FlowDraft>>,
    ) -> Result<Bundle> {
        let secrets: Vec<Kept<Secret>> = match caller.may(Permission::SecretsRead) {
            true => records::all(&*self.documents, &caller.scope(), &records::under(&project)).await?,
            false => Vec::new(),
        };
        let mut bundled = Vec::with_capacity(flows.len());
        for flow in flows {
            bundled.push(self.bundle_flow(caller, flow).await?);
        }
        let service = |one: &Kept<Service>| BundledService {
            name: one.value.name.clone(),
            description: one.value.description.clone(),
        };
        let services = services.iter().map(service).collect();
        let secrets = secrets.into_iter().map(|secret| secret.value.name).collect();
        Ok(Bundle {
            weir: FORM,
            project,
            services,
            flows: bundled,
            secrets,
            variables: Vec::new(),
            interfaces: Vec::new(),
        })
    }

    async fn bundle_flow(&self, caller: &Caller, flow: Kept<FlowDraft>) -> Result<BundledFlow> {
        let under = records::under(&flow.id);
        let mut releases: Vec<Kept<Release>> = records::all(&*self.documents, &caller.scope(), &under).await?;
        releases.sort_by_key(|release| release.value.number);
        let triggers: Vec<Kept<Trigger>> = match caller.may(Permission::TriggersRead) {
            true => records::all(&*self.documents, &caller.scope(), &under).await?,
            false => Vec::new(),
        };
        let version = |one: Kept<Release>| BundledVersion {
            notes: one.value.notes,
            files: one.value.files,
            bindings: one.value.bindings,
        };
        let FlowDraft { service, name, title, description, files, bindings, canvas, .. } = flow.value;
        let versions = releases.into_iter().map(version).collect();
        let triggers = triggers.into_iter().map(|one| bundled_trigger(one.value)).collect();
        Ok(BundledFlow { name, service, title, description, files, bindings, canvas, versions, triggers })
    }

    /// Makes what a bundle holds in a project, all of it or nothing, or only says what would be made. What is there
    /// already is never changed: with `skip` it is passed over, without it nothing is made.
    pub async fn import(
        &self,
        caller: &Caller,
        project: Option<&str>,
        bundle: &Bundle,
        skip: bool,
        dry_run: bool,
    ) -> Result<Plan> {
        check_form(bundle)?;
        let project = check_name(project.unwrap_or(&bundle.project))?;
        let under = records::under(&project);
        let is_new = records::named::<Project>(&*self.documents, &caller.tenant, "", &project).await?.is_none();
        let services: Vec<Kept<Service>> = records::all(&*self.documents, &caller.scope(), &under).await?;
        let services: BTreeSet<Text> = services.into_iter().map(|one| one.value.name).collect();
        let flows: Vec<Kept<FlowDraft>> = records::all(&*self.documents, &caller.scope(), &under).await?;
        let mut ids: BTreeMap<Text, Text> = flows.into_iter().map(|flow| (flow.value.name, flow.id)).collect();
        let flows: BTreeSet<Text> = ids.keys().cloned().collect();
        let secrets: Vec<Kept<Secret>> = records::all(&*self.documents, &caller.scope(), &under).await?;
        let has = |name: &Text| secrets.iter().any(|one| one.value.name == *name);
        let mut plan = Plan {
            secrets_missing: bundle.secrets.iter().filter(|name| !has(name)).cloned().collect(),
            ..Plan::default()
        };
        let mut changes = self.changes(caller);
        if is_new {
            caller.must(Permission::ProjectsWrite)?;
            plan.made.push(format!("project {project}").into());
            let settings = ProjectSettings::default();
            changes.insert(Project { name: project.clone(), description: "".into(), settings });
        }
        let mut wanted: BTreeMap<Text, Text> = BTreeMap::new();
        wanted.extend(bundle.flows.iter().map(|flow| (flow.service.clone(), "".into())));
        wanted.extend(bundle.services.iter().map(|one| (one.name.clone(), one.description.clone())));
        wanted.extend(is_new.then(|| (crate::projects::DEFAULT_SERVICE.into(), "".into())));
        for (name, description) in wanted.into_iter().filter(|(name, _)| !services.contains(name)) {
            caller.must(Permission::ProjectsWrite)?;
            plan.made.push(format!("service {name}").into());
            let (name, description) = (check_name(&name)?, check_text("a description", &description, 10_000)?);
            changes.insert(Service { project: project.clone(), name, description });
        }
        let known: BTreeSet<Text> = flows.iter().chain(bundle.flows.iter().map(|flow| &flow.name)).cloned().collect();
        for flow in &bundle.flows {
            match flows.contains(&flow.name) {
                true => plan.conflicts.push(format!("flow {}", flow.name).into()),
                false => {
                    let id = self.import_flow(caller, &project, flow, &known, &mut changes, &mut plan)?;
                    ids.insert(flow.name.clone(), id);
                }
            }
        }
        let of_bundle =
            bundle.services.iter().map(|one| &one.name).chain(bundle.flows.iter().map(|flow| &flow.service));
        let around = Around { project: &project, services: services.iter().chain(of_bundle).collect(), flows: ids };
        self.import_interfaces(caller, bundle, &around, &mut changes, &mut plan).await?;
        let new = self.plan_variables(caller, &project, bundle, &mut plan).await?;
        if dry_run {
            return Ok(plan);
        }
        if !skip && !plan.conflicts.is_empty() {
            let names: Vec<&str> = plan.conflicts.iter().map(|name| &**name).collect();
            let message = format!("{} is there already: rename it, or skip what is there", names.join(", "));
            return Err(ControlError::state("IMPORT_CONFLICT", message));
        }
        changes.at_most::<FlowDraft>(self.limits(&caller.tenant).await?.flows);
        changes.commit().await?;
        self.import_variables(caller, new).await?;
        plan.done = true;
        Ok(plan)
    }

    /// Variables that are not there yet, looked at before anything is made.
    async fn plan_variables(
        &self,
        caller: &Caller,
        project: &Text,
        bundle: &Bundle,
        plan: &mut Plan,
    ) -> Result<Vec<(VariableScope, VariableWrite)>> {
        let services = bundle.services.iter().map(|one| &one.name).chain(bundle.flows.iter().map(|flow| &flow.service));
        let services: BTreeSet<&Text> = services.collect();
        let (mut new, at) = (Vec::new(), self.now());
        for one in &bundle.variables {
            caller.must(Permission::VariablesWrite)?;
            if one.service.as_ref().is_some_and(|service| !services.contains(service)) {
                let message = format!("{}: the bundle has no such service", one.shown());
                return Err(ControlError::invalid("INVALID_BUNDLE", message));
            }
            let (name, value) = (check_name(&one.name)?, one.value.clone().into());
            let scope =
                VariableScope { tenant: caller.tenant.clone(), project: project.clone(), service: one.service.clone() };
            let there = self.store.list_variables(&scope).await?.iter().any(|known| known.name == name);
            if there {
                plan.conflicts.push(one.shown());
                continue;
            }
            weir_store::apply_change(&name, Value::Null, &VariableChange::Set(value))
                .map(|value| new.push((scope, VariableWrite { name, value, at, expected: Some(0) })))
                .map_err(|fault| ControlError::invalid("VARIABLE_REFUSED", fault.to_string()))?;
            plan.made.push(one.shown());
        }
        Ok(new)
    }

    /// After the flows they are for. What a failure leaves out, another import with `skipExisting` makes.
    async fn import_variables(&self, caller: &Caller, new: Vec<(VariableScope, VariableWrite)>) -> Result<()> {
        for (scope, write) in new {
            self.write_variable(caller, &scope, write).await?;
        }
        Ok(())
    }

    fn import_flow(
        &self,
        caller: &Caller,
        project: &Text,
        flow: &BundledFlow,
        known: &BTreeSet<Text>,
        changes: &mut crate::changes::Changes<'_>,
        plan: &mut Plan,
    ) -> Result<Text> {
        let BundledFlow { service, title, description, files, bindings, canvas, .. } = flow.clone();
        let name = check_name(&flow.name)?;
        self.check_files(&files)?;
        let kept = changes.insert(FlowDraft {
            project: project.clone(),
            service,
            name: name.clone(),
            title: check_text("a title", &title, 300)?,
            description: check_text("a description", &description, 10_000)?,
            files: files.clone(),
            bindings,
            canvas,
        });
        changes.insert(Revision { flow: kept.id.clone(), number: kept.revision, by: caller.actor.name(), files });
        plan.made.push(format!("flow {name}").into());
        for (at, version) in flow.versions.iter().enumerate() {
            caller.must(Permission::FlowsPublish)?;
            self.check_files(&version.files)?;
            let known = |name: &str| known.contains(name);
            let compiled = compile(&self.catalog, &name, &version.files, &version.bindings, &known);
            let ready = version_of(&caller.tenant, project, compiled.runnable()?, &version.files, self.now());
            changes.insert(Release {
                flow: kept.id.clone(),
                number: at as u64 + 1,
                hash: ready.hash.clone(),
                dialect: ready.dialect.clone(),
                notes: check_text("notes", &version.notes, 10_000)?,
                by: caller.actor.name(),
                files: version.files.clone(),
                bindings: version.bindings.clone(),
            });
            changes.publish(ready);
            plan.made.push(format!("version {} of {name}", at + 1).into());
        }
        for trigger in &flow.triggers {
            caller.must(Permission::TriggersWrite)?;
            self.import_trigger(caller, &kept, trigger, known, changes)?;
            plan.made.push(format!("trigger {} of {name}", trigger.name).into());
        }
        Ok(kept.id)
    }

    /// A webhook gets an address of its own.
    fn import_trigger(
        &self,
        caller: &Caller,
        flow: &Kept<FlowDraft>,
        trigger: &BundledTrigger,
        known: &BTreeSet<Text>,
        changes: &mut crate::changes::Changes<'_>,
    ) -> Result<()> {
        let id = self.new_id();
        let spec = match trigger.spec.clone() {
            BundledSpec::Webhook { answer, deadline, signature, secret } => {
                crate::triggers::check_signature(signature.as_deref(), secret.as_deref())?;
                let (token, hash) = self.new_token(caller, &id)?;
                let deadline = deadline.clamp(1, crate::triggers::LONGEST_DEADLINE);
                TriggerSpec::Webhook { token, hash, answer, deadline, signature, secret }
            }
            BundledSpec::Schedule { schedule, input } => {
                check_schedule(&schedule, &input)?;
                TriggerSpec::Schedule { schedule, input }
            }
            BundledSpec::Event { flow: cause, on, allow_self } => {
                if !known.contains(&cause) || (cause == flow.value.name && !allow_self) {
                    let message = format!("flow: the bundle and the project have no other flow `{cause}`");
                    return Err(ControlError::invalid("EVENT_INVALID", message));
                }
                if on.iter().any(|status| !weir_engine::Status::parse(status).is_some_and(|status| status.is_final())) {
                    return Err(ControlError::invalid("EVENT_INVALID", "on: these are not ends of runs"));
                }
                TriggerSpec::Event { flow: cause, on, allow_self }
            }
            BundledSpec::Email(spec) => TriggerSpec::Email(crate::mail_in::check_email_trigger(spec)?),
        };
        let from = self.now();
        let alone = !matches!(spec, TriggerSpec::Webhook { .. });
        let name = check_name(&trigger.name)?;
        changes.insert_as(id.clone(), Trigger { flow: flow.id.clone(), name, enabled: trigger.enabled, from, spec });
        if alone {
            changes.insert_as(id, TriggerState { last: from, ..TriggerState::default() });
        }
        Ok(())
    }
}

fn check_form(bundle: &Bundle) -> Result<()> {
    let wrong = |message: String| Err(ControlError::invalid("INVALID_BUNDLE", message));
    if bundle.weir != FORM {
        return wrong(format!("a bundle of form {}; this server reads form {FORM}", bundle.weir));
    }
    let versions: usize = bundle.flows.iter().map(|flow| 1 + flow.versions.len()).sum();
    if versions > MOST {
        return wrong(format!("a bundle has at most {MOST} flows and versions; export flows one by one"));
    }
    let mut seen = BTreeSet::new();
    let mut variables = BTreeSet::new();
    if bundle.variables.len() > MOST {
        return wrong(format!("a bundle has at most {MOST} variables"));
    }
    if bundle.interfaces.len() > MOST {
        return wrong(format!("a bundle has at most {MOST} interfaces"));
    }
    let mut interfaces = BTreeSet::new();
    if let Some(twice) = bundle.interfaces.iter().find(|one| !interfaces.insert(&one.name)) {
        return wrong(format!("the interface {} is in it twice", crate::error::quoted(&twice.name)));
    }
    if let Some(twice) = bundle.variables.iter().find(|one| !variables.insert((&one.service, &one.name))) {
        return wrong(format!("{} is in it twice", twice.shown()));
    }
    match bundle.flows.iter().find(|flow| !seen.insert(&flow.name)) {
        Some(flow) => wrong(format!("the flow {} is in it twice", crate::error::quoted(&flow.name))),
        None => Ok(()),
    }
}

fn bundled_trigger(trigger: Trigger) -> BundledTrigger {
    let spec = match trigger.spec {
        TriggerSpec::Webhook { answer, deadline, signature, secret, .. } => {
            BundledSpec::Webhook { answer, deadline, signature, secret }
        }
        TriggerSpec::Schedule { schedule, input } => BundledSpec::Schedule { schedule, input },
        TriggerSpec::Event { flow, on, allow_self } => BundledSpec::Event { flow, on, allow_self },
        TriggerSpec::Email(spec) => BundledSpec::Email(spec),
    };
    BundledTrigger { name: trigger.name, enabled: trigger.enabled, spec }
}
