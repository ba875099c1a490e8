use super::scalar::{Plain, resolve};
use weir_base::{Map, Value};

/// A value as YAML in block style, ending with a line break.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => map_lines(&mut out, map, 0, false),
        Value::Array(items) if !items.is_empty() => list_lines(&mut out, items, 0, false),
        other => {
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
    out
}

/// Text as a YAML scalar on one line: plain where it stays text, else in double quotes.
pub fn yaml_scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A value on one line, fit for any place in a YAML text.
pub(super) fn inline(value: &Value) -> String {
    let mut out = String::new();
    push_inline(&mut out, value);
    out
}

fn push_inline(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => out.push_str(&inline_scalar(text)),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                push_inline(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(&inline_scalar(key));
                out.push_str(": ");
                push_inline(out, item);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_json()),
    }
}

/// Within brackets, `,` and brackets also need quotes.
pub(super) fn inline_scalar(text: &str) -> String {
    if is_plain(text) && !text.contains([',', '[', ']', '{', '}']) { text.to_owned() } else { quoted(text) }
}

/// Lines of a map, its keys in column `indent`. `first_inline` leaves out the indentation of the first line.
pub(super) fn map_lines(out: &mut String, map: &Map, indent: usize, first_inline: bool) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 || !first_inline {
            push_indent(out, indent);
        }
        out.push_str(&yaml_scalar(key));
        out.push(':');
        after_key(out, value, indent);
    }
}

/// Lines of a list, its dashes in column `indent`.
pub(super) fn list_lines(out: &mut String, items: &[Value], indent: usize, first_inline: bool) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 || !first_inline {
            push_indent(out, indent);
        }
        out.push('-');
        after_dash(out, item, indent);
    }
}

/// What stands behind `key:`, the key being in column `indent`, with its line break.
pub(super) fn after_key(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            map_lines(out, map, indent + 2, false);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            list_lines(out, items, indent + 2, false);
        }
        other => scalar_line(out, other, indent),
    }
}

/// What stands behind `-`, the dash being in column `indent`, with its line break.
pub(super) fn after_dash(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push(' ');
            map_lines(out, map, indent + 2, true);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push(' ');
            list_lines(out, items, indent + 2, true);
        }
        other => scalar_line(out, other, indent),
    }
}

fn scalar_line(out: &mut String, value: &Value, indent: usize) {
    out.push(' ');
    match value {
        Value::String(text) if fits_block(text) => push_block(out, text, indent + 2),
        Value::String(text) => {
            out.push_str(&yaml_scalar(text));
            out.push('\n');
        }
        other => {
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
}

fn push_indent(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Text of several lines that a `|` block can hold as it is.
fn fits_block(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| !c.is_whitespace());
    let odd = |c: char| c != '\n' && c != '\t' && needs_escape(c);
    text.contains('\n') && starts_well && !text.ends_with("\n\n") && !text.contains(odd) && !text.contains("\n\t")
}

fn push_block(out: &mut String, text: &str, indent: usize) {
    out.push_str(if text.ends_with('\n') { "|\n" } else { "|-\n" });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            push_indent(out, indent);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// Whether text stands for itself without quotes, here and in YAML of the older version.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 4] = ["yes", "no", "on", "off"];
    const STARTS: [char; 19] =
        ['-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'];
    resolve(text) == Plain::Text
        && !text.starts_with(STARTS)
        && !text.starts_with("...")
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(|c: char| c.is_whitespace() || c == ':')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(needs_escape)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && text != "<<"
        && text != "="
}

fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
