use weir_base::is_exact;

/// What an unquoted YAML scalar means under the core schema of YAML 1.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    /// A finite number; `exact` is false where a 64-bit float cannot hold the written integer.
    Number {
        value: f64,
        exact: bool,
    },
    /// `.nan`, `.inf`, or a number too large for a 64-bit float.
    NotFinite,
    Text,
}

/// `yes`, `no`, `on`, dates and times are text; only the words of the core schema are more.
pub(super) fn resolve(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        _ => resolve_number(text),
    }
}

fn resolve_number(text: &str) -> Plain {
    match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {}
        _ => return Plain::Text,
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Plain::NotFinite;
    }
    if let Some(value) = radix(text, "0x", 16).or_else(|| radix(text, "0o", 8)) {
        return finite(value, text);
    }
    if !is_decimal(unsigned) {
        return Plain::Text;
    }
    let Ok(value) = text.parse::<f64>() else {
        return Plain::Text;
    };
    finite(value, text)
}

fn finite(value: f64, text: &str) -> Plain {
    if value.is_finite() { Plain::Number { value, exact: is_exact(text) } } else { Plain::NotFinite }
}

fn radix(text: &str, prefix: &str, base: u32) -> Option<f64> {
    let digits = text.strip_prefix(prefix).filter(|digits| !digits.is_empty())?;
    digits.chars().try_fold(0.0, |sum, digit| Some(sum * f64::from(base) + f64::from(digit.to_digit(base)?)))
}

/// `digits`, `digits.digits?`, `.digits`, each with an optional exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_fits = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent_fits = exponent.is_none_or(|part| {
        let part = part.strip_prefix(['+', '-']).unwrap_or(part);
        !part.is_empty() && digits(part)
    });
    mantissa_fits && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Plain) {
        assert_eq!(resolve(text), expected, "{text:?}");
    }

    #[test]
    fn core_schema() {
        let number = |value| Plain::Number { value, exact: true };
        for (text, value) in [
            ("0", 0.0),
            ("-12", -12.0),
            ("+3", 3.0),
            ("0x1F", 31.0),
            ("0o17", 15.0),
            ("1.5e3", 1500.0),
            (".5", 0.5),
            ("2.", 2.0),
            ("0123", 123.0),
        ] {
            check(text, number(value));
        }
        for text in [
            "yes",
            "no",
            "on",
            "off",
            "y",
            "1_000",
            "2020-01-01",
            "1:30",
            "e5",
            ".",
            "-",
            "1e",
            "0x",
            "0xG",
            "nan",
            "inf",
            "1.2.3",
        ] {
            check(text, Plain::Text);
        }
        for text in [".nan", ".inf", "-.Inf", "1e999", "-1e999"] {
            check(text, Plain::NotFinite);
        }
        check("~", Plain::Null);
        check("", Plain::Null);
        check("True", Plain::Bool(true));
        for (text, value, exact) in [
            ("9007199254740993", 9_007_199_254_740_992.0, false),
            ("9007199254740994", 9_007_199_254_740_994.0, true),
            ("0x20000000000001", 9_007_199_254_740_992.0, false),
            ("12345678901234567890", 12_345_678_901_234_567_000.0, false),
            ("100000000000000000000", 1e20, true),
        ] {
            check(text, Plain::Number { value, exact });
        }
    }
}
