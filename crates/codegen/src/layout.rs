//! Code on lines of a bearable length.
//!
//! Whether a line is broken depends on its structure alone: every text counts alike, however long it is. So another
//! text in a flow never moves the lines around it.

/// How long a line may be, with each text counted as [`TEXT`].
const WIDTH: usize = 110;
const TEXT: usize = 12;

/// An expression, broken inside its longest bracket where it would be too long for a line at this indent.
pub(crate) fn layout(code: &str, indent: usize) -> String {
    if indent + width(code) <= WIDTH {
        return code.to_owned();
    }
    let Some((open, close)) = longest(code) else { return code.to_owned() };
    let (head, inside, tail) = (&code[..=open], &code[open + 1..close], &code[close..]);
    let statements = split(inside, b';');
    let (parts, end) = if statements.len() > 1 { (statements, ";") } else { (split(inside, b','), ",") };
    let mut out = format!("{head}\n");
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        out.push_str(&" ".repeat(indent + 2));
        out.push_str(&layout(part, indent + 2));
        // What stands alone in a bracket may be no argument, so it takes no comma.
        out.push_str(if parts.len() == 1 { "" } else { end });
        out.push('\n');
    }
    out + &" ".repeat(indent) + tail
}

/// Without commas before closing brackets, and without space after opening ones, as lines that are not broken are.
pub(crate) fn compact(code: &str) -> String {
    let plain: Vec<bool> = places(code);
    let mut out = String::with_capacity(code.len());
    for (at, character) in code.char_indices() {
        let rest = code[at + character.len_utf8()..].trim_start_matches(' ').chars().next();
        let drops = match character {
            ',' => rest.is_some_and(|next| matches!(next, ')' | ']' | '}')),
            ' ' => out.ends_with(['(', '[']) || rest.is_some_and(|next| matches!(next, ')' | ']')),
            _ => false,
        };
        if !(plain[at] && drops) {
            out.push(character);
        }
    }
    out
}

/// For every byte, whether it stands in no text.
fn places(code: &str) -> Vec<bool> {
    let mut plain = vec![false; code.len()];
    outside(code).for_each(|(at, _)| plain[at] = true);
    plain
}

/// The outermost bracket that holds most, as the places of its two ends.
fn longest(code: &str) -> Option<(usize, usize)> {
    let (mut best, mut open, mut depth) = (None, 0, 0);
    for (at, byte) in outside(code) {
        match byte {
            b'(' | b'[' | b'{' => {
                if depth == 0 {
                    open = at;
                }
                depth += 1;
            }
            b')' | b']' | b'}' => {
                depth -= 1;
                let longer = best.is_none_or(|(from, to)| to - from < at - open);
                if depth == 0 && longer && at > open + 1 {
                    best = Some((open, at));
                }
            }
            _ => {}
        }
    }
    best
}

/// The parts between separators that stand in no bracket.
fn split(code: &str, separator: u8) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0);
    for (at, byte) in outside(code) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ if byte == separator && depth == 0 => {
                parts.push(&code[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&code[from..]);
    parts
}

fn width(code: &str) -> usize {
    let quotes = outside(code).filter(|(_, byte)| *byte == b'\'').count();
    outside(code).count() + quotes / 2 * TEXT
}

/// The bytes that stand in no text, the quotes themselves among them.
fn outside(code: &str) -> impl Iterator<Item = (usize, u8)> {
    let (mut inside, mut escaped) = (false, false);
    code.bytes().enumerate().filter(move |(_, byte)| {
        let quote = *byte == b'\'' && !escaped;
        escaped = inside && *byte == b'\\' && !escaped;
        if quote {
            inside = !inside;
        }
        quote || !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_spaces_that_say_nothing_go() {
        assert_eq!(compact("f(at, [ a, b,], { c: ' [ ,] é', })"), "f(at, [a, b], { c: ' [ ,] é' })");
        assert_eq!(compact("[ { when: x, then: {} },]"), "[{ when: x, then: {} }]");
    }

    #[test]
    fn long_calls_are_broken_by_structure_alone() {
        let call = |text: &str| {
            format!(
                "task(at, {{ call: performs('{text}', 1) }}, (at) => x.json(x.object(['a', 1], ['b, (c]', 2]), 'v'))"
            )
        };
        let short = layout(&call("k"), 20);
        assert_eq!(
            short,
            "task(\n  @at,\n  @{ call: performs('k', 1) },\n  @(at) => x.json(x.object(['a', 1], ['b, (c]', 2]), 'v'),\n@)".replace('@', &" ".repeat(20))
        );
        let long = layout(&call(&"(\\'".repeat(90)), 20);
        assert_eq!(long.lines().count(), short.lines().count());
        assert_eq!(layout("f('x')", 0), "f('x')");
    }
}
