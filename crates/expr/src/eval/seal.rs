use std::sync::Arc;
use weir_base::{Sealed, SealedPart, Text, Value};

/// Text under construction. Once a secret is put in, the result is sealed.
#[derive(Default)]
pub(crate) struct TextBuilder {
    text: String,
    parts: Vec<SealedPart>,
}

impl TextBuilder {
    pub fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub fn push_sealed(&mut self, sealed: &Sealed) {
        for part in &sealed.parts {
            match part {
                SealedPart::Text(text) => self.text.push_str(text),
                SealedPart::Secret(name) => self.push_secret(name),
            }
        }
    }

    fn push_secret(&mut self, name: &Text) {
        self.flush();
        self.parts.push(SealedPart::Secret(name.clone()));
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(SealedPart::Text(std::mem::take(&mut self.text).into()));
        }
    }

    /// Bytes of text not yet sealed, and parts: what fuel is paid for.
    pub fn length(&self) -> usize {
        let sealed = |part: &SealedPart| match part {
            SealedPart::Text(text) | SealedPart::Secret(text) => text.len() + 8,
        };
        self.text.len() + self.parts.iter().map(sealed).sum::<usize>()
    }

    pub fn finish(mut self) -> Value {
        if self.parts.is_empty() {
            return Value::from(self.text);
        }
        self.flush();
        Value::Sealed(Arc::new(Sealed { parts: self.parts }))
    }
}
