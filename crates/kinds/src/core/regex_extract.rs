use crate::params::{shortened, text};
use async_trait::async_trait;
use regex::{Captures, Regex, RegexBuilder};
use weir_base::Value;
use weir_kind::{Category, Kind, TaskContext, TaskError, TaskOutput};

/// Finds what matches a JavaScript regular expression, in linear time.
pub(crate) struct RegexExtract;

/// The largest compiled pattern, in bytes, so that a pattern cannot take all memory.
const SIZE_LIMIT: usize = 1 << 20;
/// The longest list of matches.
const MOST_MATCHES: usize = 100_000;

#[async_trait]
impl Kind for RegexExtract {
    async fn run(&self, _: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let flags = Flags::parse(text(&params, "flags"))?;
        let regex = compile(text(&params, "pattern"), flags)?;
        let Some(input) = params.get("input").and_then(Value::as_str) else {
            let found = params.get("input").map_or("nothing", Value::type_name);
            return Err(TaskError::verdict("INPUT_NOT_TEXT", format!("`input` must be text, but it is {found}")));
        };
        let matches = if flags.global { all(&regex, input)? } else { first(&regex, input) };
        Ok(match params.get("matchIndex").and_then(Value::as_u64) {
            Some(index) => usize::try_from(index).ok().and_then(|at| matches.into_iter().nth(at)).unwrap_or_default(),
            None => Value::from(matches),
        }
        .into())
    }
}

/// Every match. Unlike the engine's own walk, an empty match may follow right after another, as in JavaScript.
fn all(regex: &Regex, input: &str) -> Result<Vec<Value>, TaskError> {
    let mut matches = Vec::new();
    let mut at = 0;
    while let Some(found) = (at <= input.len()).then(|| regex.find_at(input, at)).flatten() {
        if matches.len() == MOST_MATCHES {
            let message = format!("the pattern matches more than {MOST_MATCHES} times");
            return Err(TaskError::new(Category::Limit, "TOO_MANY_MATCHES", message));
        }
        matches.push(Value::from(found.as_str()));
        let step = input[found.end()..].chars().next().map_or(1, char::len_utf8);
        at = if found.is_empty() { found.end() + step } else { found.end() };
    }
    Ok(matches)
}

/// The first match and its groups, as `String.match` without `g` gives them.
fn first(regex: &Regex, input: &str) -> Vec<Value> {
    let groups = |found: Captures<'_>| found.iter().map(|group| group.map(|group| group.as_str()).into()).collect();
    regex.captures(input).map(groups).unwrap_or_default()
}

#[derive(Clone, Copy, Default)]
struct Flags {
    global: bool,
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
}

impl Flags {
    fn parse(text: &str) -> Result<Flags, TaskError> {
        let mut flags = Flags::default();
        for flag in text.chars() {
            match flag {
                'g' => flags.global = true,
                'i' => flags.ignore_case = true,
                'm' => flags.multi_line = true,
                's' => flags.dot_all = true,
                'u' => {}
                other => {
                    let message = format!("`{}` is not a flag; there are g, i, m, s and u", other.escape_debug());
                    return Err(TaskError::input("INVALID_FLAGS", message));
                }
            }
        }
        Ok(flags)
    }
}

fn compile(pattern: &str, flags: Flags) -> Result<Regex, TaskError> {
    let translated = translate(pattern, flags.dot_all);
    let built = RegexBuilder::new(&translated)
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multi_line)
        .size_limit(SIZE_LIMIT)
        .build();
    built.map_err(|error| TaskError::input("INVALID_PATTERN", explain(pattern, &error)))
}

fn explain(pattern: &str, error: &regex::Error) -> String {
    let shown = shortened(pattern, 80);
    let groups = ["(?=", "(?!", "(?<=", "(?<!"];
    if groups.iter().any(|group| pattern.contains(group)) {
        return format!("`{shown}` looks ahead or behind, which is not supported; match more and take a group");
    }
    let is_reference = |pair: &[u8]| pair[0] == b'\\' && (b'1'..=b'9').contains(&pair[1]);
    if pattern.as_bytes().windows(2).any(is_reference) || pattern.contains("\\k<") {
        return format!("`{shown}` refers back to a group, which is not supported");
    }
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    format!("`{shown}` is not a regular expression: {reason}")
}

/// Rewrites what JavaScript and the regex engine read differently: classes are ASCII, `.` stops at every line
/// terminator, and within brackets `[`, `&` and `~` are plain characters.
fn translate(pattern: &str, dot_all: bool) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => push_escape(&mut out, characters.next(), in_class),
            '[' if in_class => out.push_str("\\["),
            '[' => in_class = open_class(&mut out, &mut characters),
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', character]),
            '.' if !in_class && dot_all => out.push_str("[\\s\\S]"),
            '.' if !in_class => out.push_str("[^\\n\\r\\u{2028}\\u{2029}]"),
            other => out.push(other),
        }
    }
    out
}

