//! What a listener has noted to wait for within a thread.
//!
//! A handler notes `{todo: {waitFor, from?, description?}}` and strikes `{todoDone: id}`; an agent has tools for both.
//! `waitFor` is the kind of a message or the name of its sender, `from` its sender, both compared whole and without
//! regard to case. A message that fits raises the todo. It is open, and mentioned at every turn of its listener,
//! until it is struck; the end of its thread strikes it with a warning.

use serde::{Deserialize, Serialize};
use weir_base::{Text, Value};

/// The most open todos of one thread.
pub(super) const TODOS_PER_THREAD: usize = 100;

pub(super) const TODO: &str = "todo";
pub(super) const TODO_DONE: &str = "todoDone";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Todo {
    pub id: Text,
    wait_for: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Text>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    description: Text,
    pub raised: bool,
}

impl Todo {
    /// `None` where it does not say what to wait for.
    pub fn read(id: Text, given: &Value) -> Option<Self> {
        let text = |name: &str| given.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Text::from);
        let (from, description) = (text("from"), text("description").unwrap_or_default());
        Some(Self { id, wait_for: text("waitFor")?, from, description, raised: false })
    }

    /// Raises it where the message is what it waits for.
    pub fn notice(&mut self, message: &Value) {
        let is = |member: &str, wanted: &Text| {
            message.get(member).and_then(Value::as_str).is_some_and(|found| same(found, wanted))
        };
        let sender = self.from.as_ref().is_none_or(|from| is("from", from));
        self.raised |= sender && (is("kind", &self.wait_for) || is("from", &self.wait_for));
    }

    /// What is waited for, on one line.
    pub fn shown(&self) -> String {
        let from = self.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        let description = if self.description.is_empty() { String::new() } else { format!(": {}", self.description) };
        format!("{} ({}{from}{description})", self.id, self.wait_for)
    }

    pub fn to_value(&self) -> Value {
        Value::object([
            ("id", self.id.clone().into()),
            ("waitFor", self.wait_for.clone().into()),
            ("from", self.from.clone().into()),
            ("description", self.description.clone().into()),
            ("raised", self.raised.into()),
        ])
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// The text that reminds of open todos; nothing where there are none.
pub(super) fn nudge(todos: &[Todo]) -> Option<Value> {
    if todos.is_empty() {
        return None;
    }
    let mut text = String::from("Open todos:");
    for todo in todos {
        let standing = if todo.raised { "has come; close it once it is dealt with" } else { "is still to come" };
        text.push_str(&format!("\n- {} {standing}", todo.shown()));
    }
    Some(text.into())
}

/// The tools an agent keeps its todos with.
pub(crate) fn todo_tools() -> [Value; 2] {
    let text = |description: &str| Value::object([("type", "string".into()), ("description", description.into())]);
    let todo = [
        ("waitFor", text("The kind of message, or the name of the sender, to wait for.")),
        ("from", text("The name of the sender, where only its messages count.")),
        ("description", text("What to do about it.")),
    ];
    [
        tool(TODO, "Notes something to wait for; you are reminded until it is closed.", &todo, "waitFor"),
        tool(TODO_DONE, "Closes a todo.", &[("id", text("The todo's id."))], "id"),
    ]
}

fn tool(name: &str, description: &str, properties: &[(&str, Value)], required: &str) -> Value {
    let schema = [
        ("type", "object".into()),
        ("properties", Value::object(properties.iter().cloned())),
        ("required", Value::array([required.into()])),
    ];
    Value::object([("name", name.into()), ("description", description.into()), ("schema", Value::object(schema))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(todo: &str, message: &str, raised: bool) {
        let mut todo = Todo::read("todo-0".into(), &Value::from_json(todo).unwrap()).expect("a todo");
        todo.notice(&Value::from_json(message).unwrap());
        assert_eq!(todo.raised, raised, "{message}");
    }

    #[test]
    fn a_todo_is_raised_by_what_it_names_and_nothing_like_it() {
        let price = r#"{"waitFor":"PriceQuote","from":"Shop"}"#;
        check(price, r#"{"kind":"pricequote","from":"shop"}"#, true);
        check(price, r#"{"kind":"PriceQuote","from":"shop.two"}"#, false);
        check(price, r#"{"kind":"PriceQuotes","from":"shop"}"#, false);
        check(price, r#"{"kind":null,"from":null}"#, false);
        check(r#"{"waitFor":"shop"}"#, r#"{"kind":"Response","from":"Shop"}"#, true);
    }

    #[test]
    fn a_todo_says_what_it_waits_for() {
        for refused in ["{}", r#"{"waitFor":""}"#, r#"{"waitFor":3}"#, "null", r#""shop""#] {
            assert!(Todo::read("todo-0".into(), &Value::from_json(refused).unwrap()).is_none(), "{refused}");
        }
    }
}
