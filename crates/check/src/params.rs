use weir_base::{Diagnostic, Text, Type, Value, closest};
use weir_catalog::{Field, FieldType, Fields};
use weir_expr::Template;
use weir_ir::Node;

/// Parameters against a record: no unknown ones, no missing ones, and constants of the right type.
pub(crate) fn check(node: &Node, params: &Template, fields: &Fields, found: &mut Vec<Diagnostic>) {
    let given: Vec<(&Text, Template)> = match params {
        Template::Object(members) => members.iter().map(|(name, value)| (name, value.clone())).collect(),
        Template::Value(Value::Object(map)) => {
            map.iter().map(|(name, value)| (name, Template::Value(value.clone()))).collect()
        }
        Template::Value(Value::Null) => Vec::new(),
        // Made at run time: checked then.
        _ => return,
    };
    for (name, value) in &given {
        match fields.get(&***name) {
            Some(field) => value_fits(node, name, value, field, found),
            None => found.push(unknown(node, name, fields)),
        }
    }
    let missing = |(name, field): &(&Text, &Field)| field.required && !given.iter().any(|(known, _)| known == name);
    for (name, field) in fields.iter().filter(missing) {
        let message = format!("`{}` needs `{name}`: {}", node.id, first_sentence(&field.description));
        found.push(
            Diagnostic::error("MISSING_REQUIRED_FIELD", message)
                .path(format!("{}.{name}", node.id))
                .maybe_at(node.origin.span),
        );
    }
}

fn first_sentence(text: &str) -> &str {
    text.split_inclusive(". ").next().unwrap_or(text).trim().trim_end_matches('.')
}

fn unknown(node: &Node, name: &str, fields: &Fields) -> Diagnostic {
    let kind = if node.origin.ty.is_empty() { &node.id } else { &node.origin.ty };
    let problem = Diagnostic::error("UNKNOWN_PROP", format!("`{kind}` has no property `{name}`"));
    let problem = problem.path(format!("{}.{name}", node.id)).maybe_at(node.origin.prop(name));
    match closest(name, fields.keys().map(|known| &**known)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).suggest(near),
        None => {
            let known: Vec<&str> = fields.keys().map(|known| &**known).collect();
            problem.help(format!("it takes {}", known.join(", ")))
        }
    }
}

/// Only what is written down is looked at; what an expression gives is checked when it is known.
fn value_fits(node: &Node, name: &str, value: &Template, field: &Field, found: &mut Vec<Diagnostic>) {
    let Some(constant) = value.constant() else { return };
    if field.ty == FieldType::Duration {
        return duration_fits(node, name, &constant, found);
    }
    let ty = Type::from_schema(&field.json_schema());
    if (field.required || !constant.is_null()) && !ty.accepts(&constant) {
        let message = format!("`{name}` must be {ty}, found {}", described(&constant));
        found.push(
            Diagnostic::error("INVALID_PROP", message)
                .path(format!("{}.{name}", node.id))
                .maybe_at(node.origin.prop(name)),
        );
    }
}

fn duration_fits(node: &Node, name: &str, constant: &Value, found: &mut Vec<Diagnostic>) {
    if let Some(message) = crate::durations::problem(constant) {
        let path = format!("{}.{name}", node.id);
        found.push(Diagnostic::error("INVALID_DURATION", message).path(path).maybe_at(node.origin.prop(name)));
    }
}

fn described(value: &Value) -> String {
    let text: String = value.to_json().chars().take(40).collect();
    format!("the {} `{text}`", value.type_name())
}