fn push_escape(out: &mut String, escaped: Option<char>, in_class: bool) {
    match (escaped, in_class) {
        (Some('d'), false) => out.push_str("[0-9]"),
        (Some('d'), true) => out.push_str("0-9"),
        (Some('D'), _) => out.push_str("[^0-9]"),
        (Some('w'), false) => out.push_str("[0-9A-Za-z_]"),
        (Some('w'), true) => out.push_str("0-9A-Za-z_"),
        (Some('W'), _) => out.push_str("[^0-9A-Za-z_]"),
        (Some('b'), false) => out.push_str("(?-u:\\b)"),
        (Some('b'), true) => out.push_str("\\x08"),
        (Some('0'), _) => out.push_str("\\x00"),
        (Some(other), _) => out.extend(['\\', other]),
        (None, _) => out.push('\\'),
    }
}

/// Writes the beginning of a class and tells whether it is open: `[]` matches nothing, `[^]` anything.
fn open_class(out: &mut String, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let negated = rest.next_if_eq(&'^').is_some();
    if rest.next_if_eq(&']').is_some() {
        out.push_str(if negated { "[\\s\\S]" } else { "[^\\s\\S]" });
        return false;
    }
    out.push_str(if negated { "[^" } else { "[" });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, flags: &str, input: &str, expected: &str) {
        let flags = Flags::parse(flags).unwrap();
        let found = match compile(pattern, flags) {
            Ok(regex) if flags.global => Value::from(all(&regex, input).unwrap()).to_json(),
            Ok(regex) => Value::from(first(&regex, input)).to_json(),
            Err(error) => error.message,
        };
        assert_eq!(found, expected, "/{pattern}/");
    }

    #[test]
    fn patterns_mean_what_they_mean_in_javascript() {
        check(r"\d+", "g", "a1 b22 ٣", r#"["1","22"]"#);
        check(r"\w+", "g", "naïve", r#"["na","ve"]"#);
        check(r"[\w-]+", "g", "a-b c", r#"["a-b","c"]"#);
        check(r"[^\d]", "g", "1a", r#"["a"]"#);
        check(r"[\D]", "g", "1a", r#"["a"]"#);
        check(r"\bb", "g", "ab b", r#"["b"]"#);
        check(r"[[&]", "g", "a[&", r#"["[","&"]"#);
        check(r"a[^]b", "g", "a\nb", r#"["a\nb"]"#);
        check(r"a[]b|c", "g", "abc", r#"["c"]"#);
        check("a.b", "g", "a\rb axb", r#"["axb"]"#);
        check("a.b", "gs", "a\nb", r#"["a\nb"]"#);
        check("^b$", "gm", "a\nb\nc", r#"["b"]"#);
        check("B", "gi", "abAB", r#"["b","B"]"#);
        check(r"https?:\/\/(\S+)", "", "see http://a.b/c d", r#"["http://a.b/c","a.b/c"]"#);
        check("(a)|(b)", "", "b", r#"["b",null,"b"]"#);
        check("x", "", "b", "[]");
        check("x*", "g", "ax", r#"["","x",""]"#);
        check("é", "gi", "É", r#"["É"]"#);
        check("", "g", "žx", r#"["","",""]"#);
    }

    #[test]
    fn what_cannot_be_done_is_told() {
        check("(?=a)", "g", "", "`(?=a)` looks ahead or behind, which is not supported; match more and take a group");
        check(r"(a)\1", "g", "", r"`(a)\1` refers back to a group, which is not supported");
        check("(a", "g", "", "`(a` is not a regular expression: unclosed group");
        check("a{2", "g", "", "`a{2` is not a regular expression: unclosed counted repetition");
        check(
            "\\",
            "g",
            "",
            "`\\` is not a regular expression: incomplete escape sequence, reached end of pattern prematurely",
        );
        assert!(compile("(?:a{1000}){1000}", Flags::default()).unwrap_err().message.contains("exceeds size limit"));
        assert_eq!(&*Flags::parse("gy").err().unwrap().code, "INVALID_FLAGS");
    }

    #[test]
    fn a_hostile_pattern_takes_linear_time() {
        let input = "a".repeat(50_000);
        check("(a+)+$", "", &format!("{input}!"), "[]");
        let regex = compile("", Flags::default()).unwrap();
        assert_eq!(&*all(&regex, &"a".repeat(MOST_MATCHES)).unwrap_err().code, "TOO_MANY_MATCHES");
    }
}
