//! What holds for every schedule.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::collection::btree_set;
use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_base::{Duration, Micros};
use weir_schedule::{Cron, Every, Missed, Schedule, When, Zone};

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
];
const SECOND: Micros = 1_000_000;

/// The numbers each field allows, beside which the expression is checked. An empty set is a star.
#[derive(Clone, Debug)]
struct Model {
    fields: [BTreeSet<i8>; 5],
    zone: &'static str,
}

impl Model {
    fn expression(&self) -> String {
        self.fields.each_ref().map(list).join(" ")
    }

    fn schedule(&self) -> Option<Schedule> {
        let zone = Zone::named(self.zone).expect(self.zone);
        Cron::parse(&self.expression(), zone).ok().map(|cron| Schedule::new(When::Cron(cron)))
    }

    fn fits(&self, clock: DateTime) -> bool {
        let [minutes, hours, days, months, weekdays] = &self.fields;
        let allows = |field: &BTreeSet<i8>, number| field.is_empty() || field.contains(&number);
        let (day, weekday) = (clock.day(), clock.weekday().to_sunday_zero_offset());
        let by_day = match (days.is_empty(), weekdays.is_empty()) {
            (false, false) => days.contains(&day) || weekdays.contains(&weekday),
            _ => allows(days, day) && allows(weekdays, weekday),
        };
        clock.second() == 0
            && allows(minutes, clock.minute())
            && allows(hours, clock.hour())
            && allows(months, clock.month())
            && by_day
    }
}

fn list(field: &BTreeSet<i8>) -> String {
    let numbers: Vec<String> = field.iter().map(i8::to_string).collect();
    if numbers.is_empty() { "*".to_owned() } else { numbers.join(",") }
}

fn model() -> impl Strategy<Value = Model> {
    let times = (btree_set(0..60_i8, 0..4), btree_set(0..24_i8, 0..6));
    let days = (btree_set(1..=31_i8, 0..3), btree_set(1..=12_i8, 0..6), btree_set(0..7_i8, 0..3));
    (times, days, 0..ZONES.len()).prop_map(|((minutes, hours), (days, months, weekdays), zone)| Model {
        fields: [minutes, hours, days, months, weekdays],
        zone: ZONES[zone],
    })
}

fn when() -> impl Strategy<Value = When> {
    let cron = model().prop_filter_map("a day that never comes", |model| model.schedule().map(|found| found.when));
    let every = (1_000..90_000_000_u64, proptest::option::of(moment()))
        .prop_map(|(millis, from)| When::Every(Every { interval: Duration::from_millis(millis), from }));
    prop_oneof![4 => cron, 2 => every, 1 => moment().prop_map(When::At)]
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let missed = prop_oneof![Just(Missed::Skip), Just(Missed::Once), Just(Missed::All)];
    let jitter = proptest::option::of((0..100_000_000_u64).prop_map(Duration::from_millis));
    let bounds = (proptest::option::of(moment()), proptest::option::of(moment()));
    (when(), missed, jitter, bounds).prop_map(|(when, missed, jitter, (starts_at, ends_at))| Schedule {
        when,
        missed,
        jitter,
        starts_at,
        ends_at,
    })
}

/// From 1990 to 2049, where clocks were changed by all the rules there are.
fn moment() -> impl Strategy<Value = Micros> {
    (631_152_000..2_524_608_000_i64, 0..SECOND).prop_map(|(second, part)| second * SECOND + part)
}

/// Half of them within a day of a change of clocks in one of the zones.
fn near_changes() -> impl Strategy<Value = Micros> {
    let change = |(at, zone, off): (Micros, usize, Micros)| {
        let zone = tz(ZONES[zone]);
        let change = zone.following(Timestamp::from_microsecond(at).unwrap()).next();
        change.map_or(at, |change| change.timestamp().as_microsecond()) + off
    };
    prop_oneof![moment(), (moment(), 0..ZONES.len(), -86_400 * SECOND..86_400 * SECOND).prop_map(change)]
}

fn tz(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect(name)
}

