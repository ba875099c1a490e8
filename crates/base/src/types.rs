use crate::{Text, Value};
use indexmap::IndexMap;
use std::fmt;

mod assignable;
mod schema;

/// The shape of a value, as far as checks before a run can know it.
///
/// It is coarser than JSON Schema on purpose: what a schema says beyond this (patterns, ranges, lengths)
/// is checked on real values only. Whatever is not understood is [`Type::Any`], which never causes a complaint.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Type {
    #[default]
    Any,
    /// No value at all.
    Never,
    Null,
    Bool,
    Number,
    Integer,
    String,
    /// One of these literals.
    Enum(Vec<Value>),
    Array(Box<Type>),
    Object(ObjectType),
    Union(Vec<Type>),
}

/// Members by name; an `open` object may have others besides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectType {
    pub fields: IndexMap<Text, Field>,
    pub open: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub ty: Type,
    /// The member is always there.
    pub required: bool,
}

/// Why a value of one type cannot go where another is expected. `path` is `""`, `a.b` or `items[].id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    pub path: String,
    pub expected: String,
    pub found: String,
}

impl Type {
    pub fn array(items: Type) -> Type {
        Type::Array(Box::new(items))
    }

    /// An object with these members and, where `open`, others: `(name, type, required)`.
    pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Type, bool)>, open: bool) -> Type {
        let field = |(name, ty, required): (&str, Type, bool)| (Text::from(name), Field { ty, required });
        Type::Object(ObjectType { fields: fields.into_iter().map(field).collect(), open })
    }

    /// One type for "any of these": flat, without repeats, and without a list around a single one.
    pub fn union(members: impl IntoIterator<Item = Type>) -> Type {
        let mut flat: Vec<Type> = Vec::new();
        for member in members {
            let parts = if let Type::Union(parts) = member { parts } else { vec![member] };
            for part in parts.into_iter().filter(|part| *part != Type::Never) {
                if !flat.contains(&part) {
                    flat.push(part);
                }
            }
        }
        match flat.len() {
            0 => Type::Never,
            _ if flat.contains(&Type::Any) => Type::Any,
            1 => flat.remove(0),
            _ => Type::Union(flat),
        }
    }

    /// The type of a member reached by name; `None` where there certainly is none.
    pub fn member(&self, name: &str) -> Option<Type> {
        match self {
            Type::Any => Some(Type::Any),
            Type::Object(object) => match object.fields.get(name) {
                Some(field) => Some(field.ty.clone()),
                None => object.open.then_some(Type::Any),
            },
            Type::Union(members) => {
                let found: Vec<Type> = members.iter().filter_map(|member| member.member(name)).collect();
                (!found.is_empty()).then(|| Type::union(found))
            }
            _ => None,
        }
    }

    /// Whether `value` is of this type. A sealed value counts as text.
    pub fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (Type::Any, _) => true,
            (Type::Never, _) => false,
            (Type::Null, Value::Null) | (Type::Bool, Value::Bool(_)) | (Type::Number, Value::Number(_)) => true,
            (Type::Integer, Value::Number(number)) => number.trunc() == *number,
            (Type::String, Value::String(_) | Value::Sealed(_)) => true,
            (Type::Enum(literals), _) => literals.contains(value),
            (Type::Array(items), Value::Array(values)) => values.iter().all(|item| items.accepts(item)),
            (Type::Object(object), Value::Object(_)) => object.accepts(value),
            (Type::Union(members), _) => members.iter().any(|member| member.accepts(value)),
            _ => false,
        }
    }
}

impl ObjectType {
    fn accepts(&self, value: &Value) -> bool {
        let Some(map) = value.as_object() else { return false };
        let known = self.fields.iter().all(|(name, field)| match map.get(name) {
            Some(member) => field.ty.accepts(member),
            None => !field.required,
        });
        known && (self.open || map.keys().all(|name| self.fields.contains_key(name)))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("any value"),
            Type::Never => f.write_str("nothing"),
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("boolean"),
            Type::Number => f.write_str("number"),
            Type::Integer => f.write_str("whole number"),
            Type::String => f.write_str("string"),
            Type::Enum(literals) => write_list(f, literals),
            Type::Array(items) if **items == Type::Any => f.write_str("list"),
            Type::Array(items) => write!(f, "list of {items}"),
            Type::Object(object) => object.fmt(f),
            Type::Union(members) => write_list(f, members),
        }
    }
}

impl fmt::Display for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fields.is_empty() {
            return f.write_str("object");
        }
        f.write_str("object {")?;
        for (index, (name, field)) in self.fields.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let optional = if field.required { "" } else { "?" };
            write!(f, "{comma}{name}{optional}")?;
        }
        f.write_str("}")
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let separator = if index == 0 { "" } else { " or " };
        write!(f, "{separator}{item}")?;
    }
    Ok(())
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}
