use crate::params::text;
use async_trait::async_trait;
use weir_base::Value;
use weir_kind::{Kind, TaskContext, TaskError, TaskOutput, Through, VariableChange, VariableOp, VariableScope};

/// Reads or changes a variable that another project has opened.
pub(crate) struct ProjectInterface;

#[async_trait]
impl Kind for ProjectInterface {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let through =
            Through { project: text(&params, "project").into(), interface: text(&params, "interface").into() };
        let op = operation(text(&params, "op"));
        let usual = if op == VariableOp::Increment { Value::from(1) } else { Value::Null };
        let change = VariableChange {
            scope: VariableScope::Project,
            through: Some(through),
            name: text(&params, "name").into(),
            op,
            value: params.get("value").cloned().unwrap_or(usual),
            key: cx.request.key.clone(),
        };
        Ok(cx.change_variable(change).await?.into())
    }
}

fn operation(name: &str) -> VariableOp {
    match name {
        "set" => VariableOp::Set,
        "append" => VariableOp::Append,
        "increment" => VariableOp::Increment,
        _ => VariableOp::Get,
    }
}
