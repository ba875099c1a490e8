use weir_base::{Duration, Micros};

/// The longest wait another party can ask for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads a `Retry-After`: whole seconds, or an HTTP date, which is compared with `now`. At most a day.
pub fn retry_after(value: &str, now: Micros) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    let micros = date.timestamp().as_microsecond().saturating_sub(now).max(0);
    Some(Duration::from_millis((micros as u64).div_ceil(1_000)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        let now = 784_111_777_000_000;
        let cases = [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(86_400_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:52 GMT", Some(15_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 1999 23:59:59 GMT", Some(86_400_000)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ];
        for (text, millis) in cases {
            assert_eq!(retry_after(text, now).map(|wait| wait.millis), millis, "{text}");
        }
    }
}
