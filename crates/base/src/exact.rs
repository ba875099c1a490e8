use crate::Value;
use std::fmt;
use std::num::IntErrorKind;

/// Numbers with fewer digits are always held exactly.
const SURELY_EXACT: usize = 15;

/// A whole number in JSON text that a 64-bit floating point number does not hold: its last digits would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostDigits {
    /// As it is written.
    pub number: String,
    /// Where it begins, counted from 1, in characters.
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for LostDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, line, column } = self;
        write!(f, "`{number}` at line {line} column {column} has more digits than a number can keep; ")?;
        f.write_str("write it in quotes if every digit matters")
    }
}

/// The first whole number of a JSON text that would lose digits.
pub fn lost_digits(json: &str) -> Option<LostDigits> {
    let (from, to) = Inexact { json, at: 0 }.next()?;
    let before = &json[..from];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Some(LostDigits {
        number: json[from..to].to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    })
}

impl Value {
    /// Reads JSON somebody else has written, who cannot be asked to write it otherwise: a whole number that would lose
    /// digits is read as text, with each of them.
    pub fn from_foreign_json(text: &str) -> Result<Value, serde_json::Error> {
        let mut quoted = String::new();
        let mut copied = 0;
        for (from, to) in (Inexact { json: text, at: 0 }) {
            quoted.extend([&text[copied..from], "\"", &text[from..to], "\""]);
            copied = to;
        }
        match copied {
            0 => Value::from_json(text),
            // What is no JSON is told as it was written.
            _ => serde_json::from_str::<serde::de::IgnoredAny>(text).and_then(|_| {
                quoted.push_str(&text[copied..]);
                Value::from_json(&quoted)
            }),
        }
    }
}

/// Where the whole numbers stand that would lose digits, as byte ranges.
struct Inexact<'a> {
    json: &'a str,
    at: usize,
}

impl Iterator for Inexact<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let bytes = self.json.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => self.at = after_string(bytes, self.at),
                b'-' | b'0'..=b'9' => {
                    let (from, to) = (self.at, after_number(bytes, self.at));
                    self.at = to;
                    if !is_exact(&self.json[from..to]) {
                        return Some((from, to));
                    }
                }
                _ => self.at += 1,
            }
        }
        None
    }
}

fn after_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn after_number(bytes: &[u8], from: usize) -> usize {
    let part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    from + bytes[from..].iter().take_while(|byte| part(byte)).count()
}

/// Whether a 64-bit floating point number keeps each digit of a number as it is written: `12`, `-0x1f`, `1.5e3`.
///
/// Fractions and powers of ten are approximate by nature; a whole number is one of its digits. Large ones are printed
/// with zeros for what cannot be told apart, and are taken as they are printed. True of what is no number.
pub fn is_exact(number: &str) -> bool {
    let digits = number.trim_start_matches(['+', '-']);
    if digits.len() <= SURELY_EXACT {
        return true;
    }
    match digits.get(..2).and_then(radix_of) {
        Some(radix) => is_exact_in(radix, &digits[2..]),
        None => is_exact_decimal(digits.trim_start_matches('0')),
    }
}

fn is_exact_decimal(digits: &str) -> bool {
    if digits.len() <= SURELY_EXACT || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    // Too large for any number: whoever reads it says so.
    digits.parse::<f64>().is_ok_and(|held| {
        held.is_infinite() || [format!("{held:.0}"), held.to_string()].iter().any(|known| known == digits)
    })
}

fn radix_of(prefix: &str) -> Option<u32> {
    match prefix {
        "0x" | "0X" => Some(16),
        "0o" | "0O" => Some(8),
        "0b" | "0B" => Some(2),
        _ => None,
    }
}

fn is_exact_in(radix: u32, digits: &str) -> bool {
    match u128::from_str_radix(digits, radix) {
        Ok(whole) => u128::BITS <= whole.leading_zeros() + whole.trailing_zeros() + f64::MANTISSA_DIGITS,
        Err(error) => *error.kind() != IntErrorKind::PosOverflow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_that_would_change_is_found_with_its_place() {
        let cases = [
            ("9007199254740993", Some("9007199254740993 1:1")),
            ("{\n \"ž\": [1, -9007199254740993]}", Some("-9007199254740993 2:11")),
            ("[\"9007199254740993\", \"\\\"\", 9007199254740995]", Some("9007199254740995 1:28")),
            ("[9007199254740992, 9007199254740994, 100000000000000000000, 123456789012345, 23412623021158630]", None),
            ("[0.12345678901234567890, 1.2345678901234567890e30, 12345678901234567890e1]", None),
            ("\"9007199254740993", None),
        ];
        for (json, expected) in cases {
            let found = lost_digits(json).map(|lost| format!("{} {}:{}", lost.number, lost.line, lost.column));
            assert_eq!(found.as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn a_number_is_held_exactly_or_not_however_it_is_written() {
        let exact = [
            "",
            "word",
            "0",
            "+0009007199254740992",
            "0000000000000000",
            "0x1fffffffffffff",
            "0X40000000000000000000000000000000",
            "0b11111111111111111111111111111111111111111111111111111",
            "0xnothing of this sort",
            "0.1234567890123456789",
        ];
        let lost = [
            "+9007199254740993",
            "-009007199254740993",
            "0x20000000000001",
            "0o400000000000000001",
            "0B100000000000000000000000000000000000000000000000000001",
            "0xffffffffffffffffffffffffffffffff",
            "0x123456789012345678901234567890123",
        ];
        for (numbers, expected) in [(&exact[..], true), (&lost[..], false)] {
            numbers.iter().for_each(|number| assert_eq!(is_exact(number), expected, "{number}"));
        }
    }

    #[test]
    fn foreign_numbers_keep_every_digit() {
        let cases = [
            (
                r#"{"id":9007199254740993,"at":[18446744073709551617,7,-1.5]}"#,
                r#"{"id":"9007199254740993","at":["18446744073709551617",7,-1.5]}"#,
            ),
            (r#"["9007199254740993",0]"#, r#"["9007199254740993",0]"#),
        ];
        for (json, expected) in cases {
            assert_eq!(Value::from_foreign_json(json).expect("JSON").to_json(), expected);
        }
        let wrong = Value::from_foreign_json("[9007199254740993, }").expect_err("no JSON");
        assert_eq!(wrong.column(), 20, "{wrong}");
        assert!(Value::from_foreign_json("09007199254740993").is_err());
    }
}
