//! How much messages may weigh. A value can hold the same part many times over, so its text can be far longer than
//! the memory it takes; weighing stops as soon as the limit is passed.

use weir_base::Value;

/// One message, roughly in bytes of JSON.
pub(super) const MESSAGE_BYTES: u64 = 4 << 20;
/// The context of one thread.
pub(super) const CONTEXT_BYTES: u64 = 4 << 20;
/// Everything a mailbox holds: messages on their way, contexts, and the output.
pub(super) const MAILBOX_BYTES: u64 = 64 << 20;

/// The envelope around a payload.
const ENVELOPE: u64 = 64;

/// What a message with this payload weighs; `None` where that is too much.
pub(super) fn weigh(payload: &Value) -> Option<u64> {
    let mut left = MESSAGE_BYTES;
    take(payload, &mut left).then_some(MESSAGE_BYTES - left + ENVELOPE)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_repeats_itself_is_weighed_in_full() {
        let doubled = |times: usize| (0..times).fold(Value::from("x"), |value, _| Value::array([value.clone(), value]));
        assert!(weigh(&doubled(10)).is_some_and(|weight| weight > 2_000));
        assert_eq!(weigh(&doubled(90)), None);
        assert_eq!(weigh(&Value::from("x".repeat(5 << 20))), None);
        assert_eq!(weigh(&Value::Null), Some(68));
    }
}
