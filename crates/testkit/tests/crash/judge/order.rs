//! What the keys of two steps say about their order; see `flow.rs` for how ids are made.

/// One part of a path: a letter, a number, whether iterations overlap, and which iteration it is.
#[derive(PartialEq)]
struct Segment<'a> {
    name: &'a str,
    letter: char,
    number: u32,
    overlaps: bool,
    index: u32,
}

impl<'a> Segment<'a> {
    fn new(text: &'a str) -> Self {
        let (name, indices) = text.split_once('[').unwrap_or((text, "0]"));
        let letter = name.chars().next().unwrap_or(' ');
        let digits = name.trim_start_matches(letter).trim_end_matches('x');
        let index = indices.split(']').next().unwrap_or_default();
        Self {
            name,
            letter,
            number: digits.parse().unwrap_or(0),
            overlaps: name.ends_with('x'),
            index: index.parse().unwrap_or(0),
        }
    }
}

/// Whether the step of the first key must have settled before that of the second can begin.
pub fn precedes(first: &str, second: &str) -> bool {
    let mut pairs = first.split('/').zip(second.split('/'));
    let Some((first, second)) = pairs.find(|(first, second)| first != second) else { return false };
    let (first, second) = (Segment::new(first), Segment::new(second));
    if first.name == second.name {
        return !first.overlaps && first.index < second.index;
    }
    let in_turn = |segment: &Segment| matches!(segment.letter, 'q' | 'd');
    in_turn(&second) && first.letter == 'q' && first.number < second.number
}
