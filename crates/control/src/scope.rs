//! What an expression at a place of a flow can name, as TypeScript declares it. The flow is read and not run.

use crate::caller::Caller;
use crate::complete::without_expression;
use crate::control::Control;
use crate::model::{FlowFile, Secret};
use crate::permissions::Permission;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use std::collections::BTreeMap;
use weir_base::{Text, Value};
use weir_check::{Seen, nothing_known, seen_at};
use weir_expr::Shape;
use weir_ir::Flow;
use weir_store::VariableScope;

/// The names at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// One `declare const` for each of them.
    pub declarations: String,
    /// There may be other names, which nothing is known of.
    pub open: bool,
}

impl Control {
    /// The names at byte `offset` of the first file, in this project.
    pub async fn names_at(
        &self,
        caller: &Caller,
        project: &str,
        files: &[FlowFile],
        bindings: &BTreeMap<Text, Text>,
        offset: usize,
    ) -> Result<Names> {
        let project = self.project(caller, project).await?.value.name;
        let text = files.first().map_or("", |file| &*file.text);
        if !text.is_char_boundary(offset) {
            let message = "`offset` counts bytes of the first file, up to its end, and does not cut a character";
            return Err(ControlError::invalid("INVALID_OFFSET", message));
        }
        let flow = self.readable(files, bindings, offset);
        let mut seen = flow.map_or_else(nothing_known, |(flow, offset)| seen_at(&flow, &self.catalog, offset));
        self.add_secrets(caller, &project, &mut seen).await?;
        self.add_project(caller, &project, &mut seen).await?;
        Ok(Names { declarations: weir_expr::declarations(&seen.env, &seen.described), open: seen.open })
    }

    /// The flow, without the expression that is being written where there is one, and where the place is in its text.
    /// It is read once, but where what is left without the expression is no flow.
    pub(crate) fn readable(
        &self,
        files: &[FlowFile],
        bindings: &BTreeMap<Text, Text>,
        offset: usize,
    ) -> Option<(Flow, usize)> {
        let (main, others) = files.split_first()?;
        let without = || {
            let (text, open) = without_expression(&main.text, offset)?;
            let main = FlowFile { name: main.name.clone(), text: text.into() };
            let files: Vec<FlowFile> = std::iter::once(main).chain(others.iter().cloned()).collect();
            self.read(&files, bindings).map(|flow| (flow, open))
        };
        without().or_else(|| self.read(files, bindings).map(|flow| (flow, offset)))
    }

    async fn add_secrets(&self, caller: &Caller, project: &Text, seen: &mut Seen) -> Result<()> {
        if !caller.may(Permission::SecretsRead) {
            return Ok(());
        }
        let found: Vec<Kept<Secret>> =
            records::all(&*self.documents, &caller.scope(), &records::under(project)).await?;
        let names = found.iter().map(|secret| (&*secret.value.name, Shape::Secret));
        set(seen, "secrets", Shape::known(names));
        Ok(())
    }

    async fn add_project(&self, caller: &Caller, project: &Text, seen: &mut Seen) -> Result<()> {
        if !caller.may(Permission::VariablesRead) {
            return Ok(());
        }
        let scope = VariableScope { tenant: caller.tenant.clone(), project: project.clone(), service: None };
        let found = self.store.list_variables(&scope).await?;
        set(seen, "project", Shape::known(found.iter().map(|one| (&*one.name, shape_of(&one.value)))));
        Ok(())
    }
}

fn set(seen: &mut Seen, root: &str, shape: Shape) {
    seen.env.roots.insert(root.into(), shape);
}

/// A variable can be given another value at any time, so only its type is told.
fn shape_of(value: &Value) -> Shape {
    match value {
        Value::Bool(_) => Shape::Boolean,
        Value::Number(_) => Shape::Number,
        Value::String(_) => Shape::String,
        Value::Array(_) => Shape::Array(Box::default()),
        Value::Object(_) => Shape::known([]),
        Value::Null | Value::Sealed(_) => Shape::Open,
    }
}
