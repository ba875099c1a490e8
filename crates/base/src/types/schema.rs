use super::{Field, ObjectType, Type};
use crate::{Text, Value};

/// Deeper parts of a schema become [`Type::Any`], so a schema that refers to itself ends.
const MAX_DEPTH: usize = 24;
/// The most parts one schema may unfold to; what lies beyond is [`Type::Any`].
const MAX_PARTS: usize = 4_096;

impl Type {
    /// Reads a JSON Schema. Never fails: what has no counterpart here is [`Type::Any`].
    pub fn from_schema(schema: &Value) -> Type {
        Reader { root: schema, parts: 0 }.read(schema, 0)
    }
}

struct Reader<'a> {
    root: &'a Value,
    parts: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self, schema: &'a Value, depth: usize) -> Type {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return Type::Any;
        }
        match schema {
            Value::Bool(false) => Type::Never,
            Value::Object(_) => self.read_object(schema, depth),
            _ => Type::Any,
        }
    }

    fn read_object(&mut self, schema: &'a Value, depth: usize) -> Type {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            return self.resolve(target).map_or(Type::Any, |found| self.read(found, depth + 1));
        }
        if let Some(literal) = schema.get("const") {
            return Type::Enum(vec![literal.clone()]);
        }
        if let Some(literals) = schema.get("enum").and_then(Value::as_array) {
            return Type::Enum(literals.to_vec());
        }
        if let Some(members) = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array()) {
            return Type::union(members.iter().map(|member| self.read(member, depth + 1)).collect::<Vec<_>>());
        }
        if let Some([only]) = schema.get("allOf").and_then(Value::as_array) {
            return self.read(only, depth + 1);
        }
        match schema.get("type") {
            Some(Value::String(name)) => self.named(name, schema, depth),
            Some(Value::Array(names)) => {
                let names = names.iter().filter_map(Value::as_str);
                Type::union(names.map(|name| self.named(name, schema, depth)).collect::<Vec<_>>())
            }
            _ if schema.get("properties").is_some() => self.named("object", schema, depth),
            _ => Type::Any,
        }
    }

    fn named(&mut self, name: &str, schema: &'a Value, depth: usize) -> Type {
        match name {
            "null" => Type::Null,
            "boolean" => Type::Bool,
            "number" => Type::Number,
            "integer" => Type::Integer,
            "string" => Type::String,
            "array" => Type::array(schema.get("items").map_or(Type::Any, |items| self.read(items, depth + 1))),
            "object" => Type::Object(self.members(schema, depth)),
            _ => Type::Any,
        }
    }

    fn members(&mut self, schema: &'a Value, depth: usize) -> ObjectType {
        let required = schema.get("required").and_then(Value::as_array).unwrap_or_default();
        let is_required = |name: &str| required.iter().any(|item| item.as_str() == Some(name));
        let open = schema.get("additionalProperties") != Some(&Value::Bool(false));
        let mut object = ObjectType { open, ..ObjectType::default() };
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let field = Field { ty: self.read(member, depth + 1), required: is_required(name) };
            object.fields.insert(name.clone(), field);
        }
        for name in required.iter().filter_map(Value::as_str) {
            let absent = || Field { ty: Type::Any, required: true };
            object.fields.entry(Text::from(name)).or_insert_with(absent);
        }
        object
    }

    /// Follows a reference within the same schema, such as `#/$defs/address`.
    fn resolve(&self, target: &str) -> Option<&'a Value> {
        let pointer = target.strip_prefix('#')?;
        let steps = pointer.split('/').skip(1);
        steps.map(|step| step.replace("~1", "/").replace("~0", "~")).try_fold(self.root, |at, step| match at {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            other => other.get(&step),
        })
    }
}
