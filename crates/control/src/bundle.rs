//! Flows as they go from one installation to another: a bundle without ids, tokens, and values of secrets.

use crate::bundle_interfaces::BundledInterface;
use crate::caller::Caller;
use crate::control::Control;
use crate::model::{FlowDraft, FlowFile, Release, Secret, Service, Trigger};
use crate::permissions::Permission;
use crate::records::{self, Kept};
use crate::triggers::NewTrigger;
use crate::{ControlError, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::Text;
use weir_store::{Variable, VariableScope};

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
    pub(crate) fn shown(&self) -> Text {
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
    /// A webhook gets another token where it goes.
    pub spec: NewTrigger,
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
}

pub(crate) fn check_form(bundle: &Bundle) -> Result<()> {
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
    BundledTrigger { name: trigger.name, enabled: trigger.enabled, spec: trigger.spec.into() }
}
