use super::days::{Days, OfMonth, OfWeek};
use super::field::{DAY_OF_MONTH, DAY_OF_WEEK, HOUR, Kind, MINUTE, MONTH, SECOND, number};
use super::fields::Fields;
use crate::codes::CRON_INVALID;
use weir_base::{Diagnostic, closest};

/// An expression that lists every minute is shorter.
const LONGEST: usize = 500;

const SHORTHANDS: [(&str, &str); 7] = [
    ("@HOURLY", "0 * * * *"),
    ("@DAILY", "0 0 * * *"),
    ("@MIDNIGHT", "0 0 * * *"),
    ("@WEEKLY", "0 0 * * 0"),
    ("@MONTHLY", "0 0 1 * *"),
    ("@YEARLY", "0 0 1 1 *"),
    ("@ANNUALLY", "0 0 1 1 *"),
];

/// Reads the fields of an expression, in any case.
pub(super) fn fields(expression: &str) -> Result<Fields, Vec<Diagnostic>> {
    if expression.len() > LONGEST {
        return Err(vec![problem(format!("an expression is no longer than {LONGEST} characters"))]);
    }
    let upper = expression.trim().to_ascii_uppercase();
    let written = if upper.starts_with('@') { shorthand(&upper)? } else { &upper };
    let parts: Vec<&str> = written.split_ascii_whitespace().collect();
    match parts[..] {
        [minute, hour, day, month, weekday] => {
            read([("0", &SECOND), (minute, &MINUTE), (hour, &HOUR)], day, month, weekday)
        }
        [second, minute, hour, day, month, weekday] => {
            read([(second, &SECOND), (minute, &MINUTE), (hour, &HOUR)], day, month, weekday)
        }
        _ => Err(vec![problem(format!(
            "an expression has 5 fields (minute, hour, day of month, month, day of week), or 6 with the second first; \
             this one has {}",
            parts.len()
        ))]),
    }
}

fn shorthand(name: &str) -> Result<&'static str, Vec<Diagnostic>> {
    let found = SHORTHANDS.iter().find(|(known, _)| *known == name).map(|(_, fields)| *fields);
    found.ok_or_else(|| {
        let known: Vec<String> = SHORTHANDS.iter().map(|(known, _)| known.to_lowercase()).collect();
        let mut problem = problem(format!("`{}` is not known; there are {}", short(name), known.join(", ")));
        problem.suggestion = closest(name, known.iter().map(String::as_str)).map(str::to_owned);
        vec![problem]
    })
}

fn read(times: [(&str, &Kind); 3], day: &str, month: &str, weekday: &str) -> Result<Fields, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let [seconds, minutes, hours] = times.map(|(text, kind)| keep(numbers(kind, text), &mut problems));
    let of_month = keep(of_month(day), &mut problems);
    let months = keep(numbers(&MONTH, month), &mut problems);
    let of_week = keep(of_week(weekday), &mut problems);
    let (days, minutes_star) = (Days { of_month, of_week }, times[1].0.starts_with('*'));
    let fields = Fields { seconds, minutes, hours, months, days, minutes_star };
    if problems.is_empty() { Ok(fields) } else { Err(problems) }
}

/// What was read; where it cannot be, the problem is kept instead.
fn keep<T: Default>(read: Result<T, Box<Diagnostic>>, problems: &mut Vec<Diagnostic>) -> T {
    read.map_err(|problem| problems.push(*problem)).unwrap_or_default()
}

fn numbers(kind: &Kind, text: &str) -> Result<u64, Box<Diagnostic>> {
    let mut all = 0;
    each_part(kind, text, |part| {
        all |= kind.numbers(part)?;
        Some(())
    })?;
    Ok(all)
}

fn of_month(text: &str) -> Result<OfMonth, Box<Diagnostic>> {
    let mut field = OfMonth { any: is_star(text), ..OfMonth::default() };
    if field.any {
        return Ok(field);
    }
    each_part(&DAY_OF_MONTH, text, |part| {
        match (part, part.strip_suffix('W')) {
            ("L", _) => field.last = true,
            // The last day, or the working day before it, is what `31W` means in every month.
            ("LW", _) => field.nearest |= 1 << DAY_OF_MONTH.last,
            (_, Some(day)) => field.nearest |= 1 << DAY_OF_MONTH.value(day)?,
            _ => field.days |= DAY_OF_MONTH.numbers(part)?,
        }
        Some(())
    })?;
    Ok(field)
}

fn of_week(text: &str) -> Result<OfWeek, Box<Diagnostic>> {
    let mut field = OfWeek { any: is_star(text), ..OfWeek::default() };
    if field.any {
        return Ok(field);
    }
    each_part(&DAY_OF_WEEK, text, |part| {
        if let Some((day, nth)) = part.split_once('#') {
            let nth = number(nth).filter(|nth| (1..=5).contains(nth))?;
            field.nth[weekday(day)? as usize] |= 1 << nth;
        } else if let Some(day) = part.strip_suffix('L') {
            field.last |= 1 << weekday(day)?;
        } else {
            field.days |= sunday_is_zero(DAY_OF_WEEK.numbers(part)?);
        }
        Some(())
    })?;
    Ok(field)
}

fn weekday(text: &str) -> Option<u32> {
    DAY_OF_WEEK.value(text).map(|day| day % 7)
}

fn sunday_is_zero(days: u64) -> u64 {
    (days | days >> 7) & 0x7f
}

fn is_star(text: &str) -> bool {
    text == "*" || text == "?"
}

/// Hands each part of a field on. A star stands alone, for in a list it would make the rest of it meaningless.
fn each_part(kind: &Kind, text: &str, mut take: impl FnMut(&str) -> Option<()>) -> Result<(), Box<Diagnostic>> {
    for part in text.split(',') {
        let alone = part != "*" || text == "*";
        take(part).filter(|()| alone).ok_or_else(|| refused(kind, text, part))?;
    }
    Ok(())
}

fn refused(kind: &Kind, text: &str, part: &str) -> Box<Diagnostic> {
    let Kind { name, first, last, also, .. } = kind;
    let of = if part == text { String::new() } else { format!(" in `{}`", short(text)) };
    let message = format!("{name}: `{}`{of} is not allowed; it takes {first}-{last}{also}", short(part));
    let help = "a field is `*`, or a list of numbers and ranges such as `1,10-20`, each with a step such as `*/5`";
    Box::new(problem(message).help(help))
}

fn problem(message: String) -> Diagnostic {
    Diagnostic::error(CRON_INVALID, message)
}

fn short(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}
