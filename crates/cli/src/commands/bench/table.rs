use super::machine::Machine;
use super::row::{Row, Target};

/// The table as Markdown, with the machine's yardsticks above it.
pub fn text(machine: &Machine, rows: &[Row]) -> String {
    let mut lines = vec![machine.to_text(), String::new()];
    lines.push("| Work | Figure | Target | Scaled | Measured | Holds | Load |".into());
    lines.push("|---|---|---|---|---|---|---|".into());
    lines.extend(rows.iter().map(line));
    lines.push(String::new());
    lines.join("\n")
}

fn line(row: &Row) -> String {
    let (unit, holds) = (row.unit, holds(row));
    let (target, scaled) = (bound(row.target), bound(row.scaled_target()));
    let (measured, load) = (number(row.measured), row.load);
    // Without a target, the unit is with the figure.
    let measured = if row.target == Target::Told { format!("{measured} {unit}") } else { measured };
    let unit = if row.target == Target::Told { "" } else { unit };
    format!("| {} | {} | {target} {unit} | {scaled} | {measured} | {holds} | {load:.1} |", row.work, row.figure)
}

fn holds(row: &Row) -> &'static str {
    match (row.target, row.holds()) {
        (Target::Told, _) => "–",
        (_, true) => "yes",
        (_, false) => "no",
    }
}

fn bound(target: Target) -> String {
    match target {
        Target::AtMost(most) => format!("≤ {}", number(most)),
        Target::AtLeast(least) => format!("≥ {}", number(least)),
        Target::Told => "–".into(),
    }
}

/// Three digits that mean something; large numbers whole, in groups of three.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size >= 100.0 => grouped(value.round()),
        size if size >= 10.0 => trimmed(format!("{value:.1}")),
        size if size >= 1.0 => trimmed(format!("{value:.2}")),
        size if size >= 0.1 => trimmed(format!("{value:.3}")),
        _ => trimmed(format!("{value:.4}")),
    }
}

fn trimmed(text: String) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && out != "-" {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (0.0312, "0.0312"),
            (0.5, "0.5"),
            (1.0, "1"),
            (14.25, "14.2"),
            (60_000.0, "60,000"),
            (-1_234.4, "-1,234"),
            (100.0, "100"),
            (1_234_567.0, "1,234,567"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_row_says_whether_it_holds() {
        let row = |measured| Row::new("W", "f", Target::AtMost(0.5), measured, "ms").scaled(2.0);
        assert!(line(&row(0.9)).contains("| ≤ 0.5 ms | ≤ 1 | 0.9 | yes |"), "{}", line(&row(0.9)));
        assert!(line(&row(1.1)).contains("| no |"));
    }
}
