use std::fmt::Write;
use weir_base::Value;

/// A value as a TypeScript literal, on several lines where it holds something; `indent` is that of the first line.
///
/// Whatever the text in it, it stays text.
pub fn literal(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    push(&mut out, value, indent);
    out
}

/// A value as a TypeScript literal on one line.
pub fn one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(map) if !map.is_empty() => {
            let member = |(name, member): (&weir_base::Text, &Value)| format!("{}: {}", key(name), one_line(member));
            format!("{{ {} }}", map.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => js_string(text),
        other => other.to_json(),
    }
}

fn push(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let scalars = items.iter().all(|item| !matches!(item, Value::Array(_) | Value::Object(_)));
            if scalars { push_row(out, items) } else { push_lines(out, items, indent) }
        }
        Value::Object(map) if !map.is_empty() => {
            out.push_str("{\n");
            for (name, member) in map.iter() {
                let _ = write!(out, "{:width$}{}: ", "", key(name), width = indent + 2);
                push(out, member, indent + 2);
                out.push_str(",\n");
            }
            let _ = write!(out, "{:indent$}}}", "");
        }
        Value::String(text) => out.push_str(&js_string(text)),
        other => out.push_str(&other.to_json()),
    }
}

fn push_row(out: &mut String, items: &[Value]) {
    out.push('[');
    for (place, item) in items.iter().enumerate() {
        out.push_str(if place == 0 { "" } else { ", " });
        push(out, item, 0);
    }
    out.push(']');
}

fn push_lines(out: &mut String, items: &[Value], indent: usize) {
    out.push_str("[\n");
    for item in items {
        let _ = write!(out, "{:width$}", "", width = indent + 2);
        push(out, item, indent + 2);
        out.push_str(",\n");
    }
    let _ = write!(out, "{:indent$}]", "");
}

/// A member's name: bare where it is a plain word. `__proto__` is computed, else it would set the prototype.
pub(super) fn key(name: &str) -> String {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_word = name.starts_with(first) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match name {
        "__proto__" => "['__proto__']".to_owned(),
        _ if is_word => name.to_owned(),
        _ => js_string(name),
    }
}

pub use weir_expr::text_literal as js_string;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(js_string("it's\n\u{2028}\\"), r"'it\'s\n\u2028\\'");
        let value = Value::from_json(r#"{"__proto__":{"a-b":[1,"x"]},"c":[],"d":[{"e":null}]}"#).unwrap();
        let expected = "{\n  ['__proto__']: {\n    'a-b': [1, 'x'],\n  },\n  c: [],\n  d: [\n    {\n      e: null,\n    },\n  ],\n}";
        assert_eq!(literal(&value, 0), expected);
    }
}
