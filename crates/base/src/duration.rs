use serde::{Deserialize, Serialize};
use std::fmt;

/// A span of time in whole milliseconds.
///
/// Text forms: `250ms`, `30s`, `5m`, `2h`, `1d`, and the long names `5 minutes`, `1 hour` and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Duration {
    pub millis: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationError(pub String);

const UNITS: [(&str, &[&str], u64); 5] = [
    ("d", &["day", "days"], 86_400_000),
    ("h", &["hour", "hours"], 3_600_000),
    ("m", &["min", "minute", "minutes"], 60_000),
    ("s", &["sec", "second", "seconds"], 1_000),
    ("ms", &["millisecond", "milliseconds"], 1),
];

impl Duration {
    pub const fn from_millis(millis: u64) -> Self {
        Self { millis }
    }

    pub const fn from_secs(secs: u64) -> Self {
        Self { millis: secs.saturating_mul(1_000) }
    }

    /// The length in microseconds, the unit of journal times; saturates.
    pub fn micros(self) -> i64 {
        i64::try_from(self.millis).unwrap_or(i64::MAX).saturating_mul(1_000)
    }

    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = (&text[..digits], text[digits..].trim_start());
        let scale = unit_millis(unit).filter(|_| digits > 0).ok_or_else(|| not_a_duration(text))?;
        let number: u64 = number.parse().map_err(|_| not_a_duration(text))?;
        number.checked_mul(scale).map(Self::from_millis).ok_or_else(|| not_a_duration(text))
    }
}

fn unit_millis(unit: &str) -> Option<u64> {
    UNITS.iter().find(|(short, long, _)| *short == unit || long.contains(&unit)).map(|(_, _, millis)| *millis)
}

fn not_a_duration(text: &str) -> DurationError {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    DurationError(format!("`{shown}` is not a duration; write a whole number and ms, s, m, h or d, such as `30s`"))
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DurationError {}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |scale: &u64| self.millis >= *scale && self.millis.is_multiple_of(*scale);
        let (unit, scale) = UNITS.iter().map(|u| (u.0, u.2)).find(|(_, s)| fits(s)).unwrap_or(("ms", 1));
        write!(f, "{}{unit}", self.millis / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints() {
        let cases = [
            ("250ms", 250),
            ("30s", 30_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("5 minutes", 300_000),
            ("0s", 0),
        ];
        for (text, millis) in cases {
            assert_eq!(Duration::parse(text).unwrap().millis, millis, "{text}");
            assert_eq!(Duration::parse(&Duration::from_millis(millis).to_string()).unwrap().millis, millis);
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in ["", "s", "5", "5 parsecs", "-5s", "1.5s", "5s 3m", "99999999999999999999s", "213503982335d1"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }
}
