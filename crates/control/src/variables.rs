use crate::caller::Caller;
use crate::control::Control;
use crate::names_of::check_name;
use crate::{ControlError, Result};
use weir_base::{Text, Value};
use weir_store::{Variable, VariableScope};

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

    /// Sets a variable, whatever runs do with it.
    pub async fn set_variable(
        &self,
        caller: &Caller,
        project: &str,
        service: Option<&str>,
        name: &str,
        value: Value,
    ) -> Result<Variable> {
        let scope = self.scope_of(caller, project, service).await?;
        let name = check_name(name)?;
        let variable = Variable { name: name.clone(), value, changed_at: self.now() };
        let set = self.store.set_variable(&scope, variable.clone()).await?;
        set.map_err(|fault| ControlError::invalid("VARIABLE_REFUSED", fault.to_string()))?;
        self.note(caller, "variable.changed", &place_of(&scope, &name), serde_json::Value::Null).await;
        Ok(variable)
    }

    pub async fn delete_variable(
        &self,
        caller: &Caller,
        project: &str,
        service: Option<&str>,
        name: &str,
    ) -> Result<()> {
        let scope = self.scope_of(caller, project, service).await?;
        match self.store.delete_variable(&scope, name).await? {
            true => {
                self.note(caller, "variable.deleted", &place_of(&scope, name), serde_json::Value::Null).await;
                Ok(())
            }
            false => Err(ControlError::not_found("variable")),
        }
    }
}

pub(crate) fn place_of(scope: &VariableScope, name: &str) -> Text {
    match &scope.service {
        Some(service) => format!("{}/{service}/{name}", scope.project).into(),
        None => format!("{}/{name}", scope.project).into(),
    }
}
