use crate::{Value, number::push_number};
use xxhash_rust::xxh3::Xxh3;

/// JSON with sorted keys and JavaScript numbers: equal values give equal bytes.
///
/// A sealed value is written with its references, never with what they stand for.
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// A 128-bit hash of the canonical form. Good for finding differences, not for defending against an attacker.
pub fn hash_value(value: &Value) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(canonical_json(value).as_bytes());
    hasher.digest128()
}

/// [`hash_value`] as 32 hexadecimal digits, the form the journal keeps.
pub fn hash_value_hex(value: &Value) -> String {
    format!("{:032x}", hash_value(value))
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => push_number(out, *number),
        Value::String(text) => push_string(out, text),
        Value::Array(items) => push_list(out, items, ('[', ']'), write),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
            push_list(out, &entries, ('{', '}'), |out, (key, item)| {
                push_string(out, key);
                out.push(':');
                write(out, item);
            });
        }
        Value::Sealed(sealed) => write(out, &sealed.to_value()),
    }
}

fn push_list<T>(out: &mut String, items: &[T], (open, close): (char, char), mut each: impl FnMut(&mut String, &T)) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(close);
}

/// Writes a JSON string; only what JSON demands is escaped.
fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_order_does_not_matter() {
        let parse = |text| serde_json::from_str::<Value>(text).unwrap();
        let (a, b) = (parse(r#"{"b":[1.0,"x\n"],"a":null}"#), parse(r#"{"a":null,"b":[1,"x\n"]}"#));
        assert_eq!(canonical_json(&a), r#"{"a":null,"b":[1,"x\n"]}"#);
        assert_eq!(hash_value_hex(&a), hash_value_hex(&b));
        assert_eq!(hash_value_hex(&a).len(), 32);
    }
}
