//! How long a value's JSON would be, roughly. A value can hold the same part many times over, so its text can be far
//! longer than the memory it takes; weighing stops as soon as the limit is passed.

use crate::{StepError, category, code};
use weir_base::Value;

/// The most that steps' outputs may come to where a region puts them together, and a variable that is appended to
/// by one step.
pub(crate) const JOINED_BYTES: u64 = 64 << 20;

/// Levels of arrays and objects in what is kept, one more than an expression or a task may give.
const LEVELS: usize = 101;

/// What the value weighs; `None` where that is more than `most`, or where it is nested too deep.
pub(crate) fn weigh(value: &Value, most: u64) -> Option<u64> {
    let mut left = most;
    take(value, LEVELS, &mut left).then_some(most - left)
}

/// Refuses a value that nobody could write down.
pub(crate) fn bounded(value: &Value) -> Result<(), StepError> {
    weigh(value, JOINED_BYTES).map(drop).ok_or_else(too_large)
}

/// [`bounded`], handing the value on.
pub(crate) fn joined(value: Value) -> Result<Value, StepError> {
    bounded(&value).map(|()| value)
}

pub(crate) fn too_large() -> StepError {
    let most = JOINED_BYTES >> 20;
    let message = format!("the value is larger than {most} MiB or nested more than {} levels deep", LEVELS - 1);
    StepError::new(code::OUTPUT_TOO_LARGE, category::LIMIT, message)
}

fn take(value: &Value, levels: usize, left: &mut u64) -> bool {
    let own = match value {
        Value::String(text) => text.len() as u64 + 2,
        Value::Object(map) => map.keys().map(|key| key.len() as u64 + 4).sum(),
        _ => 4,
    };
    let Some(rest) = left.checked_sub(own) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| take(item, levels - 1, left)),
        Value::Object(map) => levels > 0 && map.values().all(|member| take(member, levels - 1, left)),
        _ => true,
    }
}
