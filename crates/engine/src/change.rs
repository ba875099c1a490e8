//! What a fork does differently from the run it comes from.

use crate::{Event, EventBody, ForkChange, Machine};
use std::fmt;
use weir_base::{Map, Text, Value};

/// Why a change cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeError {
    /// A result for a step that is not open would be lost without a word.
    NotOpen { path: Text },
    /// It names nothing that can be set.
    UnknownPath { path: Text },
    /// The event is none that can happen within a run.
    Event { message: String },
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangeError::NotOpen { path } => write!(f, "no step `{path}` is open after that record"),
            ChangeError::UnknownPath { path } => {
                write!(f, "`{path}` names nothing that can be set: write vars.NAME or input.NAME")
            }
            ChangeError::Event { message } => f.write_str(message),
        }
    }
}

impl std::error::Error for ChangeError {}

impl ChangeError {
    /// The step or the name it is about.
    pub fn path(&self) -> Text {
        match self {
            ChangeError::NotOpen { path } | ChangeError::UnknownPath { path } => path.clone(),
            ChangeError::Event { .. } => Text::default(),
        }
    }
}

impl Machine {
    /// Makes a change of a fork. Where it cannot be made, nothing has changed.
    pub fn change(&mut self, change: &ForkChange) -> Result<(), ChangeError> {
        let body = change.body().map_err(|error| ChangeError::Event { message: error.message })?;
        match (change, body) {
            (ForkChange::Set { path, value }, _) => self.set(path, value),
            (ForkChange::Event { .. }, Some(body)) => self.happen(body),
            (ForkChange::Event { .. }, None) => Ok(()),
        }
    }

    fn happen(&mut self, body: EventBody) -> Result<(), ChangeError> {
        if let EventBody::TaskFinished { path, .. } | EventBody::ChildFinished { path, .. } = &body
            && !self.expects(&self.plan().current_path(path).unwrap_or_else(|| path.clone()))
        {
            return Err(ChangeError::NotOpen { path: path.clone() });
        }
        self.handle(&Event::new(self.now(), body));
        Ok(())
    }

    fn set(&mut self, path: &Text, value: &Value) -> Result<(), ChangeError> {
        let mut parts = path.split('.');
        match (parts.next(), parts.next()) {
            (Some("vars"), Some(name)) if !name.is_empty() => {
                let old = self.variables().get(name).cloned().unwrap_or_default();
                self.set_variable(name, placed(&old, parts, value));
            }
            (Some("input"), None) => self.set_input(value.clone()),
            (Some("input"), Some(name)) => {
                let rest = std::iter::once(name).chain(parts);
                self.set_input(placed(&self.input().clone(), rest, value));
            }
            _ => return Err(ChangeError::UnknownPath { path: path.clone() }),
        }
        Ok(())
    }
}

/// `old` with the member at the path replaced; objects that are missing on the way are made.
fn placed<'a>(old: &Value, mut path: impl Iterator<Item = &'a str>, value: &Value) -> Value {
    let Some(key) = path.next() else { return value.clone() };
    let mut map: Map = old.as_object().cloned().unwrap_or_default();
    let inner = map.get(key).cloned().unwrap_or_default();
    let rest: Vec<&str> = path.collect();
    map.insert(key.into(), placed(&inner, rest.into_iter(), value));
    Value::from(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_deep_down_is_replaced() {
        let cases = [
            (r#"{"a":{"b":1,"c":2}}"#, "a.b", r#"{"a":{"b":9,"c":2}}"#),
            ("null", "a.b", r#"{"a":{"b":9}}"#),
            ("5", "", "9"),
        ];
        for (old, path, new) in cases {
            let old = Value::from_json(old).unwrap();
            let found = placed(&old, path.split('.').filter(|part| !part.is_empty()), &Value::from(9));
            assert_eq!(found.to_json(), new);
        }
    }
}
