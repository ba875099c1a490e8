//! Variables of other projects, reached through interfaces alone. What no interface opens is closed, every use is written
//! down before it happens, and what is closed looks like what is not there.

use crate::caller::Caller;
use crate::control::{Control, id_at};
use crate::model::{AuditEntry, Interface, InterfaceSpec, OpenVariables};
use crate::names_of::check_name;
use crate::ports::Ambient;
use crate::records::{self, Kept};
use crate::variables::refused;
use crate::{ControlError, Result};
use async_trait::async_trait;
use std::sync::Arc;
use weir_base::{Text, Value};
use weir_kind::{FlowContext, PortError, Through, VariableOp, no_access};
use weir_store::{Change, Documents, Scope, Table, VariableScope, VariableWrite};

/// Who asks, within the tenant.
#[derive(Clone, Copy, Debug)]
struct Asker<'a> {
    project: &'a str,
    /// None for the project as a whole.
    service: Option<&'a str>,
    flow: Option<&'a str>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Needs {
    read: bool,
    write: bool,
}

impl Needs {
    /// What adds to a value tells what it was.
    fn of(op: VariableOp) -> Self {
        match op {
            VariableOp::Get => Needs { read: true, write: false },
            VariableOp::Set => Needs { read: false, write: true },
            VariableOp::Append | VariableOp::Increment | VariableOp::Decrement => Needs { read: true, write: true },
        }
    }

    fn action(self) -> &'static str {
        if self.write { "interface.written" } else { "interface.read" }
    }
}

impl OpenVariables {
    fn grants(&self, asker: Asker<'_>, name: &str, needs: Needs) -> bool {
        let names = |names: &[Text]| names.iter().any(|known| **known == *name);
        let same =
            |wanted: &Option<Text>, own: Option<&str>| wanted.as_deref().is_none_or(|wanted| own == Some(wanted));
        let open = (!needs.read || names(&self.read)) && (!needs.write || names(&self.write));
        open && self.allow.iter().any(|rule| {
            *rule.project == *asker.project
                && same(&rule.service, asker.service)
                && same(&rule.flow, asker.flow)
                && !(needs.write && rule.read_only)
        })
    }
}

/// The interface, and where its variables are, where it lets the asker in.
async fn granted(
    documents: &dyn Documents,
    tenant: &Text,
    asker: Asker<'_>,
    through: &Through,
    name: &str,
    needs: Needs,
) -> Result<Option<(Text, VariableScope)>> {
    let found = records::named::<Interface>(documents, tenant, &through.project, &through.interface).await?;
    let Some(Kept { id, value, .. }) = found.filter(|found| found.value.enabled) else { return Ok(None) };
    let InterfaceSpec::Variables(open) = value.spec else { return Ok(None) };
    if !open.grants(asker, name, needs) {
        return Ok(None);
    }
    let scope = VariableScope { tenant: tenant.clone(), project: value.project, service: open.service };
    Ok(Some((id, scope)))
}

impl Control {
    /// Reads a variable in the name of a project that is allowed to; null where it was never set.
    pub async fn read_through(
        &self,
        caller: &Caller,
        asker: &str,
        project: &str,
        interface: &str,
        name: &str,
    ) -> Result<Value> {
        let needs = Needs { read: true, write: false };
        let scope = self.pass(caller, asker, project, interface, name, needs).await?;
        let names = [Text::from(name)];
        let found = self.store.variables(&scope, &names).await?;
        Ok(found.into_values().next().unwrap_or_default())
    }

    pub async fn write_through(
        &self,
        caller: &Caller,
        asker: &str,
        project: &str,
        interface: &str,
        name: &str,
        value: Value,
    ) -> Result<Value> {
        let needs = Needs { read: false, write: true };
        let scope = self.pass(caller, asker, project, interface, name, needs).await?;
        let write = VariableWrite { name: check_name(name)?, value: value.clone(), at: self.now(), expected: None };
        let set = self.store.set_variable(&scope, write).await?;
        set.map_err(|refusal| refused(refusal, None))?;
        Ok(value)
    }

    async fn pass(
        &self,
        caller: &Caller,
        asker: &str,
        project: &str,
        interface: &str,
        name: &str,
        needs: Needs,
    ) -> Result<VariableScope> {
        let through = Through { project: project.into(), interface: interface.into() };
        let by = Asker { project: asker, service: None, flow: None };
        let found = granted(&*self.documents, &caller.tenant, by, &through, name, needs).await?;
        let (id, scope) = found.ok_or(ControlError::not_found("variable"))?;
        let mut changes = self.changes(caller);
        changes.note(needs.action(), &id, serde_json::json!({"variable": name, "project": asker}));
        changes.commit().await?;
        Ok(scope)
    }
}

