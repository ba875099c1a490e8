use crate::params::text;
use async_trait::async_trait;
use weir_base::Value;
use weir_kind::{Kind, TaskContext, TaskError, TaskOutput, VariableChange, VariableOp, VariableScope};

/// Changes or reads a variable of the service or the project. Run scope never comes here: the engine writes it.
pub(crate) struct Set;

#[async_trait]
impl Kind for Set {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let scope = scope(text(&params, "scope"))?;
        let op = operation(text(&params, "op"));
        let value = params.get("value").cloned().unwrap_or_else(|| default_value(op));
        let (name, key) = (text(&params, "name").into(), cx.request.key.clone());
        let after = cx.change_variable(VariableChange { scope, through: None, name, op, value, key }).await?;
        Ok(after.into())
    }
}

fn scope(name: &str) -> Result<VariableScope, TaskError> {
    match name {
        "service" => Ok(VariableScope::Service),
        "project" => Ok(VariableScope::Project),
        _ => Err(TaskError::input("SCOPE_NOT_A_TASK", "a variable of the run is written by the engine, not by a task")),
    }
}

fn operation(name: &str) -> VariableOp {
    match name {
        "get" => VariableOp::Get,
        "append" => VariableOp::Append,
        "increment" => VariableOp::Increment,
        "decrement" => VariableOp::Decrement,
        _ => VariableOp::Set,
    }
}

fn default_value(op: VariableOp) -> Value {
    match op {
        VariableOp::Increment | VariableOp::Decrement => 1.into(),
        _ => Value::Null,
    }
}
