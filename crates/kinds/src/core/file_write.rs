use super::files::{LARGEST, Place, blocking};
use crate::params::text;
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use weir_base::Value;
use weir_kind::{Category, Kind, TaskContext, TaskError, TaskOutput};

/// Writes a file of the flow's folder, all or nothing.
pub(crate) struct FileWrite;

#[async_trait]
impl Kind for FileWrite {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let path = text(&params, "path");
        let content = params.get("content").unwrap_or(&Value::Null);
        let bytes = encode(content, text(&params, "encoding"))?;
        let size = bytes.len();
        if size as u64 > LARGEST {
            let message = format!("`{path}` would be larger than {LARGEST} bytes");
            return Err(TaskError::new(Category::Limit, "FILE_TOO_LARGE", message));
        }
        let (place, key) = (Place::new(cx, path)?, cx.request.key.clone());
        let changed = blocking(move || place.write(&bytes, &key)).await?;
        Ok(Value::object([("path", path.into()), ("bytes", size.into()), ("changed", changed.into())]).into())
    }
}

fn encode(content: &Value, encoding: &str) -> Result<Vec<u8>, TaskError> {
    let not_text = || {
        let message = format!("`content` is {}; write it with `encoding: json`", content.type_name());
        TaskError::input("CONTENT_NOT_TEXT", message)
    };
    match encoding {
        "json" => Ok(format!("{}\n", content.to_json_pretty()).into_bytes()),
        "base64" => STANDARD
            .decode(content.as_str().ok_or_else(not_text)?)
            .map_err(|error| TaskError::input("CONTENT_NOT_BASE64", format!("`content` is not base64: {error}"))),
        _ => Ok(content.as_str().ok_or_else(not_text)?.as_bytes().to_vec()),
    }
}
