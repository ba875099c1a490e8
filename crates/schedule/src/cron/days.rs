use super::fields::has;
use jiff::civil::{Date, Weekday};

const SUNDAY: u32 = 0;
const SATURDAY: u32 = 6;

/// Which days of a month fit. Where neither field is a star, a day fits if one of them allows it, as in Vixie cron.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Days {
    pub of_month: OfMonth,
    pub of_week: OfWeek,
}

/// The field for days of the month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OfMonth {
    /// `*` or `?`.
    pub any: bool,
    pub days: u64,
    /// `L`.
    pub last: bool,
    /// `15W`: the working day of the same month that is nearest. In a month without that day it is the month's last.
    pub nearest: u64,
}

/// The field for days of the week. Bit 0 is Sunday.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OfWeek {
    /// `*` or `?`.
    pub any: bool,
    pub days: u64,
    /// `5L`: the last of the month.
    pub last: u64,
    /// `5#3`: for each weekday, bit 3 is the third of the month.
    pub nth: [u64; 7],
}

impl Days {
    pub fn fit(&self, date: Date) -> bool {
        match (self.of_month.any, self.of_week.any) {
            (true, true) => true,
            (false, true) => self.of_month.fits(date),
            (true, false) => self.of_week.fits(date),
            (false, false) => self.of_month.fits(date) || self.of_week.fits(date),
        }
    }
}

impl OfMonth {
    fn fits(&self, date: Date) -> bool {
        has(self.days, day(date)) || self.last && date.day() == date.days_in_month() || self.is_nearest(date)
    }

    fn is_nearest(&self, date: Date) -> bool {
        let moves_here = |wanted| has(self.nearest, wanted) && nearest_working_day(date, wanted) == day(date);
        self.nearest != 0 && (1..=31).any(moves_here)
    }
}

/// The working day of a date's month that is nearest to a day of it.
fn nearest_working_day(date: Date, wanted: u32) -> u32 {
    let last = u32::from(date.days_in_month().unsigned_abs());
    let wanted = wanted.min(last);
    match (weekday(date.first_of_month().weekday()) + wanted - 1) % 7 {
        SATURDAY if wanted == 1 => 3,
        SATURDAY => wanted - 1,
        SUNDAY if wanted == last => wanted - 2,
        SUNDAY => wanted + 1,
        _ => wanted,
    }
}

impl OfWeek {
    fn fits(&self, date: Date) -> bool {
        let weekday = weekday(date.weekday());
        let is_last = date.day() + 7 > date.days_in_month();
        let nth = (day(date) - 1) / 7 + 1;
        has(self.days, weekday) || is_last && has(self.last, weekday) || has(self.nth[weekday as usize], nth)
    }
}

fn day(date: Date) -> u32 {
    u32::from(date.day().unsigned_abs())
}

fn weekday(day: Weekday) -> u32 {
    u32::from(day.to_sunday_zero_offset().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_nearest_working_day_stays_in_its_month() {
        let cases = [
            (date(2024, 6, 1), 1, 3, "Saturday the 1st"),
            (date(2024, 9, 1), 1, 2, "Sunday the 1st"),
            (date(2024, 6, 1), 15, 14, "a Saturday"),
            (date(2024, 6, 1), 16, 17, "a Sunday"),
            (date(2024, 6, 1), 30, 28, "Sunday the last"),
            (date(2024, 8, 1), 31, 30, "Saturday the last"),
            (date(2024, 2, 1), 31, 29, "a day the month lacks"),
            (date(2024, 6, 1), 12, 12, "a Wednesday"),
        ];
        for (month, wanted, expected, what) in cases {
            assert_eq!(nearest_working_day(month, wanted), expected, "{what}");
        }
    }
}
