//! Moments as text and as clocks show them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use weir_base::Micros;

pub(crate) const SECOND: Micros = 1_000_000;

/// RFC 3339 with an offset or `Z`.
pub(crate) fn parse(text: &str) -> Option<Micros> {
    text.parse().ok().map(Timestamp::as_microsecond)
}

/// RFC 3339 in UTC; a moment beyond the year 9999 is the last one of it.
pub(crate) fn print(at: Micros) -> String {
    let nearest = if at < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(at).unwrap_or(nearest).to_string()
}

/// What a clock shows that many seconds after midnight of 1970-01-01 on that very clock.
pub(crate) fn clock(seconds: i64) -> Option<DateTime> {
    Timestamp::from_second(seconds).ok().map(|at| Offset::UTC.to_datetime(at))
}

/// The other way round.
pub(crate) fn seconds(clock: DateTime) -> Option<i64> {
    Offset::UTC.to_timestamp(clock).ok().map(Timestamp::as_second)
}

/// The day on a clock; the last there is for a number beyond.
pub(crate) fn date(seconds: i64) -> Date {
    clock(seconds).map_or(Date::MAX, DateTime::date)
}
