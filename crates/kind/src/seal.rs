use crate::{TaskContext, TaskError};
use std::pin::Pin;
use weir_base::{Map, Sealed, SealedPart, Value};

/// Whether a sealed value is anywhere inside.
pub(crate) fn is_sealed(value: &Value) -> bool {
    match value {
        Value::Sealed(_) => true,
        Value::Array(items) => items.iter().any(is_sealed),
        Value::Object(map) => map.values().any(is_sealed),
        _ => false,
    }
}

/// The value with every sealed text put together from its secrets.
pub(crate) fn open<'a>(
    cx: &'a TaskContext<'_>,
    value: &'a Value,
) -> Pin<Box<dyn Future<Output = Result<Value, TaskError>> + Send + 'a>> {
    Box::pin(async move {
        match value {
            Value::Sealed(sealed) => open_text(cx, sealed).await,
            Value::Array(items) => {
                let mut opened = Vec::with_capacity(items.len());
                for item in items.iter() {
                    opened.push(open(cx, item).await?);
                }
                Ok(Value::from(opened))
            }
            Value::Object(map) => {
                let mut opened = Map::default();
                for (key, member) in map.iter() {
                    opened.insert(key.clone(), open(cx, member).await?);
                }
                Ok(Value::from(opened))
            }
            other => Ok(other.clone()),
        }
    })
}

async fn open_text(cx: &TaskContext<'_>, sealed: &Sealed) -> Result<Value, TaskError> {
    let mut text = String::new();
    for part in &sealed.parts {
        match part {
            SealedPart::Text(plain) => text.push_str(plain),
            SealedPart::Secret(name) => text.push_str(&cx.secret(name).await?),
        }
    }
    Ok(Value::from(text))
}
