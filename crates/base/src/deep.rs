use serde::de::{DeserializeOwned, Error};

/// The deepest JSON that is read back. Values from outside are refused at 128 levels already; regions that
/// collect outputs into lists add some more.
const MAX_NESTING: usize = 1_000;

/// Reads JSON that Weir itself has written, which may nest deeper than what is taken from outside.
pub fn read_deep<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    if nesting(text) > MAX_NESTING {
        return Err(serde_json::Error::custom(format!("nested more than {MAX_NESTING} levels deep")));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let value = T::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// How deep brackets nest, those in strings left out.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn reads_deeper_than_from_outside_but_not_for_ever() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        let read = move || {
            assert!(Value::from_json(&nested(200)).is_err());
            assert_eq!(read_deep::<Value>(&nested(900)).expect("a value").depth(), 900);
            assert!(read_deep::<Value>(&nested(100_000)).is_err());
            assert!(read_deep::<Value>(r#"["]]]]", "\\\"[[["]"#).is_ok());
        };
        std::thread::Builder::new().stack_size(2 << 20).spawn(read).expect("a thread").join().expect("no overflow");
    }
}
