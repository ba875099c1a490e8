use super::days::Days;
use crate::time;
use jiff::civil::{Date, Time, date};

/// What an expression allows: a bit for every number that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub seconds: u64,
    pub minutes: u64,
    pub hours: u64,
    pub months: u64,
    pub days: Days,
    /// Whether the minute field begins with `*`.
    pub minutes_star: bool,
}

const EVERY_HOUR: u64 = (1 << 24) - 1;

impl Fields {
    pub fn every_hour(&self) -> bool {
        self.hours == EVERY_HOUR
    }

    pub fn minutes_star(&self) -> bool {
        self.minutes_star
    }

    /// Whether any day fits. The calendar repeats itself every 400 years.
    pub fn ever(&self) -> bool {
        self.next_date(date(1999, 12, 31), date(2399, 12, 31)).is_some()
    }

    /// The first time that fits, from `from` on and before `end`. Both are what a clock shows, in seconds since it
    /// showed midnight of 1970-01-01.
    pub fn next(&self, from: i64, end: i64) -> Option<i64> {
        let clock = time::clock(from)?;
        let today = self.fits(clock.date()).then(|| self.time_from(clock.time())).flatten();
        let next = match today {
            Some(time) => clock.date().to_datetime(time),
            None => self.next_date(clock.date(), time::date(end))?.to_datetime(self.time_from(Time::midnight())?),
        };
        time::seconds(next).filter(|next| *next < end)
    }

    fn fits(&self, date: Date) -> bool {
        has(self.months, number(date.month())) && self.days.fit(date)
    }

    /// The first day that fits, after `after` and up to `until`.
    fn next_date(&self, after: Date, until: Date) -> Option<Date> {
        let mut date = after.tomorrow().ok()?;
        while date <= until && !self.fits(date) {
            let skips = !has(self.months, number(date.month()));
            date = if skips { date.last_of_month() } else { date }.tomorrow().ok()?;
        }
        Some(date).filter(|date| *date <= until)
    }

    /// The first time of day that fits, from a time on.
    fn time_from(&self, from: Time) -> Option<Time> {
        let (hour, minute, second) = (number(from.hour()), number(from.minute()), number(from.second()));
        let here = |hour, minute, second| Time::new(hour as i8, minute as i8, second as i8, 0).ok();
        let (first_minute, first_second) = (bit_from(self.minutes, 0)?, bit_from(self.seconds, 0)?);
        if has(self.hours, hour) {
            if let Some(second) = bit_from(self.seconds, second).filter(|_| has(self.minutes, minute)) {
                return here(hour, minute, second);
            }
            if let Some(minute) = bit_from(self.minutes, minute + 1) {
                return here(hour, minute, first_second);
            }
        }
        here(bit_from(self.hours, hour + 1)?, first_minute, first_second)
    }
}

fn number(part: i8) -> u32 {
    u32::from(part.unsigned_abs())
}

pub(super) fn has(bits: u64, at: u32) -> bool {
    bits >> at & 1 == 1
}

/// The first bit that is set, from a place on.
fn bit_from(bits: u64, at: u32) -> Option<u32> {
    let rest = bits.checked_shr(at)?;
    (rest != 0).then(|| at + rest.trailing_zeros())
}
