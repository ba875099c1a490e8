//! How long a value's JSON would be, roughly. A value can hold the same part many times over, so its text can be far
//! longer than the memory it takes; weighing stops as soon as the limit is passed.

use crate::{StepError, category, code};
use weir_base::Value;

/// The most that steps' outputs may come to where a region puts them together, and a variable that is appended to
/// by one step.
pub(crate) const JOINED_BYTES: u64 = 64 << 20;

/// What the value weighs; `None` where that is more than `most`.
pub(crate) fn weigh(value: &Value, most: u64) -> Option<u64> {
    let mut left = most;
    take(value, &mut left).then_some(most - left)
}

/// A value made of others, unless nobody could write it down.
pub(crate) fn joined(value: Value) -> Result<Value, StepError> {
    match weigh(&value, JOINED_BYTES) {
        Some(_) => Ok(value),
        None => Err(too_large()),
    }
}

pub(crate) fn too_large() -> StepError {
    let message = format!("the values put together are larger than {} MiB", JOINED_BYTES >> 20);
    StepError::new(code::OUTPUT_TOO_LARGE, category::LIMIT, message)
}

fn take(value: &Value, left: &mut u64) -> bool {
    let own = match value {
        Value::String(text) => text.len() as u64 + 2,
        Value::Object(map) => map.keys().map(|key| key.len() as u64 + 4).sum(),
        _ => 4,
    };
    let Some(rest) = left.checked_sub(own) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| take(item, left)),
        Value::Object(map) => map.values().all(|member| take(member, left)),
        _ => true,
    }
}
