//! What is done with ticks that were missed, how schedules are bounded, and how ticks are held back.

use serde_json::{Value, json};
use weir_base::Micros;
use weir_schedule::{Schedule, Skipped};

/// Hourly in UTC, with more members.
fn hourly(more: Value) -> Schedule {
    let mut json = json!({"cron": {"expression": "@hourly"}});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Schedule::read(&json).unwrap()
}

/// Minutes after midnight.
fn minutes(count: f64) -> Micros {
    (count * 60e6) as Micros
}

fn all_minutes(counts: &[f64]) -> Vec<Micros> {
    counts.iter().copied().map(minutes).collect()
}

/// `fire` and `last` in minutes, `skipped` as the first, the last and how many.
#[track_caller]
fn check(
    missed: &str,
    (last, now, limit): (f64, f64, usize),
    fire: &[f64],
    skipped: Option<(f64, f64, usize)>,
    kept: f64,
) {
    let due = hourly(json!({"missed": missed})).due("id", minutes(last), minutes(now), limit);
    let skipped = skipped.map(|(first, last, count)| Skipped { first: minutes(first), last: minutes(last), count });
    let what = format!("{missed} from {last} at {now}, {limit} at most");
    assert_eq!((due.fire, due.skipped, due.last), (all_minutes(fire), skipped, minutes(kept)), "{what}");
    assert_eq!(due.wake, Some(minutes((kept / 60.0).floor() * 60.0 + 60.0)), "{what}");
}

#[test]
fn a_tick_on_time_fires_whatever_is_done_with_missed_ones() {
    for missed in ["skip", "once", "all"] {
        check(missed, (0.0, 59.9, 9), &[], None, 0.0);
        check(missed, (0.0, 60.0, 9), &[60.0], None, 60.0);
        check(missed, (0.0, 61.0, 9), &[60.0], None, 60.0);
        check(missed, (60.0, 61.0, 9), &[], None, 60.0);
        check(missed, (30.0, 60.5, 9), &[60.0], None, 60.0);
        // A clock that was put back.
        check(missed, (60.0, 10.0, 9), &[], None, 60.0);
    }
}

#[test]
fn skip_passes_over_what_was_missed() {
    check("skip", (0.0, 90.0, 9), &[], Some((60.0, 60.0, 1)), 60.0);
    check("skip", (0.0, 290.0, 9), &[], Some((60.0, 240.0, 4)), 240.0);
    check("skip", (0.0, 240.5, 9), &[240.0], Some((60.0, 180.0, 3)), 240.0);
}

#[test]
fn once_fires_one_for_all() {
    check("once", (0.0, 90.0, 9), &[60.0], None, 60.0);
    check("once", (0.0, 290.0, 9), &[240.0], Some((60.0, 180.0, 3)), 240.0);
    check("once", (0.0, 240.5, 9), &[240.0], Some((60.0, 180.0, 3)), 240.0);
    check("once", (0.0, 290.0, 0), &[240.0], Some((60.0, 180.0, 3)), 240.0);
}

#[test]
fn all_fires_each_and_goes_on_where_it_was_cut() {
    check("all", (0.0, 290.0, 9), &[60.0, 120.0, 180.0, 240.0], None, 240.0);
    check("all", (0.0, 290.0, 3), &[60.0, 120.0, 180.0], None, 180.0);
    check("all", (180.0, 290.0, 3), &[240.0], None, 240.0);
    check("all", (0.0, 290.0, 0), &[60.0], None, 60.0);
}

#[test]
fn a_year_of_missed_seconds_costs_little() {
    let every = Schedule::read(&json!({"every": {"interval": "1s"}})).unwrap();
    let due = every.due("id", 0, minutes(525_600.0), 100);
    assert_eq!(due.fire.len(), 61, "those of the last minute are on time");
    let skipped = due.skipped.unwrap();
    assert_eq!((skipped.first, skipped.count), (1_000_000, 10_000));
    assert_eq!(due.last, minutes(525_600.0));
}

#[test]
fn ticks_keep_within_the_bounds_and_the_limit() {
    let day = json!({"startsAt": "1970-01-01T01:00:00Z", "endsAt": "1970-01-01T04:00:00Z"});
    let schedule = hourly(day);
    assert_eq!(schedule.upcoming(Micros::MIN, 9), all_minutes(&[60.0, 120.0, 180.0, 240.0]));
    assert_eq!(schedule.ticks(minutes(60.0), minutes(180.0), 9), all_minutes(&[120.0, 180.0]));
    assert_eq!(schedule.ticks(minutes(60.0), minutes(180.0), 1), all_minutes(&[120.0]));
    assert_eq!(schedule.due("id", minutes(240.0), minutes(999.0), 9).wake, None);
    let once = Schedule::read(&json!({"at": {"time": "1970-01-01T01:00:00Z"}})).unwrap();
    assert_eq!(once.upcoming(0, 9), all_minutes(&[60.0]));
    assert_eq!(once.due("id", 0, minutes(5_000.0), 9).fire, all_minutes(&[60.0]), "a single time is not lost");
}

#[test]
fn a_tick_that_is_held_back_waits_and_is_then_on_time() {
    let schedule = hourly(json!({"jitter": "30m", "missed": "skip"}));
    let tick = minutes(60.0);
    let fires = schedule.fires_at("id", tick);
    assert!((tick..=tick + minutes(30.0)).contains(&fires));
    assert_eq!(fires, schedule.fires_at("id", tick), "a restart gives the same");
    assert_ne!(fires, schedule.fires_at("other", tick));
    let at = |now| schedule.due("id", 0, now, 9);
    assert_eq!((at(fires - 1).fire, at(fires - 1).wake), (vec![], Some(fires)));
    assert_eq!(at(fires).fire, [tick]);
    assert_eq!(at(fires + minutes(1.0)).fire, [tick]);
    assert_eq!(at(fires + minutes(1.0) + 1).fire, [] as [Micros; 0]);
}

#[test]
fn a_tick_is_held_back_by_less_than_the_time_to_the_next() {
    let schedule = Schedule::read(&json!({"every": {"interval": "1s"}, "jitter": "1d"})).unwrap();
    let fires: Vec<Micros> = (0..500).map(|second| schedule.fires_at("id", second * 1_000_000)).collect();
    assert!(fires.iter().enumerate().all(|(second, fires)| fires / 1_000_000 == second as i64));
    let spread = fires.iter().map(|fires| fires % 1_000_000 / 100_000).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(spread.len(), 10, "every tenth of the second is used");
}
