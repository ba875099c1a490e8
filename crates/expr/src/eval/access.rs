//! Names, members and indices.

use super::{Done, Evaluator, Stop};
use crate::ast::Kind;
use crate::ast::{Link, Node, Step};
use crate::names::is_prototype_member;
use crate::number::array_index;
use crate::problem::code;
use crate::undefined::{View, is_nullish, is_undefined, kind_name, undefined, view};
use weir_base::{Text, Value};

/// Longest chain below `vars` for which dotted keys are tried.
const MAX_DOTTED: usize = 32;

impl Evaluator<'_> {
    pub(super) fn free(&mut self, name: &str) -> Done {
        if name == "secrets" {
            return Err(self.secret_fault());
        }
        Ok(self.scope.get(name).unwrap_or_else(undefined))
    }

    /// A static chain below `vars`: the nested path first, then literal dotted keys, the longest first.
    pub(super) fn vars(&mut self, steps: &[Step]) -> Done {
        let Some((first, rest)) = steps.split_first() else { return self.free("vars") };
        if let Some(value) = self.scope.member("vars", &first.key) {
            let found = self.walk(value, rest)?;
            if !is_undefined(&found) {
                return Ok(found);
            }
        }
        if rest.is_empty() { Ok(undefined()) } else { self.dotted_vars(steps) }
    }

    fn dotted_vars(&mut self, steps: &[Step]) -> Done {
        for length in (2..=steps.len().min(MAX_DOTTED)).rev() {
            let keys: Vec<&str> = steps[..length].iter().map(|step| &*step.key).collect();
            let key = keys.join(".");
            self.pay_text(key.len())?;
            let Some(value) = self.scope.member("vars", &key) else { continue };
            let found = self.walk(value, &steps[length..])?;
            if !is_undefined(&found) {
                return Ok(found);
            }
        }
        Ok(undefined())
    }

    /// Follows members; what is missing is undefined.
    fn walk(&mut self, mut value: Value, steps: &[Step]) -> Done {
        for step in steps {
            if is_nullish(&value) {
                return Ok(undefined());
            }
            value = self.read(&value, &step.key)?;
        }
        Ok(value)
    }

    pub(super) fn member(&mut self, node: &Node, object: &Node, key: &Text, link: Link) -> Done {
        if let Kind::Free(root) = &object.kind {
            let member = if link.length { None } else { self.scope.member(root, key) };
            if let Some(value) = member {
                return Ok(value);
            }
            if &**root == "secrets" {
                return Ok(undefined());
            }
        }
        let value = self.eval(object)?;
        self.stand_at(node);
        if link.length
            && let Value::Array(items) = &value
        {
            return Ok(Value::from(items.len()));
        }
        self.linked(&value, link, |evaluator, value| evaluator.read(value, key))
    }

    pub(super) fn index(&mut self, node: &Node, object: &Node, index: &Node, link: Link) -> Done {
        let root = match &object.kind {
            Kind::Free(root) => Some(&**root),
            Kind::Vars(steps) if steps.is_empty() => Some("vars"),
            _ => None,
        };
        if let Some(root) = root {
            return self.index_root(node, root, index, link);
        }
        let value = self.eval(object)?;
        if is_nullish(&value) {
            self.stand_at(node);
            return self.linked(&value, link, |_, _| Ok(undefined()));
        }
        let key = self.eval(index)?;
        self.stand_at(node);
        self.read_index(&value, &key)
    }

    /// `root[key]` asks the scope for the one member where the key is a text.
    fn index_root(&mut self, node: &Node, root: &str, index: &Node, link: Link) -> Done {
        let key = self.eval(index)?;
        self.stand_at(node);
        if root == "secrets" {
            let message = "a secret is named as it stands: `secrets.name`, not by a computed key";
            return Err(self.fault(code::SECRET, message));
        }
        if let View::String(text) = view(&key) {
            self.refuse_prototype(text)?;
            if let Some(value) = self.scope.member(root, text) {
                return Ok(value);
            }
            if root == "vars" {
                return Ok(undefined());
            }
        }
        let value = self.free(root)?;
        self.linked(&value, link, |evaluator, value| evaluator.read_index(value, &key))
    }

    /// Reads through a link, which says what a missing object means.
    fn linked(&mut self, value: &Value, link: Link, read: impl FnOnce(&mut Self, &Value) -> Done) -> Done {
        match is_nullish(value) {
            true if link.optional => Err(Stop::Short),
            true if link.lenient => Ok(undefined()),
            true => Err(self.missing(value)),
            false => read(self, value),
        }
    }

    fn missing(&self, value: &Value) -> Stop {
        let kind = kind_name(value);
        self.type_fault(format!("there is nothing to read in {kind}; where a value may be missing, write `?.`"))
    }

    fn refuse_prototype(&self, key: &str) -> Done<()> {
        match is_prototype_member(key) {
            true => Err(self.type_fault(format!("`{key}` leads to a prototype and cannot be read"))),
            false => Ok(()),
        }
    }

    /// A member by name; undefined where there is none.
    pub(super) fn read(&mut self, value: &Value, key: &str) -> Done {
        Ok(match view(value) {
            View::Object(map) => map.get(key).cloned().unwrap_or_else(undefined),
            View::Array(items) => match array_index(key) {
                Some(index) => items.get(index as usize).cloned().unwrap_or_else(undefined),
                None if key == "length" => Value::from(items.len()),
                None => undefined(),
            },
            View::String(text) => match array_index(key) {
                Some(index) => self.unit_or_undefined(text, index as usize)?,
                None if key == "length" => Value::from(self.length(text)?),
                None => undefined(),
            },
            View::Secret(_) => return Err(self.secret_fault()),
            View::Null | View::Undefined => return Err(self.missing(value)),
            View::Bool(_) | View::Number(_) => undefined(),
        })
    }

    fn read_index(&mut self, value: &Value, key: &Value) -> Done {
        if let (Value::Array(items), Value::Number(number)) = (value, key)
            && let Some(index) = whole(*number)
        {
            return Ok(items.get(index).cloned().unwrap_or_else(undefined));
        }
        let key = self.text_of(key)?;
        self.refuse_prototype(&key)?;
        self.read(value, &key)
    }
}

fn whole(number: f64) -> Option<usize> {
    ((0.0..4_294_967_295.0).contains(&number) && number.fract() == 0.0).then_some(number as usize)
}
