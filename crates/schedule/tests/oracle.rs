//! Ticks beside those of npm's cron-parser 5 and PyPI's croniter 7, line by line.
//!
//! `oracle/make.py` makes the table from the real packages; `oracle/cases.tsv` says for each line which of the two is
//! followed, and why, where they differ.

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use weir_schedule::{Cron, Schedule, When, Zone};

const TABLE: &str = include_str!("oracle.tsv");

struct Row<'a> {
    expression: &'a str,
    zone: &'a str,
    from: &'a str,
    expected: &'a str,
}

/// Both where they agree; else the one that is followed, or ticks of our own.
fn rows() -> Vec<Row<'static>> {
    TABLE.lines().skip(1).map(row).collect()
}

fn row(line: &'static str) -> Row<'static> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [expression, zone, from, cron_parser, croniter, follows, why, own] = columns[..] else {
        panic!("a line has eight columns: {line}");
    };
    assert!(follows == "both" || !why.is_empty(), "a choice has a reason: {line}");
    assert!(follows != "both" || cron_parser == croniter, "the two differ: {line}");
    let expected = match follows {
        "both" => cron_parser,
        "cron-parser" => cron_parser,
        "croniter" => croniter,
        _ => own,
    };
    Row { expression, zone, from, expected }
}

fn ticks(row: &Row) -> String {
    let zone = Zone::named(row.zone).expect(row.zone);
    let Ok(cron) = Cron::parse(row.expression, zone) else { return "refused".to_owned() };
    let from: Timestamp = row.from.parse().expect(row.from);
    let ticks = Schedule::new(When::Cron(cron)).upcoming(from.as_microsecond(), 5);
    ticks.into_iter().map(|tick| local(tick, row.zone)).collect::<Vec<_>>().join(" ")
}

fn local(tick: i64, zone: &str) -> String {
    let zone = TimeZoneDatabase::bundled().get(zone).expect(zone);
    let at = Timestamp::from_microsecond(tick).expect("a moment");
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[test]
fn ticks_are_those_of_the_packages() {
    let wrong = |row: &Row| Some(ticks(row)).filter(|ticks| ticks != row.expected);
    let shown =
        |row: &Row, ticks| format!("{} | {} | {}\n  {ticks}\n  {}", row.expression, row.zone, row.from, row.expected);
    let wrong: Vec<String> = rows().iter().filter_map(|row| Some(shown(row, wrong(row)?))).collect();
    assert!(wrong.is_empty(), "ours, and what is expected:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_is_made_of_the_cases() {
    let cases = include_str!("oracle/cases.tsv").lines().filter(|line| !line.starts_with('%'));
    let given: Vec<Vec<&str>> = cases.map(|line| line.split('\t').take(3).collect()).collect();
    let made: Vec<Vec<&str>> = rows().iter().map(|row| vec![row.expression, row.zone, row.from]).collect();
    assert_eq!(given, made);
    assert!(made.len() >= 150, "{}", made.len());
}
