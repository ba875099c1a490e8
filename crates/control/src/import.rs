//! A bundle that is made here: all of it or nothing, and its variables after it, one by one. What is there already is
//! never changed.

use crate::bundle::{Bundle, BundledFlow, BundledTrigger, BundledVariable, Plan, check_form};
use crate::bundle_interfaces::Around;
use crate::caller::Caller;
use crate::changes::Changes;
use crate::compile::{compile, version_of};
use crate::control::Control;
use crate::error::quoted;
use crate::model::{FlowDraft, Project, ProjectSettings, Release, Revision, Secret, Service, Trigger};
use crate::names_of::{check_name, check_text};
use crate::permissions::Permission;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Text, Value};
use weir_store::{VariableChange, VariableScope, VariableWrite};

/// How much of what is there already is named, of a bundle that is refused for it.
const NAMED: usize = 20;

/// A bundle, where it goes, and what becomes of it there.
struct Import<'a> {
    control: &'a Control,
    caller: &'a Caller,
    bundle: &'a Bundle,
    project: Text,
    /// The project is made with the bundle.
    is_new: bool,
    /// Services that are there already.
    services: BTreeSet<Text>,
    /// Ids of the flows that are there already, by their names.
    flows: BTreeMap<Text, Text>,
    changes: Changes<'a>,
    plan: Plan,
}

impl Control {
    /// Makes what a bundle holds in a project, or only says what would be made. What is there already is never changed:
    /// with `skip` it is passed over, without it nothing is made. Where the server is killed meanwhile, variables may be
    /// missing, and all else is there or not; another import with `skip` makes them.
    pub async fn import(
        &self,
        caller: &Caller,
        project: Option<&str>,
        bundle: &Bundle,
        skip: bool,
        dry_run: bool,
    ) -> Result<Plan> {
        check_form(bundle)?;
        let mut import = Import::into(self, caller, project, bundle).await?;
        import.add_project()?;
        import.add_services()?;
        let flows = import.add_flows()?;
        import.add_interfaces(flows).await?;
        let variables = import.plan_variables().await?;
        if dry_run {
            return Ok(import.plan);
        }
        import.check_conflicts(skip)?;
        import.perform(variables).await
    }
}

