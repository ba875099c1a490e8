//! `JSON.stringify` and `JSON.parse`.

use super::{Done, Evaluator, objects};
use crate::number::number_text;
use crate::undefined::{View, is_nullish, is_undefined, undefined, view};
use weir_base::Value;

impl Evaluator<'_> {
    pub(super) fn stringify(&mut self, args: &[Value]) -> Done {
        let Some(value) = args.first().filter(|value| !is_undefined(value)) else { return Ok(undefined()) };
        if args.get(1).is_some_and(|replacer| !is_nullish(replacer)) {
            return Err(self.type_fault("JSON.stringify takes no replacer; give null and shape the value before"));
        }
        let indent = self.indent(args.get(2))?;
        let mut out = String::new();
        write_json(self, value, &indent, 0, &mut out)?;
        Ok(Value::from(out))
    }

    fn indent(&mut self, value: Option<&Value>) -> Done<String> {
        Ok(match value.map(view) {
            Some(View::Number(width)) => " ".repeat(width.clamp(0.0, 10.0) as usize),
            Some(View::String(text)) => text.chars().take(10).collect(),
            _ => String::new(),
        })
    }

    pub(super) fn parse_json(&mut self, args: &[Value]) -> Done {
        let text = match args.first() {
            Some(value) => self.text_of(value)?,
            None => "undefined".into(),
        };
        self.pay_text(text.len())?;
        self.built = true;
        let value = Value::from_json(&text).map_err(|error| self.type_fault(format!("this is not JSON: {error}")))?;
        let mut seen = 0;
        super::deeper_than(&value, usize::MAX, &mut seen);
        self.spend(seen)?;
        Ok(value)
    }
}

/// Writes a value as `JSON.stringify` does: undefined members are left out, undefined items and NaN are null.
/// An undefined value writes nothing.
pub(crate) fn write_json(
    evaluator: &mut Evaluator<'_>,
    value: &Value,
    indent: &str,
    level: usize,
    out: &mut String,
) -> Done<()> {
    evaluator.spend(1)?;
    let before = out.len();
    match view(value) {
        View::Undefined => {}
        View::Null => out.push_str("null"),
        View::Bool(flag) => out.push_str(if flag { "true" } else { "false" }),
        View::Number(number) if number.is_finite() => out.push_str(&number_text(number)),
        View::Number(_) => out.push_str("null"),
        View::String(text) => write_text(text, out),
        View::Array(items) => {
            let items = items.iter().map(|item| (None, if is_undefined(item) { &Value::Null } else { item }));
            return write_members(evaluator, ('[', ']'), items, indent, level, out);
        }
        View::Object(map) => {
            let map = objects::ordered(map);
            let members = map.iter().filter(|(_, member)| !is_undefined(member));
            let members = members.map(|(key, member)| (Some(&**key), member));
            return write_members(evaluator, ('{', '}'), members, indent, level, out);
        }
        View::Secret(_) => return Err(evaluator.secret_fault()),
    }
    evaluator.pay_text(out.len() - before)
}

fn write_members<'v>(
    evaluator: &mut Evaluator<'_>,
    (open, close): (char, char),
    members: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
    indent: &str,
    level: usize,
    out: &mut String,
) -> Done<()> {
    out.push(open);
    let mut any = false;
    for (key, member) in members {
        if any {
            out.push(',');
        }
        any = true;
        break_line(evaluator, indent, level + 1, out)?;
        if let Some(key) = key {
            evaluator.pay_text(key.len())?;
            write_text(key, out);
            out.push_str(if indent.is_empty() { ":" } else { ": " });
        }
        write_json(evaluator, member, indent, level + 1, out)?;
    }
    if any {
        break_line(evaluator, indent, level, out)?;
    }
    out.push(close);
    Ok(())
}

fn break_line(evaluator: &mut Evaluator<'_>, indent: &str, level: usize, out: &mut String) -> Done<()> {
    if indent.is_empty() {
        return Ok(());
    }
    evaluator.pay_text(indent.len() * level + 1)?;
    out.push('\n');
    (0..level).for_each(|_| out.push_str(indent));
    Ok(())
}

/// A JSON string with JavaScript's escapes.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}
