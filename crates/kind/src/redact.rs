use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use weir_base::{Map, Text, Value};

/// Shorter secrets are only taken out where they are the whole text: a search would hit innocent words.
const SEARCHABLE: usize = 4;

/// The secrets one attempt has opened.
#[derive(Default)]
pub(crate) struct Opened {
    redactor: Mutex<Arc<Redactor>>,
}

impl Opened {
    pub fn add(&self, name: &str, value: &str) {
        let mut current = self.redactor.lock().unwrap_or_else(PoisonError::into_inner);
        if !current.knows(value) {
            let mut redactor = Redactor::clone(&current);
            redactor.add(name, value);
            *current = Arc::new(redactor);
        }
    }

    pub fn redactor(&self) -> Arc<Redactor> {
        self.redactor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes secrets out of text and values: as they are, and in base64, URL and JSON spelling.
#[derive(Clone, Default)]
pub struct Redactor {
    /// What to look for, and the name to put in its place; longest first.
    needles: Vec<(String, Text)>,
    values: Vec<Text>,
}

impl Redactor {
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn knows(&self, value: &str) -> bool {
        self.values.iter().any(|known| &**known == value)
    }

    pub fn add(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        self.values.push(value.into());
        let name: Text = name.into();
        self.needles.extend(spellings(value).into_iter().map(|needle| (needle, name.clone())));
        self.needles.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        self.needles.dedup_by(|a, b| a.0 == b.0);
    }

    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for (needle, name) in &self.needles {
            let whole = *text == **needle;
            if whole || (needle.len() >= SEARCHABLE && text.contains(needle.as_str())) {
                text = Cow::Owned(text.replace(needle.as_str(), &format!("[secret {name}]")));
            }
        }
        text
    }

    /// How many bytes at the end of `text` may be the beginning of a secret that goes on in the next piece.
    pub(crate) fn unfinished(&self, text: &str) -> usize {
        let begins = |needle: &str| {
            let longest = text.len().min(needle.len().saturating_sub(1));
            let fits = |length: &usize| text.as_bytes()[text.len() - length..] == needle.as_bytes()[..*length];
            (1..=longest).rev().find(fits).unwrap_or(0)
        };
        self.needles.iter().map(|(needle, _)| begins(needle)).max().unwrap_or(0)
    }

    /// The value without secrets in its text and its keys; shared parts stay shared where nothing was found.
    pub fn value(&self, value: &Value) -> Value {
        if self.is_empty() { value.clone() } else { self.clean(value).unwrap_or_else(|| value.clone()) }
    }

    /// `None` where there is nothing to take out.
    fn clean(&self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) => match self.text(text) {
                Cow::Owned(clean) => Some(Value::from(clean)),
                Cow::Borrowed(_) => None,
            },
            Value::Array(items) => {
                let clean: Vec<Option<Value>> = items.iter().map(|item| self.clean(item)).collect();
                clean.iter().any(Option::is_some).then(|| {
                    Value::array(
                        clean.into_iter().zip(items.iter()).map(|(clean, item)| clean.unwrap_or_else(|| item.clone())),
                    )
                })
            }
            Value::Object(map) => self.clean_map(map),
            _ => None,
        }
    }

    fn clean_map(&self, map: &Map) -> Option<Value> {
        let clean = map.iter().map(|(key, value)| (self.text(key), self.clean(value), value)).collect::<Vec<_>>();
        if clean.iter().all(|(key, value, _)| matches!(key, Cow::Borrowed(_)) && value.is_none()) {
            return None;
        }
        let members =
            clean.into_iter().map(|(key, clean, value)| (Text::from(&*key), clean.unwrap_or_else(|| value.clone())));
        Some(Value::from(members.collect::<Map>()))
    }
}

fn spellings(value: &str) -> Vec<String> {
    let json = Value::from(value).to_json();
    let mut spellings = vec![
        value.to_owned(),
        json[1..json.len() - 1].to_owned(),
        percent(value, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
        percent(value, |byte| byte.is_ascii_alphanumeric() || b"-._~!*'()".contains(&byte)),
        percent(value, |byte| byte.is_ascii_alphanumeric() || b"-._* ".contains(&byte)).replace(' ', "+"),
    ];
    spellings.push(spellings[2].to_lowercase());
    if value.len() >= SEARCHABLE {
        spellings.extend((0..3).flat_map(|shift| base64_inside(value, shift)));
    }
    spellings
}

fn percent(value: &str, keep: impl Fn(u8) -> bool) -> String {
    let one = |byte: u8| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(one).collect()
}

/// How the secret looks within the base64 of a longer text in which it begins `shift` bytes past a group of three:
/// only the digits that do not depend on what stands around it.
fn base64_inside(value: &str, shift: usize) -> Vec<String> {
    let bytes: Vec<u8> = std::iter::repeat_n(0, shift).chain(value.bytes()).collect();
    let bits = bytes.len() * 8;
    let (start, end) = ((shift * 8).div_ceil(6), bits / 6);
    let encoded = [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)];
    let inner = encoded.iter().filter_map(|text| text.get(start..end));
    inner.filter(|text| text.len() >= SEARCHABLE).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn redactor() -> Redactor {
        let mut redactor = Redactor::default();
        redactor.add("token", "s3cr+t/\"value\"");
        redactor.add("pin", "42");
        redactor
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(redactor().text(text), expected, "{text}");
    }

    #[test]
    fn secrets_are_found_in_every_spelling() {
        check("Bearer s3cr+t/\"value\"!", "Bearer [secret token]!");
        check(r#"{"a":"s3cr+t/\"value\""}"#, r#"{"a":"[secret token]"}"#);
        check("?key=s3cr%2Bt%2F%22value%22&b=1", "?key=[secret token]&b=1");
        check("?key=s3cr%2bt%2f%22value%22", "?key=[secret token]");
        check("42", "[secret pin]");
        check("it is 42", "it is 42");
    }

    #[test]
    fn base64_of_a_longer_text_shows_nothing_of_it() {
        for before in ["", "a", "ab", "user:"] {
            for after in ["", "x", "yz"] {
                let text = STANDARD.encode(format!("{before}s3cr+t/\"value\"{after}"));
                let clean = redactor().text(&text).into_owned();
                assert!(clean.contains("[secret token]"), "{before}…{after}: {clean}");
            }
        }
    }

    #[test]
    fn a_secret_that_has_only_begun_is_noticed() {
        let cases = [("so s3c", 3), ("s", 1), ("so", 0), ("", 0), ("ž", 0), ("xs3cr+t/\"value", 13)];
        for (text, unfinished) in cases {
            assert_eq!(redactor().unfinished(text), unfinished, "{text}");
        }
    }

    #[test]
    fn values_are_cleaned_with_their_keys() {
        let dirty =
            Value::from_json(r#"{"a":["s3cr+t/\"value\"",1],"s3cr+t/\"value\"":{"b":"42"},"c":"42nd"}"#).unwrap();
        let expected = r#"{"a":["[secret token]",1],"[secret token]":{"b":"[secret pin]"},"c":"42nd"}"#;
        assert_eq!(redactor().value(&dirty).to_json(), expected);
        assert_eq!(Redactor::default().value(&dirty), dirty);
    }
}