impl<'a> Import<'a> {
    async fn into(
        control: &'a Control,
        caller: &'a Caller,
        project: Option<&str>,
        bundle: &'a Bundle,
    ) -> Result<Import<'a>> {
        let project = check_name(project.unwrap_or(&bundle.project))?;
        let (documents, under) = (&*control.documents, records::under(&project));
        let is_new = records::named::<Project>(documents, &caller.tenant, "", &project).await?.is_none();
        let services: Vec<Kept<Service>> = records::all(documents, &caller.scope(), &under).await?;
        let services = services.into_iter().map(|one| one.value.name).collect();
        let flows: Vec<Kept<FlowDraft>> = records::all(documents, &caller.scope(), &under).await?;
        let flows = flows.into_iter().map(|flow| (flow.value.name, flow.id)).collect();
        let secrets: Vec<Kept<Secret>> = records::all(documents, &caller.scope(), &under).await?;
        let has = |name: &Text| secrets.iter().any(|one| one.value.name == *name);
        let secrets_missing = bundle.secrets.iter().filter(|name| !has(name)).cloned().collect();
        let (changes, plan) = (control.changes(caller), Plan { secrets_missing, ..Plan::default() });
        Ok(Import { control, caller, bundle, project, is_new, services, flows, changes, plan })
    }

    fn made(&mut self, what: String) {
        self.plan.made.push(what.into());
    }

    fn add_project(&mut self) -> Result<()> {
        if !self.is_new {
            return Ok(());
        }
        self.caller.must(Permission::ProjectsWrite)?;
        self.made(format!("project {}", self.project));
        let (name, settings) = (self.project.clone(), ProjectSettings::default());
        self.changes.insert(Project { name, description: "".into(), settings });
        Ok(())
    }

    /// Those the bundle names, and those its flows are in.
    fn add_services(&mut self) -> Result<()> {
        let mut wanted: BTreeMap<Text, Text> = BTreeMap::new();
        wanted.extend(self.bundle.flows.iter().map(|flow| (flow.service.clone(), "".into())));
        wanted.extend(self.bundle.services.iter().map(|one| (one.name.clone(), one.description.clone())));
        wanted.extend(self.is_new.then(|| (crate::projects::DEFAULT_SERVICE.into(), "".into())));
        wanted.retain(|name, _| !self.services.contains(name));
        for (name, description) in wanted {
            self.caller.must(Permission::ProjectsWrite)?;
            self.made(format!("service {name}"));
            let at = |error: ControlError| error.at(format_args!("service {}", quoted(&name)));
            let description = check_text("a description", &description, 10_000).map_err(at)?;
            let name = check_name(&name).map_err(at)?;
            self.changes.insert(Service { project: self.project.clone(), name, description });
        }
        Ok(())
    }

    /// Flows that are not there yet, with their versions and triggers. The ids of all there will be, by name.
    fn add_flows(&mut self) -> Result<BTreeMap<Text, Text>> {
        let of_bundle = self.bundle.flows.iter().map(|flow| &flow.name);
        let known: BTreeSet<Text> = self.flows.keys().chain(of_bundle).cloned().collect();
        let mut ids = self.flows.clone();
        for flow in &self.bundle.flows {
            match self.flows.contains_key(&flow.name) {
                true => self.plan.conflicts.push(format!("flow {}", flow.name).into()),
                false => {
                    let at = |error: ControlError| error.at(format_args!("flow {}", quoted(&flow.name)));
                    ids.insert(flow.name.clone(), self.add_flow(flow, &known).map_err(at)?);
                }
            }
        }
        Ok(ids)
    }

    fn add_flow(&mut self, flow: &BundledFlow, known: &BTreeSet<Text>) -> Result<Text> {
        let BundledFlow { service, title, description, files, bindings, canvas, .. } = flow.clone();
        let name = check_name(&flow.name)?;
        self.control.check_files(&files)?;
        let kept = self.changes.insert(FlowDraft {
            project: self.project.clone(),
            service,
            name,
            title: check_text("a title", &title, 300)?,
            description: check_text("a description", &description, 10_000)?,
            files: files.clone(),
            bindings,
            canvas,
        });
        let (number, by) = (kept.revision, self.caller.actor.name());
        self.changes.insert(Revision { flow: kept.id.clone(), number, by, files });
        self.made(format!("flow {}", kept.value.name));
        self.add_versions(&kept, flow, known)?;
        for trigger in &flow.triggers {
            let at = |error: ControlError| error.at(format_args!("trigger {}", quoted(&trigger.name)));
            self.add_trigger(&kept, trigger, known).map_err(at)?;
        }
        Ok(kept.id)
    }

    fn add_versions(&mut self, kept: &Kept<FlowDraft>, flow: &BundledFlow, known: &BTreeSet<Text>) -> Result<()> {
        let (control, caller, name) = (self.control, self.caller, &kept.value.name);
        for (version, number) in flow.versions.iter().zip(1..) {
            caller.must(Permission::FlowsPublish)?;
            let at = |error: ControlError| error.at(format_args!("version {number}"));
            control.check_files(&version.files).map_err(at)?;
            let known = |name: &str| known.contains(name);
            let compiled = compile(&control.catalog, name, &version.files, &version.bindings, &known);
            let runnable = compiled.runnable().map_err(at)?;
            let ready = version_of(&caller.tenant, &self.project, runnable, &version.files, control.now());
            self.changes.insert(Release {
                flow: kept.id.clone(),
                number,
                hash: ready.hash.clone(),
                dialect: ready.dialect.clone(),
                notes: check_text("notes", &version.notes, 10_000)?,
                by: caller.actor.name(),
                files: version.files.clone(),
                bindings: version.bindings.clone(),
            });
            self.changes.publish(ready);
            self.made(format!("version {number} of {name}"));
        }
        Ok(())
    }

    /// A webhook gets an address of its own.
    fn add_trigger(&mut self, flow: &Kept<FlowDraft>, trigger: &BundledTrigger, known: &BTreeSet<Text>) -> Result<()> {
        self.caller.must(Permission::TriggersWrite)?;
        let cause = trigger.spec.cause();
        trigger.spec.check_cause(&flow.value.name, cause.is_none_or(|cause| known.contains(cause)))?;
        let id = self.control.new_id();
        let spec = self.control.spec_of(self.caller, &id, trigger.spec.clone())?;
        let (name, enabled, from) = (check_name(&trigger.name)?, trigger.enabled, self.control.now());
        self.made(format!("trigger {name} of {}", flow.value.name));
        self.changes.insert_trigger(id, Trigger { flow: flow.id.clone(), name, enabled, from, spec });
        Ok(())
    }

    async fn add_interfaces(&mut self, flows: BTreeMap<Text, Text>) -> Result<()> {
        let Import { control, caller, bundle, project, services, changes, plan, .. } = self;
        let services = services.iter().chain(services_of(bundle)).collect();
        let around = Around { project, services, flows };
        control.import_interfaces(caller, bundle, &around, changes, plan).await
    }

    /// Variables that are not there yet, looked at before anything is made.
    async fn plan_variables(&mut self) -> Result<Vec<(VariableScope, VariableWrite)>> {
        let services: BTreeSet<&Text> = services_of(self.bundle).collect();
        let mut new = Vec::new();
        for one in &self.bundle.variables {
            self.caller.must(Permission::VariablesWrite)?;
            if one.service.as_ref().is_some_and(|service| !services.contains(service)) {
                let message = format!("{}: the bundle has no such service", one.shown());
                return Err(ControlError::invalid("INVALID_BUNDLE", message));
            }
            match self.variable(one).await? {
                Some(variable) => {
                    self.made(one.shown().to_string());
                    new.push(variable);
                }
                None => self.plan.conflicts.push(one.shown()),
            }
        }
        Ok(new)
    }

    /// None where there is one of this name.
    async fn variable(&self, one: &BundledVariable) -> Result<Option<(VariableScope, VariableWrite)>> {
        let (name, value): (Text, Value) = (check_name(&one.name)?, one.value.clone().into());
        let (tenant, project) = (self.caller.tenant.clone(), self.project.clone());
        let scope = VariableScope { tenant, project, service: one.service.clone() };
        if self.control.store.list_variables(&scope).await?.iter().any(|known| known.name == name) {
            return Ok(None);
        }
        let value = weir_store::apply_change(&name, Value::Null, &VariableChange::Set(value))
            .map_err(|fault| ControlError::invalid("VARIABLE_REFUSED", fault.to_string()))?;
        let at = self.control.now();
        Ok(Some((scope, VariableWrite { name, value, at, expected: Some(0) })))
    }

    fn check_conflicts(&self, skip: bool) -> Result<()> {
        if skip || self.plan.conflicts.is_empty() {
            return Ok(());
        }
        let mut names: Vec<&str> = self.plan.conflicts.iter().map(|name| &**name).take(NAMED).collect();
        let more = format!("{} more", self.plan.conflicts.len().saturating_sub(NAMED));
        names.extend((self.plan.conflicts.len() > NAMED).then_some(&*more));
        let message =
            format!("there already: {}; rename what is in the bundle, or skip what is there", names.join(", "));
        Err(ControlError::state("IMPORT_CONFLICT", message))
    }

    /// Variables come after the flows they are for. What a failure leaves out, another import with `skip` makes.
    async fn perform(mut self, variables: Vec<(VariableScope, VariableWrite)>) -> Result<Plan> {
        let (control, caller) = (self.control, self.caller);
        self.changes.at_most::<FlowDraft>(control.limits(&caller.tenant).await?.flows);
        self.changes.commit().await?;
        for (scope, write) in variables {
            control.write_variable(caller, &scope, write).await?;
        }
        Ok(Plan { done: true, ..self.plan })
    }
}

/// Services the bundle speaks of.
fn services_of(bundle: &Bundle) -> impl Iterator<Item = &Text> {
    bundle.services.iter().map(|one| &one.name).chain(bundle.flows.iter().map(|flow| &flow.service))
}
