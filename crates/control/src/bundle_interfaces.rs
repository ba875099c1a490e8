//! What a bundle says of the interfaces of a project: who is let in how, without keys and without ids.

use crate::bundle::{Bundle, Plan};
use crate::caller::Caller;
use crate::changes::Changes;
use crate::control::Control;
use crate::model::{Interface, InterfaceAuth, InterfaceSpec, OpenVariables};
use crate::names_of::{check_name, check_text};
use crate::permissions::Permission;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::Text;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundledInterface {
    pub name: Text,
    #[serde(default)]
    pub description: Text,
    pub enabled: bool,
    /// A flow is named by its name, and no keys are listed.
    pub spec: InterfaceSpec,
}

/// What is there in the project, or will be with the bundle.
pub(crate) struct Around<'a> {
    pub project: &'a Text,
    pub services: BTreeSet<&'a Text>,
    /// Ids of flows by their names.
    pub flows: BTreeMap<Text, Text>,
}

impl Control {
    /// All of a project, by name. `flows` are the names of its flows by their ids.
    pub(crate) async fn bundle_interfaces(
        &self,
        caller: &Caller,
        project: &Text,
        flows: &BTreeMap<Text, Text>,
    ) -> Result<Vec<BundledInterface>> {
        if !caller.may(Permission::InterfacesRead) {
            return Ok(Vec::new());
        }
        let all: Vec<Kept<Interface>> =
            records::all(&*self.documents, &caller.scope(), &records::under(project)).await?;
        let mut bundled: Vec<BundledInterface> = all.into_iter().filter_map(|one| bundled(one.value, flows)).collect();
        bundled.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(bundled)
    }

    /// Makes those of the bundle that are not there, with the bundle's other changes. One that is opened by keys lets
    /// nobody in until it has some.
    pub(crate) async fn import_interfaces(
        &self,
        caller: &Caller,
        bundle: &Bundle,
        around: &Around<'_>,
        changes: &mut Changes<'_>,
        plan: &mut Plan,
    ) -> Result<()> {
        for one in &bundle.interfaces {
            caller.must(Permission::InterfacesWrite)?;
            let name = check_name(&one.name)?;
            let there = records::named::<Interface>(&*self.documents, &caller.tenant, around.project, &name).await?;
            if there.is_some() {
                plan.conflicts.push(format!("interface {name}").into());
                continue;
            }
            let (spec, left_out) = self.spec_here(caller, one, around).await?;
            let description = check_text("a description", &one.description, 10_000)?;
            plan.made.push(format!("interface {name}{left_out}").into());
            changes.insert(Interface {
                project: around.project.clone(),
                name,
                description,
                enabled: one.enabled,
                spec,
            });
        }
        Ok(())
    }

    /// The settings as they are here, and what is left out of them. Access is given to no project that is not there:
    /// whoever makes one of that name later was not meant.
    async fn spec_here(
        &self,
        caller: &Caller,
        one: &BundledInterface,
        around: &Around<'_>,
    ) -> Result<(InterfaceSpec, String)> {
        let unknown = |what: &str, name: &str| {
            let message = format!("interface {}: the bundle and the project have no {what} `{name}`", one.name);
            ControlError::invalid("INVALID_BUNDLE", message)
        };
        match one.spec.clone() {
            InterfaceSpec::Flow(mut open) => {
                open.flow = around.flows.get(&open.flow).cloned().ok_or_else(|| unknown("flow", &open.flow))?;
                Ok((InterfaceSpec::Flow(Box::new(self.check_open_flow(*open)?)), String::new()))
            }
            InterfaceSpec::Variables(open) => {
                if let Some(service) = open.service.as_ref().filter(|service| !around.services.contains(service)) {
                    return Err(unknown("service", service));
                }
                let (mut allow, mut missing) = (Vec::new(), BTreeSet::new());
                for rule in open.allow {
                    match self.check_rule(caller, around.project, &rule).await {
                        Ok(()) => allow.push(rule),
                        Err(ControlError::Invalid { .. }) => drop(missing.insert(rule.project)),
                        Err(error) => return Err(error),
                    }
                }
                let missing: Vec<&str> = missing.iter().map(|project| &**project).collect();
                let left_out = match missing.is_empty() {
                    true => String::new(),
                    false => format!(", without access for {}: there is no such project", missing.join(", ")),
                };
                let open = crate::interfaces::with_sound_names(OpenVariables { allow, ..open })?;
                Ok((InterfaceSpec::Variables(open), left_out))
            }
        }
    }
}

/// None where its flow is gone.
fn bundled(interface: Interface, flows: &BTreeMap<Text, Text>) -> Option<BundledInterface> {
    let Interface { name, description, enabled, spec, .. } = interface;
    let spec = match spec {
        InterfaceSpec::Flow(mut open) => {
            open.flow = flows.get(&open.flow)?.clone();
            if let InterfaceAuth::Key { keys } = &mut open.auth {
                keys.clear();
            }
            InterfaceSpec::Flow(open)
        }
        variables => variables,
    };
    Some(BundledInterface { name, description, enabled, spec })
}
