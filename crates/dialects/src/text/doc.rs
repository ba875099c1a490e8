use weir_base::{Map, Span, Text, Value};

/// A value and its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    pub kind: DocKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DocKind {
    Null,
    Bool(bool),
    Number(f64),
    String(Text),
    List(Vec<Doc>),
    /// In file order; a key that stands twice was reported and is here once, with its first value.
    Map(Vec<Entry>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Text,
    pub key_span: Span,
    pub value: Doc,
}

impl Doc {
    pub fn get(&self, key: &str) -> Option<&Doc> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key == key)
    }

    /// The members of a map; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            DocKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Doc] {
        match &self.kind {
            DocKind::List(items) => items,
            _ => &[],
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            DocKind::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self.kind {
            DocKind::Number(number) => Some(number),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            DocKind::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    pub fn is_map(&self) -> bool {
        matches!(self.kind, DocKind::Map(_))
    }

    pub fn is_list(&self) -> bool {
        matches!(self.kind, DocKind::List(_))
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind, DocKind::Null)
    }

    /// Where the characters of a text stand: its span without the quotes. For text with escapes or of several
    /// lines it is the whole span, so that places within it are near, not exact.
    pub fn content_span(&self) -> Span {
        let length = self.as_str().map_or(0, str::len);
        let span = self.span;
        let is_quoted = length > 0 && (span.end - span.start) as usize == length + 2;
        if is_quoted { Span { start: span.start + 1, end: span.end - 1, ..span } } else { span }
    }

    /// `a string`, `a list` and so on, for messages.
    pub fn describe(&self) -> &'static str {
        match self.kind {
            DocKind::Null => "nothing",
            DocKind::Bool(_) => "true or false",
            DocKind::Number(_) => "a number",
            DocKind::String(_) => "text",
            DocKind::List(_) => "a list",
            DocKind::Map(_) => "a map",
        }
    }

    pub fn to_value(&self) -> Value {
        match &self.kind {
            DocKind::Null => Value::Null,
            DocKind::Bool(flag) => Value::Bool(*flag),
            DocKind::Number(number) => Value::from(*number),
            DocKind::String(text) => Value::String(text.clone()),
            DocKind::List(items) => Value::array(items.iter().map(Doc::to_value)),
            DocKind::Map(entries) => {
                Value::from(entries.iter().map(|e| (e.key.clone(), e.value.to_value())).collect::<Map>())
            }
        }
    }
}
