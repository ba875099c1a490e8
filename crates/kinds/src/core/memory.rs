use crate::params::text;
use async_trait::async_trait;
use weir_base::Value;
use weir_kind::{Kind, MemoryChange, MemoryOp, TaskContext, TaskError, TaskOutput};

/// Reads or changes what the flow remembers from one run to the next.
pub(crate) struct Memory;

#[async_trait]
impl Kind for Memory {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let op = operation(text(&params, "op"));
        let name = text(&params, "key");
        if name.is_empty() && op != MemoryOp::List {
            return Err(TaskError::input(
                "KEY_MISSING",
                "say which entry is meant, with `key`; only `list` needs none",
            ));
        }
        let value = params.get("value").cloned().unwrap_or_else(|| default_value(op));
        let (key, run) = (cx.request.key.clone(), cx.request.run.clone());
        let found = cx.change_memory(MemoryChange { name: name.into(), op, value, key, run }).await?;
        Ok(found.into())
    }
}

fn operation(name: &str) -> MemoryOp {
    match name {
        "set" => MemoryOp::Set,
        "append" => MemoryOp::Append,
        "increment" => MemoryOp::Increment,
        "delete" => MemoryOp::Delete,
        "list" => MemoryOp::List,
        _ => MemoryOp::Get,
    }
}

fn default_value(op: MemoryOp) -> Value {
    match op {
        MemoryOp::Increment => 1.into(),
        _ => Value::Null,
    }
}
