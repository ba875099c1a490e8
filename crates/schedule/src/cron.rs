//! Cron expressions, and what they mean on the nights on which clocks change.
//!
//! The crates at hand do not do it as the two implementations that users know best. croner, for one, carries an
//! expression across a skipped hour only if second, minute and hour are one number each, so that `0 2,14 * * *` would
//! lose a run every spring and have one twice every autumn, and it gives an error where clocks skip more than two
//! hours. So the fields are read and matched here; jiff has the time zones.

mod days;
mod field;
mod fields;
mod parse;

use crate::time::SECOND;
use crate::zone::Stretch;
use crate::{Zone, codes::SCHEDULE_NEVER_DUE};
use fields::Fields;
use weir_base::{Diagnostic, Micros};

/// Clocks that are changed by this or more were set right, and nothing is made up for. It is Vixie cron's limit.
const SET_RIGHT: i64 = 3 * 3_600;

/// A cron expression in a time zone.
///
/// Five fields (minute, hour, day of month, month, day of week), or six with seconds first.
///
/// # When clocks change
///
/// For an expression whose hour field does not allow every hour:
///
/// - Times in a gap (clocks go forward over them) fire once, all together, at the moment the clocks go forward:
///   `30 2 * * *` and `0,15,30 2 * * *` at 03:00, unless that moment is a tick anyway.
/// - Times in a fold (clocks go back and show them twice) fire the first time only, except that with a minute field
///   that begins with `*`, as in `*/20 2 * * *`, they fire both times.
///
/// An expression whose hour field allows every hour goes with the clock: times in a gap do not exist for it, and
/// times in a fold fire both times. `*/30 * * * *` therefore fires each half hour of elapsed time.
///
/// Where clocks change by three hours or more, as when a country moves across the date line, nothing is made up for
/// and nothing left out.
///
/// These are the rules on which npm's cron-parser 5 and PyPI's croniter 7 agree; where they differ, it is Vixie
/// cron's rule. `tests/oracle.tsv` has both, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    expression: String,
    zone: Zone,
    fields: Fields,
}

impl Cron {
    /// Reads an expression. Each field that is wrong gives a problem of its own.
    pub fn parse(expression: &str, zone: Zone) -> Result<Cron, Vec<Diagnostic>> {
        let fields = parse::fields(expression)?;
        if !fields.ever() {
            return Err(vec![never(expression)]);
        }
        Ok(Cron { expression: expression.trim().to_owned(), zone, fields })
    }

    pub fn expression(&self) -> &str {
        &self.expression
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The first tick after a moment. Ticks are whole seconds.
    pub(crate) fn next_after(&self, at: Micros) -> Option<Micros> {
        let mut from = at.div_euclid(SECOND) + 1;
        // Nothing is known of years that far back, so it does not matter that they are passed over.
        from = from.max(jiff::Timestamp::MIN.as_second());
        while let Some(stretch) = self.zone.stretch(from) {
            if let Some(second) = self.next_in(stretch, from) {
                return second.checked_mul(SECOND);
            }
            from = stretch.end;
        }
        None
    }

    /// The first tick of a stretch of even time that is not before `from`.
    fn next_in(&self, stretch: Stretch, from: i64) -> Option<i64> {
        if from == stretch.start && self.lost_before(stretch) {
            return Some(from);
        }
        let earliest = (from + stretch.offset).max(self.shown_again(stretch));
        let clock = self.fields.next(earliest, stretch.end.saturating_add(stretch.offset))?;
        Some(clock - stretch.offset)
    }

    /// Whether the clocks went forward over a time that is to be made up for.
    fn lost_before(&self, stretch: Stretch) -> bool {
        let (skipped, shown) = (stretch.start.saturating_add(stretch.before), stretch.start + stretch.offset);
        let small = shown > skipped && shown - skipped < SET_RIGHT;
        small && !self.fields.every_hour() && self.fields.next(skipped, shown).is_some()
    }

    /// Until when the clocks of a stretch show again what they showed before it, if that does not count twice.
    fn shown_again(&self, stretch: Stretch) -> i64 {
        let back = stretch.before - stretch.offset;
        let twice = self.fields.every_hour() || self.fields.minutes_star();
        if twice || back <= 0 || back >= SET_RIGHT { i64::MIN } else { stretch.start + stretch.before }
    }
}

fn never(expression: &str) -> Diagnostic {
    let message = format!("`{}` fits no day of any year", expression.trim());
    Diagnostic::error(SCHEDULE_NEVER_DUE, message)
        .help("correct the day of month or the month; `L` is a month's last day")
}
