//! What a node is called in TypeScript, and what may be said about it in a comment.

use weir_ir::Node;

/// How much of a title goes into a function's name.
const LONGEST: usize = 40;

/// The function of a node: its number in the flow keeps it apart from the others, the words of its title are for
/// the reader. Only ASCII letters and digits get through, whatever the title holds.
pub(crate) fn node_function(number: usize, node: &Node) -> String {
    format!("n{number}{}", words(node.title()))
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

    fn called(title: &str) -> String {
        let kind = NodeKind::Sequence { order: weir_ir::Order::Plain, children: Vec::new() };
        node_function(3, &Node::new(title, kind))
    }

    #[test]
    fn a_title_becomes_a_name() {
        assert_eq!(called("Charge the card"), "n3_chargeTheCard");
        assert_eq!(called("é*/"), "n3");
        assert_eq!(called("x(){};\u{2028}y"), "n3_xY");
    }

    #[test]
    fn a_comment_stays_one() {
        assert_eq!(comment("a*/b\u{2028}c\n**//"), "a* /b c ** //");
    }
}
