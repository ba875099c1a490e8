//! Words and marks for what is shown of runs and steps.

use weir_base::Micros;
use weir_engine::{Status, StepStatus};

/// Writes a line to stdout. A reader that has gone away ends the command quietly, as it does for any other tool;
/// a line that could not be written otherwise, to a full disk for one, is a failure.
pub fn out(text: impl std::fmt::Display) {
    use std::io::Write;
    let mut stdout = std::io::stdout();
    let Err(error) = writeln!(stdout, "{text}").and_then(|()| stdout.flush()) else { return };
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    err(format_args!("error: the output could not be written: {error}"));
    std::process::exit(1);
}

/// Writes a line to stderr. A reader that has gone away misses it; the exit code still says how things went.
pub fn err(text: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Whether what goes to stderr may be coloured and drawn over: on a terminal, unless `NO_COLOR` or `TERM=dumb` asks for plain lines.
pub fn is_rich() -> bool {
    use std::io::IsTerminal;
    let asked = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !asked("NO_COLOR") && !dumb
}

/// A mark and a word; colour is never the only sign.
pub fn mark(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "·",
        StepStatus::Running => "▸",
        StepStatus::Waiting => "…",
        StepStatus::Succeeded => "✓",
        StepStatus::Failed => "✗",
        StepStatus::Skipped => "–",
        StepStatus::Cancelled => "⊘",
    }
}

pub fn word(status: Status) -> &'static str {
    match status {
        Status::TimedOut => "timed out",
        other => other.as_str(),
    }
}

/// A length of time in three digits or so: `0.4 ms`, `12 ms`, `3.2 s`, `4 m 10 s`, `2 h 5 m`.
pub fn took(micros: Micros) -> String {
    let micros = micros.max(0);
    match micros {
        0..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{:.1} s", micros as f64 / 1e6),
        60_000_000..3_600_000_000 => format!("{} m {} s", micros / 60_000_000, micros / 1_000_000 % 60),
        _ => format!("{} h {} m", micros / 3_600_000_000, micros / 60_000_000 % 60),
    }
}

/// The width of a path beside which others line up.
const PATH_WIDTH: usize = 40;

/// One line about one step: mark, time, path, and what there is to say, in columns.
pub fn row(mark: &str, time: &str, path: &str, what: &str) -> String {
    let path = path.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    format!("  {mark} {time:>8}  {path:PATH_WIDTH$}  {what}").trim_end().to_owned()
}

/// UTC as `2026-01-31T09:00:00.123Z`.
pub fn time(at: Micros) -> String {
    weir_kind::timestamp(at)
}

/// Text of at most `width` characters, cut with an ellipsis.
pub fn short(text: &str, width: usize) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if plain.chars().count() <= width {
        return plain;
    }
    plain.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let cases = [
            (400, "0.4 ms"),
            (12_345, "12 ms"),
            (3_200_000, "3.2 s"),
            (250_000_000, "4 m 10 s"),
            (7_500_000_000, "2 h 5 m"),
        ];
        for (micros, text) in cases {
            assert_eq!(took(micros), text);
        }
    }

    #[test]
    fn rows_line_up() {
        assert_eq!(row("✓", "12 ms", "a/b", "log"), format!("  ✓    12 ms  a/b{}  log", " ".repeat(37)));
        assert_eq!(row("│", "", "hello", ""), "  │           hello");
    }

    #[test]
    fn long_text_is_cut_and_control_characters_go() {
        assert_eq!(short("abcdef", 4), "abc…");
        assert_eq!(short("a\nb\u{1b}", 9), "a b ");
    }
}
