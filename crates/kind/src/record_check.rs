use jsonschema::Validator;
use std::sync::LazyLock;
use weir_base::{Diagnostic, Value};
use weir_catalog::RECORD_SCHEMA;

/// Every way in which a record falls short of the format and its quality criteria: `RECORD_INVALID` each.
pub fn validate_record(record: &Value) -> Vec<Diagnostic> {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let schema = serde_json::from_str(RECORD_SCHEMA).expect("the schema is part of the program and is JSON");
        jsonschema::draft202012::new(&schema).expect("the schema is part of the program and is a JSON Schema")
    });
    let json = serde_json::Value::from(record);
    let problem = |error: jsonschema::ValidationError<'_>| {
        let path = error.instance_path().to_string().trim_start_matches('/').replace('/', ".");
        Diagnostic::error("RECORD_INVALID", error.to_string()).path(path)
    };
    VALIDATOR.iter_errors(&json).map(problem).collect()
}
