//! Numbers as JavaScript reads and writes them.

use crate::lexer::is_space;
use weir_base::format_number;

/// `String(number)`.
pub(crate) fn number_text(number: f64) -> String {
    match number {
        n if n.is_nan() => "NaN".to_owned(),
        n if n.is_infinite() => if n > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        n => format_number(n),
    }
}

/// How many bytes at the start of `text` are a decimal number without a sign: `1`, `.5`, `1.`, `1e-3`.
pub(crate) fn decimal_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits_from = |at: usize| bytes[at.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits_from(0);
    let mut length = whole;
    if bytes.get(whole) == Some(&b'.') {
        let fraction = digits_from(whole + 1);
        if whole + fraction == 0 {
            return 0;
        }
        length = whole + 1 + fraction;
    }
    if length > 0 && matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits_from(length + 1 + sign);
        length += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    length
}

/// The value of digits in a radix; `None` without digits. Rounded once for the powers of two, as JavaScript asks.
pub(crate) fn integer_in_radix(digits: &str, radix: u32) -> Option<f64> {
    if digits.is_empty() {
        return None;
    }
    if let Ok(exact) = u128::from_str_radix(digits, radix) {
        return Some(exact as f64);
    }
    let value = |c: char| f64::from(c.to_digit(radix).unwrap_or(0));
    Some(digits.chars().fold(0.0, |sum, c| sum * f64::from(radix) + value(c)))
}

/// `Number(text)`.
pub(crate) fn text_to_number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    if text.is_empty() {
        return 0.0;
    }
    let radix = match text.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => return signed_decimal(text, true).unwrap_or(f64::NAN),
    };
    let digits = &text[2..];
    let fits = digits.chars().all(|c| c.is_digit(radix));
    integer_in_radix(digits, radix).filter(|_| fits).unwrap_or(f64::NAN)
}

/// `parseFloat(text)`: the longest number at the start.
pub(crate) fn parse_float(text: &str) -> f64 {
    signed_decimal(text.trim_start_matches(is_space), false).unwrap_or(f64::NAN)
}

/// A decimal number with an optional sign; `whole` demands that nothing follows it.
fn signed_decimal(text: &str, whole: bool) -> Option<f64> {
    let (sign, digits) = split_sign(text);
    if let Some(rest) = digits.strip_prefix("Infinity") {
        return (rest.is_empty() || !whole).then_some(sign * f64::INFINITY);
    }
    let length = decimal_length(digits);
    if length == 0 || (whole && length < digits.len()) {
        return None;
    }
    digits[..length].parse::<f64>().ok().map(|number| sign * number)
}

fn split_sign(text: &str) -> (f64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// `parseInt(text, radix)`; radix 0 means that none was given.
pub(crate) fn parse_int(text: &str, radix: f64) -> f64 {
    let (sign, mut digits) = split_sign(text.trim_start_matches(is_space));
    let mut radix = to_int32(radix);
    if matches!(digits.get(..2), Some("0x" | "0X")) && matches!(radix, 0 | 16) {
        digits = &digits[2..];
        radix = 16;
    }
    let radix = match radix {
        0 => 10,
        2..=36 => radix as u32,
        _ => return f64::NAN,
    };
    let length = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
    let digits = &digits[..length];
    match radix {
        10 => digits.parse::<f64>().map_or(f64::NAN, |number| sign * number),
        _ => integer_in_radix(digits, radix).map_or(f64::NAN, |number| sign * number),
    }
}

fn to_int32(number: f64) -> i32 {
    if !number.is_finite() {
        return 0;
    }
    number.trunc().rem_euclid(4_294_967_296.0) as u32 as i32
}

/// Towards zero, with NaN as zero.
pub(crate) fn to_integer(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number.trunc() + 0.0 }
}

/// A relative index as `slice` takes it, within `0..=length`.
pub(crate) fn relative_index(number: f64, length: usize) -> usize {
    let whole = to_integer(number);
    let place = if whole < 0.0 { whole + length as f64 } else { whole };
    place.clamp(0.0, length as f64) as usize
}

/// `Math.round`: halves go up.
pub(crate) fn round(number: f64) -> f64 {
    let floor = number.floor();
    let rounded = if number - floor >= 0.5 { floor + 1.0 } else { floor };
    if rounded == 0.0 { rounded.copysign(number) } else { rounded }
}

/// `base ** exponent`, which differs from IEEE `pow` where the base is one.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    let undecided = exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite());
    if undecided { f64::NAN } else { base.powf(exponent) }
}

/// `number.toFixed(digits)`; `digits` is at most 100. An exact tie goes away from zero.
pub(crate) fn to_fixed(number: f64, digits: usize) -> String {
    if !number.is_finite() || number.abs() >= 1e21 {
        return number_text(number);
    }
    let magnitude = number.abs();
    let tie = is_tie(magnitude, digits);
    let text = format!("{:.digits$}", if tie { magnitude.next_up() } else { magnitude });
    if number < 0.0 { format!("-{text}") } else { text }
}

/// True where the number lies exactly between two decimals of that many digits.
fn is_tie(magnitude: f64, digits: usize) -> bool {
    let scale = 2_f64.powi(digits as i32 + 1);
    if (magnitude * scale).fract() != 0.0 {
        return false;
    }
    let exact = format!("{:.*}", digits + 1, magnitude);
    exact.ends_with('5')
}

/// `number.toString(radix)` for radices other than ten.
pub(crate) fn to_radix(number: f64, radix: u32) -> String {
    if !number.is_finite() {
        return number_text(number);
    }
    let magnitude = number.abs();
    let mut text = whole_digits(magnitude.trunc(), radix);
    push_fraction(&mut text, magnitude, radix);
    if number < 0.0 { format!("-{text}") } else { text }
}

fn digit(value: u32, radix: u32) -> char {
    char::from_digit(value, radix).unwrap_or('0')
}

/// The digits of a whole number. Each division is exact for the powers of two, and as good as `f64` allows otherwise.
fn whole_digits(mut whole: f64, radix: u32) -> String {
    let mut digits = Vec::new();
    loop {
        let rest = whole % f64::from(radix);
        digits.push(digit(rest as u32, radix));
        whole = (whole - rest) / f64::from(radix);
        if whole < 1.0 {
            return digits.iter().rev().collect();
        }
    }
}

/// As many digits after the point as tell this number from its neighbours.
fn push_fraction(text: &mut String, magnitude: f64, radix: u32) {
    let mut fraction = magnitude.fract();
    let mut precision = ((magnitude.next_up() - magnitude) * 0.5).max(f64::MIN_POSITIVE);
    if fraction < precision {
        return;
    }
    text.push('.');
    let base = f64::from(radix);
    for _ in 0..1100 {
        fraction *= base;
        precision *= base;
        let value = fraction.trunc();
        fraction -= value;
        let round_up = (fraction > 0.5 || (fraction == 0.5 && value as u32 & 1 == 1)) && fraction + precision > 1.0;
        text.push(digit((value as u32 + u32::from(round_up)).min(radix - 1), radix));
        if round_up || fraction < precision {
            return;
        }
    }
}

/// The index a property key stands for: a canonical number below 2³²−1.
pub(crate) fn array_index(key: &str) -> Option<u32> {
    let bytes = key.as_bytes();
    let canonical = key == "0" || (bytes.first().is_some_and(|b| (b'1'..=b'9').contains(b)) && bytes.len() <= 10);
    if !canonical || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    key.parse().ok().filter(|index| *index != u32::MAX)
}
