use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use weir_base::{Map, Text, Value};

/// Fields by name, in the order a form shows them.
pub type Fields = IndexMap<Text, Field>;

/// In an output, the name that stands for the whole value, for kinds whose output is not an object.
pub const WHOLE: &str = "*";

/// One field of a kind's input or output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// Of an input: must be given.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Of an output: always present.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guaranteed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    pub description: String,
    /// For `enum`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// For `object`: its members. Without any, every member is allowed.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub properties: Fields,
    /// For `object` with properties: other members are allowed too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub open: bool,
    /// For `array`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Field>>,
    /// Null is allowed besides.
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
    /// Further JSON Schema keywords, such as `minLength`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub schema: IndexMap<Text, Value>,
    /// Rules in words, for people; `schema` is what enforces them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<FieldRule>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    #[default]
    Any,
    String,
    Number,
    Integer,
    Boolean,
    Enum,
    Object,
    Array,
    /// Whole milliseconds, or text such as `30s`.
    Duration,
}

impl FieldType {
    pub fn as_str(self) -> &'static str {
        match self {
            FieldType::Any => "any",
            FieldType::String => "string",
            FieldType::Number => "number",
            FieldType::Integer => "integer",
            FieldType::Boolean => "boolean",
            FieldType::Enum => "enum",
            FieldType::Object => "object",
            FieldType::Array => "array",
            FieldType::Duration => "duration",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    pub rule: String,
    pub error_message: String,
}

impl Field {
    /// This field as JSON Schema.
    pub fn json_schema(&self) -> Value {
        let mut schema = Map::default();
        self.push_type(&mut schema);
        for (keyword, value) in &self.schema {
            schema.insert(keyword.clone(), value.clone());
        }
        if !self.description.is_empty() {
            schema.insert("description".into(), self.description.trim().into());
        }
        if let Some(default) = &self.default {
            schema.insert("default".into(), default.clone());
        }
        Value::from(schema)
    }

    fn push_type(&self, schema: &mut Map) {
        match self.ty {
            FieldType::Any => {}
            FieldType::Enum => {
                let null = self.nullable.then_some(Value::Null);
                schema.insert("enum".into(), Value::array(self.values.iter().cloned().chain(null)));
            }
            FieldType::Duration => self.push_names(schema, &["string", "integer"]),
            FieldType::Object => {
                self.push_names(schema, &["object"]);
                if !self.properties.is_empty() {
                    push_members(schema, &self.properties, self.open, |field| field.required || field.guaranteed);
                }
            }
            FieldType::Array => {
                self.push_names(schema, &["array"]);
                if let Some(items) = &self.items {
                    schema.insert("items".into(), items.json_schema());
                }
            }
            scalar => self.push_names(schema, &[scalar.as_str()]),
        }
    }

    fn push_names(&self, schema: &mut Map, names: &[&str]) {
        let null = self.nullable.then_some("null");
        let mut names: Vec<Value> = names.iter().copied().chain(null).map(Value::from).collect();
        let names = if names.len() == 1 { names.remove(0) } else { Value::from(names) };
        schema.insert("type".into(), names);
    }
}

/// The JSON Schema of an input: a closed object.
pub(crate) fn input_schema(fields: &Fields) -> Value {
    let mut schema = Map::default();
    schema.insert("type".into(), "object".into());
    push_members(&mut schema, fields, false, |field| field.required);
    Value::from(schema)
}

/// The JSON Schema of an output: of the one field [`WHOLE`], else a closed object.
pub(crate) fn output_schema(fields: &Fields) -> Value {
    if let Some(whole) = fields.get(WHOLE) {
        return whole.json_schema();
    }
    let mut schema = Map::default();
    schema.insert("type".into(), "object".into());
    push_members(&mut schema, fields, false, |field| field.guaranteed);
    Value::from(schema)
}

fn push_members(schema: &mut Map, fields: &Fields, open: bool, is_required: impl Fn(&Field) -> bool) {
    let members = fields.iter().map(|(name, field)| (name.clone(), field.json_schema()));
    schema.insert("properties".into(), Value::from(members.collect::<Map>()));
    let required: Vec<Value> =
        fields.iter().filter(|(_, field)| is_required(field)).map(|(name, _)| Value::from(name.clone())).collect();
    if !required.is_empty() {
        schema.insert("required".into(), Value::from(required));
    }
    if !open {
        schema.insert("additionalProperties".into(), Value::Bool(false));
    }
}
