//! One part of a field, between commas.

/// What a field is called and which numbers it takes.
pub(super) struct Kind {
    pub name: &'static str,
    pub first: u32,
    pub last: u32,
    pub names: &'static [&'static str],
    /// What else may stand in it, for messages.
    pub also: &'static str,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const fn kind(name: &'static str, first: u32, last: u32) -> Kind {
    Kind { name, first, last, names: &[], also: "" }
}

pub(super) const SECOND: Kind = kind("second", 0, 59);
pub(super) const MINUTE: Kind = kind("minute", 0, 59);
pub(super) const HOUR: Kind = kind("hour", 0, 23);
pub(super) const MONTH: Kind = Kind { names: &MONTHS, also: ", JAN-DEC", ..kind("month", 1, 12) };
pub(super) const DAY_OF_MONTH: Kind =
    Kind { also: ", `?`, `L` (the last), `15W` (the nearest working day), `LW`", ..kind("day of month", 1, 31) };
/// 0 and 7 are both Sunday.
pub(super) const DAY_OF_WEEK: Kind = Kind {
    names: &WEEKDAYS,
    also: ", SUN-SAT, `?`, `5L` (the month's last Friday), `5#3` (its third)",
    ..kind("day of week", 0, 7)
};

/// No number of a field or step has more digits.
const DIGITS: usize = 4;

impl Kind {
    /// The numbers of a part: `*`, `5`, `5-9`, and each of them with a step, as in `5-9/2`. `5/2` goes to the end.
    pub fn numbers(&self, part: &str) -> Option<u64> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step).filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (first, last) = self.range(range, step.is_some())?;
        let steps = (first..=last).step_by(step.unwrap_or(1) as usize);
        Some(steps.fold(0, |bits, number| bits | 1 << number))
    }

    fn range(&self, range: &str, open: bool) -> Option<(u32, u32)> {
        if range == "*" {
            return Some((self.first, self.last));
        }
        let Some((first, last)) = range.split_once('-') else {
            let only = self.value(range)?;
            return Some((only, if open { self.last } else { only }));
        };
        let (first, last) = (self.value(first)?, self.end(last)?);
        (first <= last).then_some((first, last))
    }

    /// The end of a range. `FRI-SUN` ends with the week, so there Sunday is 7.
    fn end(&self, text: &str) -> Option<u32> {
        if text == "SUN" { self.value("7") } else { self.value(text) }
    }

    /// A number or a name.
    pub fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| *name == text).and_then(|at| u32::try_from(at).ok());
        let value = named.map(|at| at + self.first).or_else(|| number(text))?;
        (self.first..=self.last).contains(&value).then_some(value)
    }
}

/// A whole number without a sign.
pub(super) fn number(text: &str) -> Option<u32> {
    let plain = (1..=DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &Kind, part: &str, expected: Option<&[u32]>) {
        let bits = kind.numbers(part);
        let numbers = bits.map(|bits| (0..64).filter(|at| bits >> at & 1 == 1).collect::<Vec<_>>());
        assert_eq!(numbers.as_deref(), expected, "{} {part}", kind.name);
    }

    #[test]
    fn parts_are_read() {
        check(&MINUTE, "7", Some(&[7]));
        check(&MINUTE, "07", Some(&[7]));
        check(&MINUTE, "7-9", Some(&[7, 8, 9]));
        check(&MINUTE, "7-12/2", Some(&[7, 9, 11]));
        check(&MINUTE, "50/4", Some(&[50, 54, 58]));
        check(&HOUR, "*/7", Some(&[0, 7, 14, 21]));
        check(&HOUR, "*/99", Some(&[0]));
        check(&MONTH, "FEB-APR", Some(&[2, 3, 4]));
        check(&DAY_OF_WEEK, "SUN-TUE", Some(&[0, 1, 2]));
        check(&DAY_OF_WEEK, "FRI-SUN", Some(&[5, 6, 7]));
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for part in
            ["", "-", "60", "-1", "5-", "5-3", "*/0", "*/", "/5", "5/5/5", "+5", "1.5", "**", "99999999999", "é"]
        {
            check(&MINUTE, part, None);
        }
        check(&MINUTE, "JAN", None);
        check(&DAY_OF_MONTH, "0", None);
        check(&DAY_OF_WEEK, "8", None);
        check(&DAY_OF_WEEK, "MONDAY", None);
    }
}
