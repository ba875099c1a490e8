use crate::Value;

impl Value {
    /// How many bytes its JSON would be, roughly, found without writing it; `None` where that is more than `most`, or
    /// where it is nested more than `levels` deep.
    ///
    /// A value can hold the same part many times over, so its text can be far longer than the memory it takes; weighing
    /// stops as soon as the limit is passed.
    pub fn weigh(&self, most: u64, levels: usize) -> Option<u64> {
        let mut left = most;
        take(self, levels, &mut left).then_some(most - left)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_or_too_deep_weighs_nothing() {
        let cases = [
            ("null", 4, 0, Some(4)),
            ("null", 3, 0, None),
            (r#""text""#, 100, 0, Some(6)),
            (r#"{"key":[1,"a"]}"#, 100, 2, Some(18)),
            (r#"{"key":[1,"a"]}"#, 17, 2, None),
            (r#"{"key":[1,"a"]}"#, 100, 1, None),
        ];
        for (json, most, levels, expected) in cases {
            let value = Value::from_json(json).expect("JSON");
            assert_eq!(value.weigh(most, levels), expected, "{json}");
        }
    }
}
