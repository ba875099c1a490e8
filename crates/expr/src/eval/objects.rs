//! Objects: literals, order of members, and the functions of `Object`.

use super::{Done, Evaluator};
use crate::ast::{Node, Property};
use crate::number::array_index;
use crate::undefined::{View, kind_name, view};
use std::borrow::Cow;
use weir_base::{Map, Text, Value};

/// JavaScript's member order: integer keys by size, then the others as they came.
pub(super) fn in_order(map: Map) -> Map {
    if !has_integer_key(&map) {
        return map;
    }
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by_key(|(key, _)| array_index(key).map_or(u64::MAX, u64::from));
    entries.into_iter().collect()
}

/// The same for an object that came from outside, copied only where its order differs.
pub(super) fn ordered(map: &Map) -> Cow<'_, Map> {
    if has_integer_key(map) { Cow::Owned(in_order(map.clone())) } else { Cow::Borrowed(map) }
}

fn has_integer_key(map: &Map) -> bool {
    map.keys().any(|key| array_index(key).is_some())
}

impl Evaluator<'_> {
    pub(super) fn object(&mut self, node: &Node, properties: &[Property]) -> Done {
        let mut map = Map::with_capacity_and_hasher(properties.len(), Default::default());
        for property in properties {
            match property {
                Property::Named(key, value) => {
                    let value = self.eval(value)?;
                    map.insert(key.clone(), value);
                }
                Property::Computed(key, value) => {
                    let key = self.eval(key)?;
                    let key = self.text_of(&key)?;
                    let value = self.eval(value)?;
                    map.insert(key, value);
                }
                Property::Spread(source) => {
                    let value = self.eval(source)?;
                    self.stand_at(source);
                    self.copy_members(&value, &mut map)?;
                }
            }
        }
        self.stand_at(node);
        self.record(map)
    }

    /// Copies own members, as spread and Object.assign do; what has none copies nothing.
    pub(super) fn copy_members(&mut self, value: &Value, map: &mut Map) -> Done<()> {
        match view(value) {
            View::Null | View::Undefined => Ok(()),
            _ => self.entries(value).map(|entries| map.extend(entries)),
        }
    }

    /// The own members in order. Lists and texts have their indices as keys.
    pub(super) fn entries(&mut self, value: &Value) -> Done<Vec<(Text, Value)>> {
        match view(value) {
            View::Object(map) => {
                self.pay_items(map.len())?;
                Ok(ordered(map).iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            View::Array(items) => {
                self.pay_items(items.len())?;
                Ok(items.iter().enumerate().map(|(at, item)| (at.to_string().into(), item.clone())).collect())
            }
            View::String(text) => {
                self.pay_items(text.len())?;
                let units = text.chars().map(|c| Value::from(c.encode_utf8(&mut [0; 4]) as &str));
                Ok(units.enumerate().map(|(at, unit)| (at.to_string().into(), unit)).collect())
            }
            View::Bool(_) | View::Number(_) => Ok(Vec::new()),
            View::Secret(_) => Err(self.secret_fault()),
            View::Null | View::Undefined => Err(self.type_fault(format!("{} has no members", kind_name(value)))),
        }
    }

    pub(super) fn entry_list(&mut self, value: &Value) -> Done {
        let entries = self.entries(value)?;
        let pair = |(key, value)| self.array(vec![Value::String(key), value]);
        let pairs = entries.into_iter().map(pair).collect::<Done<Vec<_>>>()?;
        self.array(pairs)
    }

    pub(super) fn object_from_entries(&mut self, value: &Value) -> Done {
        let mut entries = Vec::new();
        self.spread(value, &mut entries)?;
        let mut map = Map::default();
        for entry in &entries {
            let Value::Array(pair) = entry else {
                return Err(self.type_fault("Object.fromEntries wants a list of [key, value] pairs"));
            };
            let key = pair.first().cloned().unwrap_or_else(crate::undefined::undefined);
            let key = self.text_of(&key)?;
            map.insert(key, pair.get(1).cloned().unwrap_or_else(crate::undefined::undefined));
        }
        self.record(map)
    }

    pub(super) fn assign(&mut self, args: &[Value]) -> Done {
        let Some(View::Object(target)) = args.first().map(view) else {
            return Err(self.type_fault("Object.assign wants an object first, such as `{}`"));
        };
        self.pay_items(target.len())?;
        let mut map = (**target).clone();
        for source in &args[1..] {
            self.copy_members(source, &mut map)?;
        }
        self.record(map)
    }
}
