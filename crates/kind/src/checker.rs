use jsonschema::{PatternOptions, Validator};
use std::sync::OnceLock;
use weir_base::{Map, Text, Type, Value};

/// At most this many problems are told at once.
const MAX_PROBLEMS: usize = 8;

/// Keywords whose whole meaning a [`Type`] holds.
const PLAIN: [&str; 5] = ["required", "enum", "const", "description", "default"];

/// A schema, ready to check values.
///
/// Most schemas only speak of types; those are decided by [`Type::accepts`], which costs next to nothing.
/// The validator is made when it is first needed: for keywords beyond that, and for telling what is wrong.
pub struct Checker {
    schema: Value,
    ty: Type,
    is_plain: bool,
    defaults: Vec<(Text, Value)>,
    validator: OnceLock<Result<Validator, String>>,
}

impl Checker {
    pub fn new(schema: Value) -> Self {
        let (ty, is_plain) = (Type::from_schema(&schema), is_plain(&schema));
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let default = |(name, field): (&Text, &Value)| Some((name.clone(), field.get("default")?.clone()));
        let defaults = properties.filter_map(default).collect();
        Self { schema, ty, is_plain, defaults, validator: OnceLock::new() }
    }

    /// The value with absent members set to their defaults. A null stands for itself.
    pub fn with_defaults(&self, value: Value) -> Value {
        let map = match value {
            Value::Null if !self.defaults.is_empty() => Map::default(),
            Value::Object(map) if self.defaults.iter().any(|(name, _)| !map.contains_key(name)) => Map::clone(&map),
            other => return other,
        };
        let mut map = map;
        for (name, default) in &self.defaults {
            map.entry(name.clone()).or_insert_with(|| default.clone());
        }
        Value::from(map)
    }

    /// What is wrong with the schema itself.
    pub fn fault(&self) -> Option<String> {
        self.validator.get_or_init(|| compile(&self.schema)).as_ref().err().cloned()
    }

    /// Every problem as `(path, message)`, at most eight of them.
    pub fn check(&self, value: &Value) -> Result<(), Vec<(String, String)>> {
        if self.is_plain && self.ty.accepts(value) {
            return Ok(());
        }
        let validator = match self.validator.get_or_init(|| compile(&self.schema)) {
            Ok(validator) => validator,
            Err(message) => return Err(vec![(String::new(), message.clone())]),
        };
        let json = serde_json::Value::from(value);
        let problems: Vec<_> = validator.iter_errors(&json).take(MAX_PROBLEMS).map(|error| problem(&error)).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

fn problem(error: &jsonschema::ValidationError<'_>) -> (String, String) {
    (error.instance_path().to_string().trim_start_matches('/').replace('/', "."), shorten(&error.to_string()))
}

/// Messages repeat the value they are about, which may be large.
fn shorten(message: &str) -> String {
    const LIMIT: usize = 300;
    match message.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

/// Patterns run on the linear engine, so a schema cannot be made to hang.
fn compile(schema: &Value) -> Result<Validator, String> {
    let options = jsonschema::draft202012::options().with_pattern_options(PatternOptions::regex());
    options.build(&serde_json::Value::from(schema)).map_err(|error| format!("the schema itself is wrong: {error}"))
}

fn is_plain(schema: &Value) -> bool {
    let Some(map) = schema.as_object() else { return schema.as_bool().is_some() };
    map.iter().all(|(keyword, value)| match &**keyword {
        "properties" => value.as_object().is_some_and(|members| members.values().all(is_plain)),
        "items" => is_plain(value),
        "additionalProperties" => value.as_bool().is_some(),
        "type" => match value {
            Value::Array(names) => names.iter().all(is_type_name),
            name => is_type_name(name),
        },
        other => PLAIN.contains(&other),
    })
}

fn is_type_name(name: &Value) -> bool {
    const NAMES: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];
    name.as_str().is_some_and(|name| NAMES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, value: &str, expected: &str) {
        let checker = Checker::new(Value::from_json(schema).unwrap());
        let value = checker.with_defaults(Value::from_json(value).unwrap());
        let found = checker.check(&value).map_or_else(
            |problems| {
                problems.iter().map(|(path, message)| format!("{path}: {message}")).collect::<Vec<_>>().join("; ")
            },
            |()| value.to_json(),
        );
        assert_eq!(found, expected);
    }

    #[test]
    fn defaults_come_first_then_the_check() {
        let schema = r#"{"type":"object","properties":{"level":{"enum":["a","b"],"default":"a"},"n":{"type":"integer","minimum":1}},"required":["n"],"additionalProperties":false}"#;
        check(schema, r#"{"n":1}"#, r#"{"n":1,"level":"a"}"#);
        check(schema, r#"{"n":0}"#, "n: 0 is less than the minimum of 1");
        check(schema, "null", ": \"n\" is a required property");
        check(schema, r#"{"n":1,"m":2}"#, ": Additional properties are not allowed ('m' was unexpected)");
        check(schema, r#"{"n":1,"level":"c"}"#, r#"level: "c" is not one of "a" or "b""#);
        check("true", "[1]", "[1]");
    }

    #[test]
    fn plain_schemas_need_no_validator() {
        let checker =
            Checker::new(Value::from_json(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#).unwrap());
        assert!(checker.check(&Value::from_json(r#"{"a":"x"}"#).unwrap()).is_ok());
        assert!(checker.validator.get().is_none());
    }

    #[test]
    fn a_broken_schema_is_a_problem_not_a_panic() {
        check(
            r#"{"type":"nonsense"}"#,
            "1",
            ": the schema itself is wrong: \"nonsense\" is not valid under any of the schemas listed in the 'anyOf' keyword",
        );
    }
}