/// Whether clocks were changed at that very moment.
fn is_change(zone: &TimeZone, at: Timestamp) -> bool {
    zone.preceding(at + jiff::SignedDuration::from_secs(1)).next().is_some_and(|change| change.timestamp() == at)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ticks_rise_and_do_not_depend_on_where_they_are_asked_from(schedule in schedule(), from in near_changes(), part in 0.0..1.0) {
        let mut at = from;
        for tick in schedule.upcoming(from, 20) {
            prop_assert!(tick > at);
            let between = at + ((tick - at - 1) as f64 * part) as Micros;
            prop_assert_eq!(schedule.next_after(between), Some(tick));
            prop_assert_eq!(schedule.next_after(tick - 1), Some(tick));
            at = tick;
        }
    }

    #[test]
    fn every_tick_fits_its_fields_or_makes_up_for_a_gap(model in model(), from in near_changes()) {
        let zone = tz(model.zone);
        let Some(schedule) = model.schedule() else { return Ok(()) };
        for tick in schedule.upcoming(from, 20) {
            let at = Timestamp::from_microsecond(tick).unwrap();
            let makes_up = !model.fields[1].is_empty() && is_change(&zone, at);
            prop_assert!(model.fits(zone.to_datetime(at)) || makes_up, "{} at {at}", model.expression());
        }
    }

    #[test]
    fn no_minute_that_fits_is_left_out(model in model(), from in near_changes()) {
        let zone = tz(model.zone);
        let Some(schedule) = model.schedule() else { return Ok(()) };
        let minute = 60 * SECOND;
        let first = (from.div_euclid(minute) + 1) * minute;
        let ticks: BTreeSet<Micros> = schedule.ticks(from, first + 2_000 * minute, 5_000).into_iter().collect();
        for at in (0..2_000).map(|count| first + count * minute) {
            let time = Timestamp::from_microsecond(at).unwrap();
            // In a fold the first time is enough.
            let clock = zone.to_datetime(time);
            let again = zone.to_ambiguous_timestamp(clock).earlier().is_ok_and(|earlier| earlier < time);
            prop_assert!(!model.fits(clock) || again || ticks.contains(&at), "{} at {time}", model.expression());
        }
    }

    #[test]
    fn each_tick_is_fired_or_skipped_once(
        schedule in schedule(),
        from in near_changes(),
        steps in proptest::collection::vec((0..200_000 * SECOND, 1..4_usize), 1..8),
    ) {
        let (mut last, mut now) = (from, from);
        let (mut fired, mut skipped) = (Vec::new(), 0);
        for (step, limit) in steps {
            now += step;
            let due = schedule.due("id", last, now, limit);
            prop_assert!(due.last >= last && due.fire.len() <= limit);
            prop_assert!(due.fire.iter().all(|tick| *tick > last && *tick <= due.last));
            prop_assert!(due.fire.iter().all(|tick| schedule.fires_at("id", *tick) <= now));
            prop_assert!(due.skipped.is_none_or(|skipped| skipped.first > last && skipped.last <= due.last));
            prop_assert!(due.skipped.is_none() || schedule.missed != Missed::All);
            fired.extend(due.fire);
            skipped += due.skipped.map_or(0, |skipped| skipped.count);
            last = due.last;
        }
        prop_assert!(fired.windows(2).all(|pair| pair[0] < pair[1]));
        let passed = schedule.ticks(from, last, 100_000).len();
        prop_assert!(skipped >= 10_000 || passed == fired.len() + skipped);
    }

    #[test]
    fn held_back_ticks_fire_in_order(schedule in schedule(), from in near_changes(), id in ".{0,8}") {
        let ticks = schedule.upcoming(from, 10);
        let fires: Vec<Micros> = ticks.iter().map(|tick| schedule.fires_at(&id, *tick)).collect();
        prop_assert!(fires.windows(2).all(|pair| pair[0] < pair[1]));
        let longest = schedule.jitter.map_or(0, Duration::micros);
        prop_assert!(ticks.iter().zip(&fires).all(|(tick, fires)| fires >= tick && fires - tick <= longest));
    }

    #[test]
    fn what_is_written_reads_as_the_same(schedule in schedule()) {
        match Schedule::read(&schedule.to_json()) {
            Ok(read) => prop_assert_eq!(read, schedule),
            Err(problems) => prop_assert_eq!(problems[0].code.as_str(), weir_schedule::codes::SCHEDULE_NEVER_DUE),
        }
    }

    #[test]
    fn no_text_and_no_moment_breaks_anything(text in r"[0-9*,/#LW?@A-Za-z \-é]{0,30}", at in any::<i64>()) {
        if let Ok(cron) = Cron::parse(&text, Zone::named("Europe/Berlin").unwrap()) {
            let schedule = Schedule::new(When::Cron(cron));
            for at in [at, i64::MIN, i64::MAX] {
                prop_assert!(schedule.next_after(at).is_none_or(|tick| tick > at));
                schedule.due("id", at, i64::MAX - at.max(0), 3);
            }
        }
    }
}
