use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a part of a fold; a panic is the message it was thrown with. What it worked on must not be used again.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(panic.as_ref()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the engine broke: {}", text.unwrap_or("no reason given"))
}
