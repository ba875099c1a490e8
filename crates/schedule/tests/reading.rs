//! JSON to schedules and back, and what is refused.

use serde_json::{Value, json};
use weir_schedule::{Schedule, codes};

#[track_caller]
fn reads(json: Value, written: Value) {
    let schedule = Schedule::read(&json).unwrap_or_else(|problems| panic!("{json}: {problems:?}"));
    assert_eq!(serde_json::to_value(&schedule).unwrap(), written, "{json}");
    assert_eq!(serde_json::from_value::<Schedule>(written).unwrap(), schedule, "{json}");
}

/// `expected` has a code and a path for each problem.
#[track_caller]
fn refuses(json: Value, expected: &[(&str, &str)]) {
    let problems = Schedule::read(&json).expect_err(&json.to_string());
    let found: Vec<_> = problems.iter().map(|problem| (problem.code.as_str(), problem.path.as_str())).collect();
    assert_eq!(found, expected, "{json}: {problems:?}");
}

#[test]
fn schedules_are_read_and_written() {
    reads(
        json!({"cron": {"expression": " 0 9 * * mon-fri ", "timeZone": "europe/berlin"}}),
        json!({"cron": {"expression": "0 9 * * mon-fri", "timeZone": "Europe/Berlin"}, "missed": "once"}),
    );
    reads(
        json!({"cron": {"expression": "@daily"}, "missed": "skip", "jitter": "90s"}),
        json!({"cron": {"expression": "@daily", "timeZone": "UTC"}, "missed": "skip", "jitter": "90s"}),
    );
    reads(
        json!({"every": {"interval": 900_000, "from": "2026-01-31T09:00:00+01:00"}, "missed": "all"}),
        json!({"every": {"interval": "15m", "from": "2026-01-31T08:00:00Z"}, "missed": "all"}),
    );
    reads(
        json!({"at": {"time": "2026-01-31T09:00:00.25Z"}, "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2027-01-01T00:00:00Z"}),
        json!({"at": {"time": "2026-01-31T09:00:00.25Z"}, "missed": "once",
               "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2027-01-01T00:00:00Z"}),
    );
}

#[test]
fn what_a_schedule_cannot_be_is_refused_at_its_place() {
    const INVALID: &str = codes::SCHEDULE_INVALID;
    let daily = json!({"expression": "@daily"});
    refuses(json!("0 9 * * *"), &[(INVALID, "")]);
    refuses(json!({}), &[(INVALID, "")]);
    refuses(json!({"cron": daily, "at": {"time": "2026-01-31T09:00:00Z"}}), &[(INVALID, "")]);
    refuses(json!({"cron": "@daily"}), &[(INVALID, "cron")]);
    refuses(json!({"cron": {}}), &[(INVALID, "cron.expression")]);
    refuses(json!({"cron": {"expression": 5}}), &[(INVALID, "cron.expression")]);
    refuses(json!({"cron": {"expression": "@daily", "timeZone": 1}}), &[(INVALID, "cron.timeZone")]);
    refuses(json!({"cron": daily, "missed": "sometimes"}), &[(INVALID, "missed")]);
    refuses(json!({"cron": daily, "jitter": "soon"}), &[(INVALID, "jitter")]);
    refuses(json!({"cron": daily, "jitter": -5}), &[(INVALID, "jitter")]);
    refuses(json!({"cron": daily, "startsAt": "2026-01-31"}), &[(INVALID, "startsAt")]);
    refuses(json!({"cron": daily, "endsAt": "2026-01-31T09:00:00"}), &[(INVALID, "endsAt")]);
    refuses(json!({"every": {}}), &[(INVALID, "every.interval")]);
    refuses(json!({"every": {"interval": "999ms"}}), &[(INVALID, "every.interval")]);
    refuses(json!({"every": {"interval": "1h", "from": 7}}), &[(INVALID, "every.from")]);
    refuses(json!({"at": {}}), &[(INVALID, "at.time")]);
    refuses(json!({"at": {"time": null}}), &[(INVALID, "at.time")]);
    let several = json!({"cron": {"expression": "@daily", "zone": "UTC"}, "jitters": "5m", "missed": 1});
    refuses(several, &[(INVALID, ""), (INVALID, "cron"), (INVALID, "missed")]);
}

#[test]
fn problems_of_cron_have_codes_of_their_own() {
    let cron = |expression: &str, zone: &str| json!({"cron": {"expression": expression, "timeZone": zone}});
    refuses(cron("0 9 * *", "UTC"), &[(codes::CRON_INVALID, "cron.expression")]);
    refuses(cron("60 24 0 13 8", "UTC"), &[(codes::CRON_INVALID, "cron.expression"); 5]);
    refuses(cron("0 9 * * *", "Europe/Berln"), &[(codes::TIME_ZONE_UNKNOWN, "cron.timeZone")]);
    let both = [(codes::TIME_ZONE_UNKNOWN, "cron.timeZone"), (codes::CRON_INVALID, "cron.expression")];
    refuses(cron("0 9 * *", "Nowhere"), &both);
    let later = json!({"cron": {"expression": "0"}, "missed": 1});
    refuses(later, &[(codes::CRON_INVALID, "cron.expression"), (codes::SCHEDULE_INVALID, "missed")]);
    refuses(cron("0 0 30 2 *", "UTC"), &[(codes::SCHEDULE_NEVER_DUE, "cron.expression")]);
}

#[test]
fn a_schedule_that_is_never_due_is_refused() {
    const NEVER: &str = codes::SCHEDULE_NEVER_DUE;
    refuses(json!({"at": {"time": "2026-01-31T09:00:00Z"}, "endsAt": "2026-01-30T00:00:00Z"}), &[(NEVER, "")]);
    refuses(
        json!({"cron": {"expression": "@daily"}, "startsAt": "2026-01-31T09:00:00Z", "endsAt": "2026-01-31T10:00:00Z"}),
        &[(NEVER, "")],
    );
}

#[test]
fn messages_name_the_field_and_what_it_takes() {
    let message = |expression: &str| {
        let problems = Schedule::read(&json!({"cron": {"expression": expression}})).unwrap_err();
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(message("61 * * * *"), "minute: `61` is not allowed; it takes 0-59");
    assert_eq!(message("0 1,25 * * *"), "hour: `25` in `1,25` is not allowed; it takes 0-23");
    assert_eq!(message("0 0 * FOO *"), "month: `FOO` is not allowed; it takes 1-12, JAN-DEC");
    assert_eq!(
        message("0 0 * * 1#6"),
        "day of week: `1#6` is not allowed; it takes 0-7, SUN-SAT, `?`, `5L` (the month's last Friday), `5#3` (its third)"
    );
    let six = "an expression has 5 fields (minute, hour, day of month, month, day of week), or 6 with the second first; \
               this one has 7";
    assert_eq!(message("0 0 0 1 1 ? 2026"), six);
    let problems = Schedule::read(&json!({"cron": {"expression": "@hourl"}})).unwrap_err();
    assert_eq!(problems[0].suggestion.as_deref(), Some("@hourly"));
}
