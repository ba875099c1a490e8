//! What a node is called in TypeScript, and what may be said about it in a comment.

use std::collections::BTreeMap;
use weir_ir::Node;

/// How much of a title goes into a function's name.
const LONGEST: usize = 40;

/// The function of a node, after its title, so that it keeps its name when others come and go; a number keeps it apart
/// from those of the same title before it, which `taken` counts. Only ASCII letters and digits get through, whatever the
/// title holds. Nothing else in a workflow's file has a name like these.
pub(crate) fn node_function(node: &Node, taken: &mut BTreeMap<String, usize>) -> String {
    let words = words(node.title());
    let name = match words.trim_start_matches('_') {
        "" => "unnamedStep".to_owned(),
        digits if digits.starts_with(|c: char| c.is_ascii_digit()) => format!("n{digits}Step"),
        words => format!("{words}Step"),
    };
    let count = taken.entry(name.clone()).or_default();
    *count += 1;
    if *count == 1 { name } else { format!("{name}{count}") }
}

/// `Charge the card` as `_chargeTheCard`; nothing where no letter or digit is left.
pub(crate) fn words(title: &str) -> String {
    let (mut out, mut rises) = (String::new(), false);
    for character in title.chars() {
        if out.len() >= LONGEST {
            break;
        }
        if !character.is_ascii_alphanumeric() {
            rises = true;
            continue;
        }
        out.push(cased(character, rises && !out.is_empty(), out.is_empty()));
        rises = false;
    }
    if out.is_empty() { out } else { format!("_{out}") }
}

fn cased(character: char, raise: bool, first: bool) -> char {
    match (raise, first) {
        (true, _) => character.to_ascii_uppercase(),
        (_, true) => character.to_ascii_lowercase(),
        _ => character,
    }
}

/// Text for one line of a block comment: it cannot end the comment or the line, nor tell the compiler anything.
pub(crate) fn comment(text: &str) -> String {
    let shown = |c: char| if c.is_control() || is_format(c) { ' ' } else { c };
    let line: String = text.chars().map(shown).collect();
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").replace("*/", "* /").replace("@ts-", "@ ts-")
}

fn is_format(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_ir::NodeKind;

    #[test]
    fn a_title_becomes_a_name() {
        let mut taken = BTreeMap::new();
        let mut called = |title: &str| {
            let kind = NodeKind::Sequence { order: weir_ir::Order::Plain, children: Vec::new() };
            node_function(&Node::new(title, kind), &mut taken)
        };
        assert_eq!(called("Charge the card"), "chargeTheCardStep");
        assert_eq!(called("charge-the-card"), "chargeTheCardStep2");
        assert_eq!(called("Charge the card step 2"), "chargeTheCardStep2Step");
        assert_eq!((called("é*/"), called("__proto__")), ("unnamedStep".into(), "protoStep".into()));
        assert_eq!((called("9 lives"), called("n9 lives")), ("n9LivesStep".into(), "n9LivesStep2".into()));
        assert_eq!(called("x(){};\u{2028}y"), "xYStep");
    }

    #[test]
    fn a_comment_stays_one() {
        assert_eq!(comment("a*/b\u{2028}c\n**//"), "a* /b c ** //");
    }
}
