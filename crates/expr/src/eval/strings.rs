//! The methods of texts and numbers. Positions count UTF-16 code units, as in JavaScript.
//!
//! A text holds whole characters only: where a cut goes through a surrogate pair, the half that remains is U+FFFD.

use super::{Done, Evaluator};
use crate::lexer::is_space;
use crate::names::Method;
use crate::number::{to_fixed, to_integer, to_radix};
use crate::undefined::{is_undefined, undefined};
use weir_base::{Text, Value};

impl Evaluator<'_> {
    /// The length in UTF-16 code units.
    pub(super) fn length(&mut self, text: &str) -> Done<usize> {
        self.pay_reading(text.len())?;
        Ok(units(text))
    }

    pub(super) fn unit_or_undefined(&mut self, text: &str, index: usize) -> Done {
        let length = self.length(text)?;
        Ok(if index < length { Value::from(cut(text, index, index + 1)) } else { undefined() })
    }

    pub(super) fn string_method(&mut self, text: &Text, method: Method, args: &[Value]) -> Done {
        self.pay_reading(text.len())?;
        match method {
            Method::At | Method::CharAt | Method::CharCodeAt | Method::CodePointAt => self.at(text, method, args),
            Method::Includes | Method::IndexOf | Method::StartsWith => self.search(text, method, args),
            Method::EndsWith => self.ends_with(text, args),
            Method::LastIndexOf => self.last_index_of(text, args),
            Method::Slice | Method::Substring => self.part(text, method, args),
            Method::PadStart | Method::PadEnd => self.pad(text, method, args),
            Method::Repeat => self.repeat(text, args),
            Method::Replace | Method::ReplaceAll => self.replace(text, method, args),
            Method::Split => self.split(text, args),
            Method::Concat => {
                let mut out = text.to_string();
                for arg in args {
                    out.push_str(&self.text_of(arg)?);
                    self.pay_text(out.len())?;
                }
                Ok(Value::from(out))
            }
            Method::ToLowerCase => self.text(text.to_lowercase()),
            Method::ToUpperCase => self.text(text.to_uppercase()),
            Method::Trim => self.text(text.trim_matches(is_space).to_owned()),
            Method::TrimStart => self.text(text.trim_start_matches(is_space).to_owned()),
            Method::TrimEnd => self.text(text.trim_end_matches(is_space).to_owned()),
            _ => Ok(Value::String(text.clone())),
        }
    }

    /// The argument as a text; a missing one is the text `undefined`, as in JavaScript.
    fn text_arg(&mut self, args: &[Value], at: usize) -> Done<Text> {
        let value = args.get(at).cloned().unwrap_or_else(undefined);
        self.text_of(&value)
    }

    fn integer_arg(&mut self, args: &[Value], at: usize, default: f64) -> Done<f64> {
        match args.get(at).filter(|value| !is_undefined(value)) {
            Some(value) => Ok(to_integer(self.number(value)?)),
            None => Ok(default),
        }
    }

    fn at(&mut self, text: &Text, method: Method, args: &[Value]) -> Done {
        let length = units(text);
        let place = self.integer_arg(args, 0, 0.0)?;
        let place = if method == Method::At && place < 0.0 { place + length as f64 } else { place };
        let index = (place >= 0.0 && place < length as f64).then_some(place as usize);
        Ok(match (method, index) {
            (Method::At | Method::CharAt, Some(index)) => Value::from(cut(text, index, index + 1)),
            (Method::CharAt, None) => Value::from(""),
            (Method::CharCodeAt, None) => Value::Number(f64::NAN),
            (Method::CharCodeAt, Some(index)) => unit_at(text, index).map_or(Value::Number(f64::NAN), code_value),
            (Method::CodePointAt, Some(index)) => code_point(text, index),
            _ => undefined(),
        })
    }

    fn search(&mut self, text: &Text, method: Method, args: &[Value]) -> Done {
        let wanted = self.text_arg(args, 0)?;
        let from = self.integer_arg(args, 1, 0.0)?.clamp(0.0, units(text) as f64);
        let start = byte_of(text, from as usize);
        let rest = &text[start..];
        Ok(match method {
            Method::StartsWith => Value::Bool(rest.starts_with(&*wanted)),
            Method::Includes => Value::Bool(rest.contains(&*wanted)),
            _ => rest.find(&*wanted).map_or(Value::Number(-1.0), |at| Value::from(units(&text[..start + at]))),
        })
    }

    fn ends_with(&mut self, text: &Text, args: &[Value]) -> Done {
        let wanted = self.text_arg(args, 0)?;
        let length = units(text) as f64;
        let end = self.integer_arg(args, 1, length)?.clamp(0.0, length);
        Ok(Value::Bool(text[..byte_of(text, end as usize)].ends_with(&*wanted)))
    }

    fn last_index_of(&mut self, text: &Text, args: &[Value]) -> Done {
        let wanted = self.text_arg(args, 0)?;
        let limit = match args.get(1) {
            Some(value) => self.number(value)?,
            None => f64::NAN,
        };
        let length = units(text) as f64;
        let limit = if limit.is_nan() { length } else { to_integer(limit).clamp(0.0, length) };
        let end = byte_of(text, limit as usize).saturating_add(wanted.len()).min(text.len());
        let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        Ok(text[..end].rfind(&*wanted).map_or(Value::Number(-1.0), |at| Value::from(units(&text[..at]))))
    }

    fn part(&mut self, text: &Text, method: Method, args: &[Value]) -> Done {
        let length = units(text);
        if method == Method::Slice {
            let (from, to) = self.slice_range(args, length)?;
            return self.text(cut(text, from, to));
        }
        let from = self.integer_arg(args, 0, 0.0)?.clamp(0.0, length as f64) as usize;
        let to = self.integer_arg(args, 1, length as f64)?.clamp(0.0, length as f64) as usize;
        self.text(cut(text, from.min(to), from.max(to)))
    }

    fn pad(&mut self, text: &Text, method: Method, args: &[Value]) -> Done {
        let length = units(text);
        let target = self.integer_arg(args, 0, 0.0)?;
        let filler: Text = match args.get(1).filter(|value| !is_undefined(value)) {
            Some(value) => self.text_of(value)?,
            None => " ".into(),
        };
        if target <= length as f64 || filler.is_empty() {
            return Ok(Value::String(text.clone()));
        }
        let missing = target - length as f64;
        // A filler may take up to three bytes for each unit.
        self.spend((missing * 3.0 / 8.0) as u64)?;
        let missing = missing as usize;
        let rounds = missing / units(&filler).max(1) + 1;
        self.spend((rounds as u64).saturating_mul(filler.len() as u64) / 8)?;
        let padding = cut(&filler.repeat(rounds), 0, missing);
        self.text(if method == Method::PadStart { padding + text } else { format!("{text}{padding}") })
    }

    fn repeat(&mut self, text: &Text, args: &[Value]) -> Done {
        let count = self.integer_arg(args, 0, 0.0)?;
        if count < 0.0 || count.is_infinite() {
            return Err(self.type_fault("`repeat` wants a count of zero or more"));
        }
        self.spend((count as u64).saturating_mul(text.len() as u64) / 8)?;
        Ok(Value::from(if text.is_empty() { String::new() } else { text.repeat(count as usize) }))
    }

    fn replace(&mut self, text: &Text, method: Method, args: &[Value]) -> Done {
        let (wanted, replacement) = (self.text_arg(args, 0)?, self.text_arg(args, 1)?);
        let mut out = String::new();
        let mut rest = 0;
        let limit = if method == Method::Replace { 1 } else { usize::MAX };
        for (at, found) in text.match_indices(&*wanted).take(limit) {
            self.spend(1)?;
            out.push_str(&text[rest..at]);
            self.expand(&replacement, text, (at, at + found.len()), &mut out)?;
            rest = at + found.len();
        }
        out.push_str(&text[rest..]);
        self.text(out)
    }

    /// Appends the replacement of one match: `$$`, `$&`, `` $` `` and `$'` have JavaScript's meaning.
    fn expand(&mut self, replacement: &str, text: &str, (from, to): (usize, usize), out: &mut String) -> Done<()> {
        self.pay_text(replacement.len())?;
        let mut rest = replacement;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let part = match rest.as_bytes().get(at + 1) {
                Some(b'$') => Some("$"),
                Some(b'&') => Some(&text[from..to]),
                Some(b'`') => Some(&text[..from]),
                Some(b'\'') => Some(&text[to..]),
                _ => None,
            };
            self.pay_text(part.map_or(0, str::len) + 8)?;
            out.push_str(part.unwrap_or("$"));
            rest = &rest[at + if part.is_some() { 2 } else { 1 }..];
        }
        out.push_str(rest);
        Ok(())
    }

    fn split(&mut self, text: &Text, args: &[Value]) -> Done {
        let limit = match args.get(1).filter(|value| !is_undefined(value)) {
            Some(value) => self.number(value)?.trunc().rem_euclid(4_294_967_296.0) as usize,
            None => usize::MAX,
        };
        let Some(separator) = args.first().filter(|value| !is_undefined(value)) else {
            return self.array(if limit == 0 { Vec::new() } else { vec![Value::String(text.clone())] });
        };
        let separator = self.text_of(separator)?;
        let parts: Box<dyn Iterator<Item = &str>> = match separator.is_empty() {
            true => Box::new(text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()])),
            false => Box::new(text.split(&*separator)),
        };
        let mut items = Vec::new();
        for part in parts.take(limit) {
            self.spend(1 + part.len() as u64 / 8)?;
            items.push(Value::from(part));
        }
        self.array(items)
    }

    pub(super) fn number_method(&mut self, number: f64, method: Method, args: &[Value]) -> Done {
        if method == Method::ToFixed {
            let digits = self.integer_arg(args, 0, 0.0)?;
            if !(0.0..=100.0).contains(&digits) {
                return Err(self.type_fault("`toFixed` wants 0 to 100 digits"));
            }
            return self.text(to_fixed(number, digits as usize));
        }
        let radix = self.integer_arg(args, 0, 10.0)?;
        if !(2.0..=36.0).contains(&radix) {
            return Err(self.type_fault("`toString` wants a radix of 2 to 36"));
        }
        match radix as u32 {
            10 => self.text_value(&Value::Number(number)),
            radix => self.text(to_radix(number, radix)),
        }
    }
}

fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

fn unit_at(text: &str, index: usize) -> Option<u16> {
    match text.is_ascii() {
        true => text.as_bytes().get(index).map(|byte| u16::from(*byte)),
        false => text.encode_utf16().nth(index),
    }
}

fn code_value(unit: u16) -> Value {
    Value::Number(f64::from(unit))
}

fn code_point(text: &str, index: usize) -> Value {
    let pair: Vec<u16> = text.encode_utf16().skip(index).take(2).collect();
    match char::decode_utf16(pair.iter().copied()).next() {
        Some(Ok(character)) => Value::Number(f64::from(character as u32)),
        Some(Err(half)) => code_value(half.unpaired_surrogate()),
        None => undefined(),
    }
}

/// The units from `from` to `to`, which are in order and within the length.
fn cut(text: &str, from: usize, to: usize) -> String {
    if text.is_ascii() {
        return text[from..to].to_owned();
    }
    let units = text.encode_utf16().skip(from).take(to - from);
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The byte at which a unit begins; inside a surrogate pair, the byte after it.
fn byte_of(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    let mut unit = 0;
    for (byte, character) in text.char_indices() {
        if unit >= index {
            return byte;
        }
        unit += character.len_utf16();
    }
    text.len()
}
