//! How long the JSON of a value may be.

use crate::{StepError, category, code};
use weir_base::Value;

/// The most that steps' outputs may come to where a region puts them together, and a variable that is appended to
/// by one step.
pub(crate) const JOINED_BYTES: u64 = 64 << 20;

/// Levels of arrays and objects in what is kept, one more than an expression or a task may give.
const LEVELS: usize = 101;

/// What the value weighs; `None` where that is more than `most`, or where it is nested too deep.
pub(crate) fn weigh(value: &Value, most: u64) -> Option<u64> {
    value.weigh(most, LEVELS)
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
