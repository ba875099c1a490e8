use crate::random::Random;

/// No input grows past this; the limits of the parsers themselves are tested where they live.
const LONGEST: usize = 256 << 10;

/// What breaks parsers: edges of numbers, half of everything that comes in pairs, names that mean something.
const TOKENS: [&str; 56] = [
    "{{",
    "}}",
    "${",
    "{{ ",
    "\\",
    "\"",
    "'",
    "`",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    ":",
    ": ",
    ", ",
    "\n",
    "\n  ",
    "\n- ",
    "\t",
    "---\n",
    "...",
    "&a ",
    "*a",
    "<<: *a",
    "!!int ",
    "| \n",
    ">-\n",
    "? ",
    "# ",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\u{1f600}",
    "é",
    "null",
    "true",
    "-1",
    "0",
    "1e309",
    "-0.0",
    "NaN",
    ".nan",
    "9007199254740993",
    "0x7fffffffffffffff",
    "1_000",
    "=>",
    "?.",
    "??",
    "...x",
    "**",
    "__proto__",
    "constructor",
    "secrets.a",
    "vars.",
];

/// A new input: one of the seeds, changed in a few places.
pub fn input(seeds: &[String], random: &mut Random) -> String {
    let mut text = seeds[random.below(seeds.len())].clone().into_bytes();
    for _ in 0..1 + random.below(6) {
        change(&mut text, seeds, random);
        text.truncate(LONGEST);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn change(text: &mut Vec<u8>, seeds: &[String], random: &mut Random) {
    match random.below(11) {
        0 => text.truncate(random.below(text.len() + 1)),
        1 => drop(cut(text, random)),
        2 => flip(text, random),
        3 | 4 => insert(text, random.pick(&TOKENS).as_bytes(), random),
        5 => repeat(text, random),
        6 => splice(text, seeds, random),
        7 => nest(text, random),
        8 => number(text, random),
        9 => swap_lines(text, random),
        _ => indent(text, random),
    }
}

fn range(text: &[u8], most: usize, random: &mut Random) -> std::ops::Range<usize> {
    let start = random.below(text.len() + 1);
    start..(start + random.below(most + 1)).min(text.len())
}

fn cut(text: &mut Vec<u8>, random: &mut Random) -> Vec<u8> {
    let range = range(text, 40, random);
    text.drain(range).collect()
}

fn flip(text: &mut [u8], random: &mut Random) {
    if let Some(byte) = text.get_mut(random.below(text.len())) {
        *byte ^= 1 << random.below(8);
    }
}

fn insert(text: &mut Vec<u8>, new: &[u8], random: &mut Random) {
    let at = random.below(text.len() + 1);
    text.splice(at..at, new.iter().copied());
}

fn repeat(text: &mut Vec<u8>, random: &mut Random) {
    let range = range(text, 200, random);
    let times = if random.one_in(8) { 300 } else { 1 + random.below(4) };
    let part = text[range].repeat(times);
    insert(text, &part, random);
}

fn splice(text: &mut Vec<u8>, seeds: &[String], random: &mut Random) {
    let other = seeds[random.below(seeds.len())].as_bytes();
    let part = other[range(other, 400, random)].to_vec();
    insert(text, &part, random);
}

/// Brackets without end, up to ten thousand levels.
fn nest(text: &mut Vec<u8>, random: &mut Random) {
    let open = random.pick(&["[", "{\"a\":", "(", "{a: ", "- ", "-", "!", "a?b:", "x=>", "`${", "{{ ["]);
    let depth = if random.one_in(4) { 10_000 } else { 1 + random.below(300) };
    insert(text, open.repeat(depth).as_bytes(), random);
}

/// Puts another number where one stands.
fn number(text: &mut Vec<u8>, random: &mut Random) {
    let Some(start) = text.iter().position(u8::is_ascii_digit).map(|first| {
        let later = first + random.below(text.len() - first);
        text[later..].iter().position(u8::is_ascii_digit).map_or(first, |at| later + at)
    }) else {
        return;
    };
    let end = text[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(text.len(), |at| start + at);
    let new = random.pick(&[
        "0",
        "-1",
        "1",
        "2.5",
        "4294967296",
        "18446744073709551616",
        "1e308",
        "1e-320",
        "99999999999999999999",
    ]);
    text.splice(start..end, new.bytes());
}

fn swap_lines(text: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (a, b) = (random.below(lines.len()), random.below(lines.len()));
    lines.swap(a, b);
    *text = lines.join(&b'\n');
}

fn indent(text: &mut Vec<u8>, random: &mut Random) {
    let ends: Vec<usize> = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let Some(at) = ends.get(random.below(ends.len())).copied() else { return };
    match random.one_in(2) {
        true => drop(text.splice(at..at, *b"  ")),
        false => drop(text.drain(at..(at + 2).min(text.len()))),
    }
}
