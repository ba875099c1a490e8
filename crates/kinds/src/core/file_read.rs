use super::files::{LARGEST, Place, blocking};
use crate::params::text;
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use weir_base::Value;
use weir_kind::{Kind, TaskContext, TaskError, TaskOutput};

/// Reads a file of the flow's folder.
pub(crate) struct FileRead;

#[async_trait]
impl Kind for FileRead {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let path = text(&params, "path");
        let limit = params.get("maxBytes").and_then(Value::as_u64).map_or(LARGEST, |limit| limit.min(LARGEST));
        let place = Place::new(cx, path)?;
        let bytes = blocking(move || place.read(limit)).await?;
        let size = Value::from(bytes.len());
        let content = decode(bytes, text(&params, "encoding"), path)?;
        Ok(Value::object([("path", path.into()), ("content", content), ("bytes", size)]).into())
    }
}

fn decode(bytes: Vec<u8>, encoding: &str, path: &str) -> Result<Value, TaskError> {
    if encoding == "base64" {
        return Ok(STANDARD.encode(bytes).into());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let message =
            format!("`{path}` is not UTF-8 from byte {} on; read it as base64", error.utf8_error().valid_up_to());
        TaskError::input("FILE_NOT_TEXT", message)
    })?;
    match encoding {
        "json" => Value::from_foreign_json(&text)
            .map_err(|error| TaskError::input("FILE_NOT_JSON", format!("`{path}` is not JSON: {error}"))),
        _ => Ok(text.into()),
    }
}
