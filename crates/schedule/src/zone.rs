use crate::codes::TIME_ZONE_UNKNOWN;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use weir_base::{Diagnostic, closest};

/// A time zone by its name in the IANA database, a copy of which is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A stretch of time in which clocks go evenly. Everything is in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// When clocks were changed; the least number where they never were.
    pub start: i64,
    /// When they will be, no longer in the stretch; the greatest number where they never will be.
    pub end: i64,
    /// How far clocks are ahead of UTC, and how far they were before.
    pub offset: i64,
    pub before: i64,
}

impl Zone {
    /// Finds a zone in any case: `europe/berlin` is `Europe/Berlin`.
    pub fn named(name: &str) -> Result<Zone, Box<Diagnostic>> {
        let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| Box::new(unknown(name)))?;
        Ok(Zone { name: zone.iana_name().unwrap_or(name).to_owned(), zone })
    }

    pub fn utc() -> Zone {
        Zone { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The stretch a second is in; none beyond the years that are known.
    pub(crate) fn stretch(&self, second: i64) -> Option<Stretch> {
        let at = Timestamp::from_second(second).ok()?;
        let next = Timestamp::from_second(second.saturating_add(1)).ok()?;
        let (start, end) = (self.zone.preceding(next).next(), self.zone.following(at).next());
        let offset = self.offset(at);
        let before = start.as_ref().and_then(|start| Timestamp::from_second(start.timestamp().as_second() - 1).ok());
        Some(Stretch {
            start: start.map_or(i64::MIN, |start| start.timestamp().as_second()),
            end: end.map_or(i64::MAX, |end| end.timestamp().as_second()),
            offset,
            before: before.map_or(offset, |before| self.offset(before)),
        })
    }

    fn offset(&self, at: Timestamp) -> i64 {
        self.zone.to_offset(at).seconds().into()
    }
}

fn unknown(name: &str) -> Diagnostic {
    let zones: Vec<String> = TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
    let shown: String = name.chars().take(60).collect();
    let problem = Diagnostic::error(TIME_ZONE_UNKNOWN, format!("there is no time zone `{shown}`"))
        .help("write the name of a place, such as `Europe/Berlin` or `America/New_York`, or `UTC`");
    match closest(name, zones.iter().map(String::as_str)) {
        Some(near) => problem.suggest(near),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_misspelt_ones_get_a_suggestion() {
        assert_eq!(Zone::named("europe/berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::named("utc").unwrap(), Zone::utc());
        let problem = Zone::named("Europe/Berln").unwrap_err();
        assert_eq!((problem.code.as_str(), problem.suggestion.as_deref()), (TIME_ZONE_UNKNOWN, Some("Europe/Berlin")));
        for name in ["", "Mars/Phobos", "+02:00", "../etc/passwd"] {
            assert!(Zone::named(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_stretch_lies_between_two_changes_of_the_clocks() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let (spring, autumn) = (1_711_846_800, 1_729_990_800);
        let summer = Stretch { start: spring, end: autumn, offset: 7_200, before: 3_600 };
        for second in [spring, spring + 1, autumn - 1] {
            assert_eq!(zone.stretch(second), Some(summer), "{second}");
        }
        assert_eq!(zone.stretch(spring - 1).unwrap().end, spring);
        assert_eq!(zone.stretch(autumn).unwrap().start, autumn);
        let utc = Stretch { start: i64::MIN, end: i64::MAX, offset: 0, before: 0 };
        assert_eq!(Zone::named("UTC").unwrap().stretch(0), Some(utc));
        assert_eq!(zone.stretch(i64::MAX), None);
    }
}
