use crate::caller::Caller;
use crate::control::Control;
use crate::names_of::check_name;
use crate::{ControlError, Result};
use weir_base::{Text, Value};
use weir_store::{Change, Variable, VariableRefusal, VariableScope, VariableWrite};

impl Control {
    /// The variables of a project, or of one of its services.
    async fn scope_of(&self, caller: &Caller, project: &str, service: Option<&str>) -> Result<VariableScope> {
        let project = self.project(caller, project).await?.value.name;
        let service = match service {
            Some(service) => Some(self.service(caller, &project, service).await?.value.name),
            None => None,
        };
        Ok(VariableScope { tenant: caller.tenant.clone(), project, service })
    }

    pub async fn variables(&self, caller: &Caller, project: &str, service: Option<&str>) -> Result<Vec<Variable>> {
        let scope = self.scope_of(caller, project, service).await?;
        Ok(self.store.list_variables(&scope).await?)
    }

    pub async fn variable(
        &self,
        caller: &Caller,
        project: &str,
        service: Option<&str>,
        name: &str,
    ) -> Result<Variable> {
        let found = self.variables(caller, project, service).await?;
        found.into_iter().find(|variable| &*variable.name == name).ok_or(ControlError::not_found("variable"))
    }

    /// Sets a variable, whatever runs do with it. `expected` is the revision that was seen, 0 where there was none;
    /// whatever is there is overwritten for `None`.
    pub async fn set_variable(
        &self,
        caller: &Caller,
        project: &str,
        service: Option<&str>,
        name: &str,
        value: Value,
        expected: Option<u64>,
    ) -> Result<Variable> {
        let scope = self.scope_of(caller, project, service).await?;
        let write = VariableWrite { name: check_name(name)?, value, at: self.now(), expected };
        self.write_variable(caller, &scope, write).await
    }

    /// Sets a variable and writes down who did, what was there before, and what is there now.
    pub(crate) async fn write_variable(
        &self,
        caller: &Caller,
        scope: &VariableScope,
        write: VariableWrite,
    ) -> Result<Variable> {
        let expected = write.expected;
        let set = self.store.set_variable(scope, write).await?;
        let set = set.map_err(|refusal| refused(refusal, expected))?;
        let (before, after) = (set.before.as_ref().map(audited), audited(&set.now));
        let target = place_of(scope, &set.now.name);
        self.note_change(caller, "variable.changed", &target, before.unwrap_or_default(), after).await;
        Ok(set.now)
    }

    pub async fn delete_variable(
        &self,
        caller: &Caller,
        project: &str,
        service: Option<&str>,
        name: &str,
        expected: Option<u64>,
    ) -> Result<()> {
        let scope = self.scope_of(caller, project, service).await?;
        let deleted = self.store.delete_variable(&scope, name, expected).await?;
        let before =
            deleted.map_err(|refusal| refused(refusal, expected))?.ok_or(ControlError::not_found("variable"))?;
        let target = place_of(&scope, name);
        self.note_change(caller, "variable.deleted", &target, audited(&before), serde_json::Value::Null).await;
        Ok(())
    }
}

/// What goes with a service, or with a whole project.
pub(crate) fn forgotten(tenant: &Text, project: &Text, service: Option<&Text>) -> Change {
    Change::ForgetVariables { tenant: tenant.clone(), project: project.clone(), service: service.cloned() }
}

pub(crate) fn refused(refusal: VariableRefusal, expected: Option<u64>) -> ControlError {
    match refusal {
        VariableRefusal::Fault(fault) => ControlError::invalid("VARIABLE_REFUSED", fault.to_string()),
        VariableRefusal::Changed(there) => ControlError::Conflict {
            seen: expected.unwrap_or_default(),
            current: there.as_ref().map_or(0, |there| there.revision),
            now: Box::new(there.as_ref().map(|there| audited(there)).unwrap_or_default()),
        },
    }
}

/// A variable as the audit log has it, and as whoever comes too late is shown it.
fn audited(variable: &Variable) -> serde_json::Value {
    crate::audit::shown_value(&variable.value, variable.revision)
}

pub(crate) fn place_of(scope: &VariableScope, name: &str) -> Text {
    match &scope.service {
        Some(service) => format!("{}/{service}/{name}", scope.project).into(),
        None => format!("{}/{name}", scope.project).into(),
    }
}
