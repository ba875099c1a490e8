use weir_base::Value;

/// Deeper values could not be read back from the journal.
pub(crate) const MAX_DEPTH: usize = 100;

/// The rough size of a value as JSON, in bytes; `None` where it is larger than `limit` or too deep.
pub(crate) fn fits(value: &Value, limit: usize) -> Option<usize> {
    let mut size = 0;
    add(value, limit, 0, &mut size).then_some(size)
}

fn add(value: &Value, limit: usize, depth: usize, size: &mut usize) -> bool {
    *size += match value {
        Value::String(text) => text.len() + 2,
        Value::Number(_) => 8,
        _ => 4,
    };
    if *size > limit || depth > MAX_DEPTH {
        return false;
    }
    match value {
        Value::Array(items) => items.iter().all(|item| add(item, limit, depth + 1, size)),
        Value::Object(map) => map.iter().all(|(key, item)| {
            *size += key.len() + 3;
            add(item, limit, depth + 1, size)
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_depth_are_bounded() {
        let nested = |depth: usize| (0..depth).fold(Value::Null, |inner, _| Value::array([inner]));
        assert_eq!(fits(&Value::from("abc"), 5), Some(5));
        assert_eq!(fits(&Value::from("abc"), 4), None);
        assert!(fits(&nested(MAX_DEPTH), 1_000_000).is_some());
        assert!(fits(&nested(MAX_DEPTH + 1), 1_000_000).is_none());
    }
}