/// What lets flows in, for a runtime.
pub struct ProjectInterfaces {
    pub documents: Arc<dyn Documents>,
    pub ambient: Arc<dyn Ambient>,
}

impl ProjectInterfaces {
    async fn note(&self, flow: &FlowContext, id: &Text, name: &str, needs: Needs, key: &str) -> Result<()> {
        let FlowContext { tenant, project, flow, .. } = flow;
        let entry = AuditEntry {
            who: format!("flow {project}/{flow}").into(),
            user: None,
            action: needs.action().into(),
            target: id.clone(),
            before: serde_json::Value::Null,
            after: serde_json::json!({"variable": name, "project": project, "flow": flow, "step": key}),
            from: "".into(),
        };
        let (tenant, now) = (tenant.clone(), self.ambient.now());
        let id = id_at(&*self.ambient);
        let kept = Kept { tenant, id, revision: 1, created_at: now, updated_at: now, value: entry };
        let scope = Scope::Tenant(kept.tenant.clone());
        Ok(self.documents.change(&scope, vec![Change::Insert(Table::Audit, kept.document())]).await?)
    }
}

#[async_trait]
impl weir_kind::Interfaces for ProjectInterfaces {
    async fn variable(
        &self,
        flow: &FlowContext,
        through: &Through,
        name: &str,
        op: VariableOp,
        key: &str,
    ) -> Result<Option<Text>, PortError> {
        let asker = Asker { project: &flow.project, service: Some(&flow.service), flow: Some(&flow.flow) };
        let needs = Needs::of(op);
        let found = granted(&*self.documents, &flow.tenant, asker, through, name, needs).await.map_err(port_error)?;
        let (id, scope) = found.ok_or_else(|| no_access(through, name))?;
        self.note(flow, &id, name, needs, key).await.map_err(port_error)?;
        Ok(scope.service)
    }
}

fn port_error(error: ControlError) -> PortError {
    match error {
        ControlError::Busy(message) => PortError::Retry(message),
        other => PortError::Reject(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AccessRule;

    fn check(rule: AccessRule, asker: Asker<'_>, name: &str, op: VariableOp, expected: bool) {
        let open = OpenVariables {
            service: None,
            read: vec!["both".into(), "seen".into()],
            write: vec!["both".into(), "sent".into()],
            allow: vec![rule.clone()],
        };
        assert_eq!(open.grants(asker, name, Needs::of(op)), expected, "{rule:?} {asker:?} {name} {op:?}");
    }

    fn rule(service: Option<&str>, flow: Option<&str>, read_only: bool) -> AccessRule {
        AccessRule { project: "a".into(), service: service.map(Text::from), flow: flow.map(Text::from), read_only }
    }

    #[test]
    fn what_is_not_open_is_closed() {
        use VariableOp::{Append, Get, Increment, Set};
        let flow = Asker { project: "a", service: Some("s"), flow: Some("f") };
        let whole = Asker { project: "a", service: None, flow: None };
        let all = rule(None, None, false);
        let cases = [
            ("both", Get, true),
            ("both", Set, true),
            ("both", Increment, true),
            ("seen", Get, true),
            ("seen", Set, false),
            ("seen", Append, false),
            ("sent", Get, false),
            ("sent", Set, true),
            ("sent", Increment, false),
            ("other", Get, false),
            ("other", Set, false),
        ];
        for (name, op, expected) in cases {
            check(all.clone(), flow, name, op, expected);
            check(all.clone(), whole, name, op, expected);
            check(all.clone(), Asker { project: "b", ..flow }, name, op, false);
        }
        check(rule(None, None, true), flow, "both", Get, true);
        check(rule(None, None, true), flow, "both", Set, false);
        check(rule(Some("s"), None, false), flow, "both", Set, true);
        check(rule(Some("t"), None, false), flow, "both", Set, false);
        check(rule(Some("s"), Some("f"), false), flow, "both", Set, true);
        check(rule(Some("s"), Some("g"), false), flow, "both", Set, false);
        check(rule(Some("s"), None, false), whole, "both", Set, false);
        let nobody = OpenVariables { service: None, read: vec!["x".into()], write: Vec::new(), allow: Vec::new() };
        assert!(!nobody.grants(flow, "x", Needs::of(Get)));
    }
}
