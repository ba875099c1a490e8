//! How much messages may weigh.

use crate::weight;
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
    weight::weigh(payload, MESSAGE_BYTES).map(|bytes| bytes + ENVELOPE)
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
