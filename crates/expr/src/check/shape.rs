use std::borrow::Cow;
use std::collections::BTreeMap;
use weir_base::{Text, Value};

/// What is known of a value before the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Shape {
    /// Nothing.
    #[default]
    Open,
    /// An object with these members and no others.
    Closed(BTreeMap<Text, Shape>),
    /// An object with these members and perhaps others.
    Known(BTreeMap<Text, Shape>),
    /// A list of items of one shape.
    Array(Box<Shape>),
    Null,
    Boolean,
    Number,
    String,
    /// A sealed value, which can only be joined with text or passed on.
    Secret,
}

/// The root names an expression may use, with what is known of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Env {
    pub roots: BTreeMap<Text, Shape>,
}

impl Env {
    /// The same environment with one more root.
    pub fn with(mut self, name: &str, shape: Shape) -> Env {
        self.roots.insert(name.into(), shape);
        self
    }
}

impl Shape {
    /// An object with exactly these members.
    pub fn closed<'a>(members: impl IntoIterator<Item = (&'a str, Shape)>) -> Shape {
        Shape::Closed(members.into_iter().map(|(key, shape)| (key.into(), shape)).collect())
    }

    /// An object with at least these members.
    pub fn known<'a>(members: impl IntoIterator<Item = (&'a str, Shape)>) -> Shape {
        Shape::Known(members.into_iter().map(|(key, shape)| (key.into(), shape)).collect())
    }

    /// The type of a constant, without its contents.
    pub(crate) fn of(value: &Value) -> Shape {
        match value {
            Value::Null => Shape::Null,
            Value::Bool(_) => Shape::Boolean,
            Value::Number(_) => Shape::Number,
            Value::String(_) => Shape::String,
            Value::Array(_) => Shape::Array(Box::default()),
            Value::Object(map) => {
                Shape::Known(map.iter().map(|(key, value)| (key.clone(), Shape::of(value))).collect())
            }
            Value::Sealed(_) => Shape::Secret,
        }
    }

    /// For messages; `None` where nothing is known.
    pub(crate) fn name(&self) -> Option<&'static str> {
        Some(match self {
            Shape::Open => return None,
            Shape::Closed(_) | Shape::Known(_) => "an object",
            Shape::Array(_) => "a list",
            Shape::Null => "null",
            Shape::Boolean => "a boolean",
            Shape::Number => "a number",
            Shape::String => "a text",
            Shape::Secret => "a secret",
        })
    }
}

/// A shape that is borrowed from the environment where it can be.
pub(crate) type Seen<'e> = Cow<'e, Shape>;

pub(crate) fn open<'e>() -> Seen<'e> {
    Cow::Owned(Shape::Open)
}

/// A member's shape: `Err` where it is certain that there is none.
pub(crate) fn member<'e>(object: &Seen<'e>, key: &str) -> Result<Seen<'e>, ()> {
    match object {
        Cow::Borrowed(shape) => find(shape, key).map(|found| found.map_or_else(open, Cow::Borrowed)),
        Cow::Owned(shape) => find(shape, key).map(|found| Cow::Owned(found.cloned().unwrap_or_default())),
    }
}

fn find<'s>(shape: &'s Shape, key: &str) -> Result<Option<&'s Shape>, ()> {
    let is_index = crate::number::array_index(key).is_some();
    match shape {
        Shape::Open | Shape::Secret => Ok(None),
        Shape::Closed(members) => members.get(key).map(Some).ok_or(()),
        Shape::Known(members) => Ok(members.get(key)),
        Shape::Array(_) | Shape::String if key == "length" => Ok(Some(&Shape::Number)),
        Shape::Array(item) if is_index => Ok(Some(item)),
        Shape::String if is_index => Ok(Some(&Shape::String)),
        _ => Err(()),
    }
}
