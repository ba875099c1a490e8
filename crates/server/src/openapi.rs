//! The OpenAPI 3.1 document, made from the tables of routes.

use crate::endpoint::{Access, Endpoint};
use crate::problem::Problem;
use crate::resources::endpoints;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// The document for people and tools that make clients from it, with a line for each thing it says.
pub fn pretty() -> String {
    serde_json::to_string_pretty(&build(&endpoints())).unwrap_or_default()
}

/// The document as text; made once.
pub fn document() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| build(&endpoints()).to_string())
}

fn build(endpoints: &[Endpoint]) -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints {
        let operation = operation(endpoint, &mut generator, &problem);
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_lowercase()] = operation;
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Weir",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Flows, what starts them, their runs, and who may do what.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key"},
                "session": {"type": "apiKey", "in": "cookie", "name": crate::auth::COOKIE}
            }
        }
    })
}

fn operation(endpoint: &Endpoint, generator: &mut SchemaGenerator, problem: &Schema) -> Value {
    let mut operation = json!({
        "operationId": endpoint.name,
        "summary": endpoint.about,
        "parameters": parameters(endpoint, generator),
        "responses": responses(endpoint, generator, problem),
    });
    operation["security"] = match endpoint.access {
        Access::Open => json!([]),
        Access::SignedIn => json!([{"session": []}, {"key": []}]),
        Access::Needs(_) | Access::NeedsEither(..) => {
            let needed = endpoint.access.permissions();
            operation["x-permission"] = json!(needed.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(" or "));
            json!([{"key": []}, {"session": []}])
        }
    };
    if let Some(body) = endpoint.body {
        let schema = body(generator);
        operation["requestBody"] =
            json!({"required": !endpoint.body_optional, "content": {"application/json": {"schema": schema}}});
    }
    if endpoint.webhook {
        operation["requestBody"] = json!({"required": false, "content": {"*/*": {"schema": {}}}});
    }
    operation
}

fn parameters(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Vec<Value> {
    let names = endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let number = |name: &str| {
        if name == "number" {
            json!({"type": "integer", "minimum": 0})
        } else {
            json!({"type": "string", "minLength": 1})
        }
    };
    let mut parameters: Vec<Value> =
        names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": number(name)})).collect();
    if let Some(query) = endpoint.query {
        parameters.extend(query_parameters(&query(generator), generator));
    }
    for (name, required) in &endpoint.headers {
        parameters.push(json!({"name": name, "in": "header", "required": required, "schema": {"type": "string"}}));
    }
    parameters
}

/// One parameter for each property of the query's schema, which is only ever named here.
fn query_parameters(schema: &Schema, generator: &SchemaGenerator) -> Vec<Value> {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let whole = generator.definitions().get(name).cloned().unwrap_or_default();
    let required: Vec<&str> =
        whole.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = whole.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let parameter = |(name, schema): (&String, &Value)| json!({"name": name, "in": "query", "required": required.contains(&&**name), "schema": without_null(schema)});
    properties.iter().map(parameter).collect()
}

/// A parameter is there or not; it is never null.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(kinds) = schema.get("type").and_then(Value::as_array).cloned() {
        let kinds: Vec<Value> = kinds.into_iter().filter(|kind| kind != "null").collect();
        schema["type"] = if kinds.len() == 1 { kinds[0].clone() } else { Value::Array(kinds) };
    }
    schema
}

fn responses(endpoint: &Endpoint, generator: &mut SchemaGenerator, problem: &Schema) -> Value {
    let mut responses: Map<String, Value> = Map::new();
    for answer in &endpoint.answers {
        let mut response = json!({"description": answer.about});
        if let Some(schema) = answer.schema {
            response["content"] = json!({answer.kind: {"schema": schema(generator)}});
        } else if !answer.kind.is_empty() {
            response["content"] = json!({answer.kind: {}});
        }
        responses.insert(answer.status.to_string(), response);
    }
    for status in statuses(endpoint) {
        let description = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let content = json!({"application/problem+json": {"schema": problem}});
        let response = json!({"description": description.unwrap_or("A problem"), "content": content});
        responses.entry(status.to_string()).or_insert(response);
    }
    Value::Object(responses)
}

/// Every problem an endpoint may answer with: its own, and those that follow from what it takes.
fn statuses(endpoint: &Endpoint) -> Vec<u16> {
    let mut all = endpoint.problems.clone();
    if endpoint.access != Access::Open {
        all.extend([401, 403, 429]);
    }
    if endpoint.path.contains('{') || endpoint.access != Access::Open {
        all.push(404);
    }
    if endpoint.query.is_some() || endpoint.body.is_some() || !endpoint.headers.is_empty() {
        all.push(400);
    }
    if endpoint.body.is_some() || endpoint.webhook {
        all.extend([408, 413, 415]);
    }
    all.push(503);
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The interface's types are made from this file.
    #[test]
    fn the_interface_has_this_document() {
        let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/openapi.json")).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert!(
            kept == build(&endpoints()),
            "`weir serve --openapi > ui/openapi.json` writes it anew, then `npm run api` in ui/ the types"
        );
    }

    #[test]
    fn names_are_unique_and_paths_are_described() {
        let endpoints = endpoints();
        let names: BTreeSet<&str> = endpoints.iter().map(|endpoint| endpoint.name).collect();
        assert_eq!(names.len(), endpoints.len());
        for endpoint in &endpoints {
            assert!(!endpoint.answers.is_empty(), "{} says nothing of its answer", endpoint.name);
        }
        let document = build(&endpoints);
        let text = document.to_string();
        assert!(!text.contains("#/$defs"), "a schema points nowhere");
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is not described");
        }
    }
}
