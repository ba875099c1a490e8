//! PostgreSQL keeps no NUL in a text. It stands there as an escape, which looks like nothing anybody writes.

use std::borrow::Cow;

/// SUBSTITUTE. What follows says what it stands for: `0` for NUL, `1` for itself.
const ESCAPE: char = '\u{1a}';

pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => escaped.extend([ESCAPE, '0']),
            ESCAPE => escaped.extend([ESCAPE, '1']),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == ESCAPE { chars.next() } else { None }) {
            (ESCAPE, Some('0')) => plain.push('\0'),
            (ESCAPE, Some('1')) => plain.push(ESCAPE),
            // Nobody wrote it by `escape`; it stays what it is.
            (c, next) => plain.extend([c].into_iter().chain(next)),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        for text in ["", "plain", "\0", "a\0b\0", "\u{1a}", "\u{1a}0", "\0\u{1a}1\u{1a}", "ü\0🦦"] {
            let kept = escape(text);
            assert!(!kept.contains('\0'));
            assert_eq!(unescape(&kept), text, "{text:?}");
        }
        assert!(matches!(escape("plain"), Cow::Borrowed("plain")));
        assert_eq!(unescape("x\u{1a}"), "x\u{1a}");
    }
}
