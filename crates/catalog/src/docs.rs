use crate::component::{Component, Effect};
use crate::field::{Field, Fields};
use crate::record::{Record, TestCase};
use std::fmt::Write;

/// The page about a kind, in Markdown.
pub fn docs(record: &Record) -> String {
    let mut page = String::new();
    head(&mut page, &record.component);
    let _ = write!(page, "{}\n\n", record.discovery.purpose.trim());
    facts(&mut page, &record.component);
    fields(&mut page, "Parameters", &record.input_schema);
    fields(&mut page, "Output", &record.output_schema);
    errors(&mut page, record);
    examples(&mut page, &record.test_cases);
    decisions(&mut page, record);
    related(&mut page, record);
    page
}

fn head(page: &mut String, component: &Component) {
    let _ = write!(page, "# {} (`{}`)\n\n{}\n\n", component.title, component.name, component.summary.trim());
    if !component.runnable {
        page.push_str("> Flows with this kind parse and check, but cannot run yet (`KIND_NOT_RUNNABLE`).\n\n");
    }
}

fn facts(page: &mut String, component: &Component) {
    page.push_str("| | |\n|---|---|\n");
    let mut fact = |name: &str, value: String| {
        let _ = writeln!(page, "| {name} | {value} |");
    };
    if let Some(tree) = &component.tree {
        fact("In trees", format!("`{tree}`"));
    }
    if !component.aliases.is_empty() {
        fact("Also known as", code_list(component.aliases.iter().map(|alias| &**alias)));
    }
    fact("Version", component.version.to_string());
    fact("Effect", effect(component));
    if let Some(key) = &component.output_key {
        fact("Default output key", format!("`{key}`"));
    }
    if let Some(timeout) = component.timeout {
        fact("Timeout per attempt", timeout.to_string());
    }
    if let Some(retry) = &component.retry {
        fact("Attempts", retry.max_attempts.to_string());
    }
    if !component.capabilities.is_empty() {
        fact("Needs", component.capabilities.iter().map(|need| need.as_str()).collect::<Vec<_>>().join(", "));
    }
    page.push('\n');
}

fn effect(component: &Component) -> String {
    let name = |effect: Effect| match effect {
        Effect::Pure => "none",
        Effect::Idempotent => "safe to repeat",
        Effect::NonIdempotent => "not safe to repeat",
    };
    let mut text = name(component.effect).to_owned();
    for rule in &component.effect_when {
        let values =
            code_list(rule.values.iter().map(|value| value.as_str().map_or_else(|| value.to_json(), str::to_owned)));
        let _ = write!(text, "; {} where `{}` is {values}", name(rule.effect), rule.param);
    }
    text
}

fn code_list(items: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    items.into_iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}

fn fields(page: &mut String, title: &str, fields: &Fields) {
    let _ = write!(page, "## {title}\n\n");
    if fields.is_empty() {
        page.push_str("None.\n\n");
        return;
    }
    page.push_str("| Name | Type | | Meaning |\n|---|---|---|---|\n");
    for (name, field) in fields {
        field_row(page, name, field);
    }
    page.push('\n');
}

fn field_row(page: &mut String, name: &str, field: &Field) {
    let shown = if name == crate::WHOLE { "(the value)".to_owned() } else { format!("`{name}`") };
    let _ = writeln!(page, "| {shown} | {} | {} | {} |", type_name(field), presence(field), cell(&field.description));
    for (inner, field) in &field.properties {
        field_row(page, &format!("{name}.{inner}"), field);
    }
    for (inner, field) in field.items.iter().flat_map(|items| &items.properties) {
        field_row(page, &format!("{name}[].{inner}"), field);
    }
}

fn type_name(field: &Field) -> String {
    let null = if field.nullable { " or null" } else { "" };
    if field.values.is_empty() {
        return format!("{}{null}", field.ty.as_str());
    }
    let values = field.values.iter().map(|value| value.as_str().map_or_else(|| value.to_json(), str::to_owned));
    format!("{}{null}", code_list(values))
}

fn presence(field: &Field) -> String {
    match &field.default {
        Some(default) => cell(&format!("default `{}`", default.to_json())),
        None if field.required => "required".to_owned(),
        None if field.guaranteed => "always".to_owned(),
        None => String::new(),
    }
}

/// Text that cannot break out of a table cell.
fn cell(text: &str) -> String {
    text.trim().replace('\n', " ").replace('|', "\\|")
}

fn errors(page: &mut String, record: &Record) {
    if record.validation_rules.is_empty() {
        return;
    }
    page.push_str("## Errors\n\n| Code | Unless | Message |\n|---|---|---|\n");
    for rule in &record.validation_rules {
        let _ = writeln!(page, "| `{}` | {} | {} |", rule.error_code, cell(&rule.rule), cell(&rule.error_message));
    }
    page.push('\n');
}

fn examples(page: &mut String, cases: &[TestCase]) {
    page.push_str("## Examples\n\n");
    for case in cases {
        let _ = write!(page, "**{}.** {}\n\n", case.name.trim_end_matches('.'), case.description.trim());
        if !case.given.is_null() {
            let _ = write!(page, "Where there is `{}`:\n\n", case.given.to_json());
        }
        let _ = write!(page, "```json\n{}\n```\n\n", case.input.to_json());
        if let Some(output) = &case.expected_output {
            let _ = write!(page, "gives `{}`\n\n", output.to_json());
        }
        if let Some(error) = &case.expected_error {
            let _ = write!(page, "fails with `{}`\n\n", error.code);
        }
    }
}

fn decisions(page: &mut String, record: &Record) {
    page.push_str("## Why it is so\n\n");
    for decision in &record.schema_decisions {
        let _ = writeln!(page, "- **{}** {}", decision.decision.trim(), cell(&decision.reasoning));
        for alternative in &decision.alternatives_considered {
            let reason = cell(&alternative.rejected_because);
            let _ = writeln!(page, "  - Not {}: {}.", alternative.option.trim(), reason.trim_end_matches('.'));
        }
    }
    page.push('\n');
}

fn related(page: &mut String, record: &Record) {
    page.push_str("## See also\n\n");
    for related in &record.related_components {
        let _ = writeln!(page, "- `{}`: {}", related.name, cell(&related.notes));
    }
}

#[cfg(test)]
mod tests {
    use super::examples;

    #[test]
    fn an_example_says_what_it_begins_with() {
        let case = r#"{"name":"Five more","type":"happy_path","description":"Adds.","input":{"increment":5},
            "given":{"vars":{"counter":2}},"expected_output":7}"#;
        let mut page = String::new();
        examples(&mut page, &[serde_json::from_str(case).unwrap()]);
        let expected = [
            "## Examples",
            "**Five more.** Adds.",
            r#"Where there is `{"vars":{"counter":2}}`:"#,
            "```json\n{\"increment\":5}\n```",
            "gives `7`\n\n",
        ];
        assert_eq!(page, expected.join("\n\n"));
    }
}
