//! What a reader of a generated project has to know: how it is started, and what it needs from outside.

use crate::activities::Proxied;
use crate::names::comment;
use crate::secrets::{Needed, variable};
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_base::Value;
use weir_ir::{Flow, NodeKind, Wait};

const README: &str = include_str!("workflow/readme.txt");

/// The longest input that is shown as an example, in bytes.
const SHOWN: usize = 200;

/// What is left to Weir's own worker.
pub(crate) struct Left<'a> {
    pub queue: &'a str,
    pub kinds: &'a [Proxied],
    pub secrets: Needed,
}

pub(crate) fn readme(flow: &Flow, secrets: &Needed, left: &Left<'_>) -> String {
    // The name comes last: it may have one of the marks in it.
    README
        .replace("@INPUT@", &sample(flow))
        .replace("@TALK@", &talk_text(flow))
        .replace("@SECRETS@", &secrets_text(secrets))
        .replace("@PROXIED@", &left_text(left))
        .replace("@NAME@", &markdown(&flow.name))
}

/// An input that fits the flow's schema where that is plain, as a word of a command; nothing for a flow that has none.
fn sample(flow: &Flow) -> String {
    let Some(schema) = &flow.input else { return String::new() };
    let json = sample_of(schema, 4).map(|value| value.to_json());
    // Whatever could end the word, or the line, is better not shown.
    let is_plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !"'`@".contains(c);
    let shown = json.filter(|json| json.len() <= SHOWN && json.chars().all(is_plain));
    format!(" '{}'", shown.as_deref().unwrap_or("JSON"))
}

/// What a schema may say for a value that fits it to be plain to find.
const PLAIN: [&str; 9] =
    ["type", "properties", "required", "items", "default", "enum", "minimum", "title", "description"];

fn sample_of(schema: &Value, levels: usize) -> Option<Value> {
    let rules = schema.as_object().filter(|rules| levels > 0 && rules.keys().all(|key| PLAIN.contains(&&**key)))?;
    if let Some(given) = rules.get("default").or_else(|| rules.get("enum")?.as_array()?.first()) {
        return Some(given.clone());
    }
    let ty = rules.get("type").and_then(|ty| ty.as_str().or_else(|| ty.as_array()?.first()?.as_str()));
    Some(match ty? {
        "object" => return object_of(schema, levels),
        "array" => Value::array([]),
        "string" => "text".into(),
        "number" | "integer" => rules.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        "boolean" => true.into(),
        "null" => Value::Null,
        _ => return None,
    })
}

fn object_of(schema: &Value, levels: usize) -> Option<Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let members = properties.into_iter().flatten();
    let found: Option<Vec<_>> = members.map(|(name, one)| Some((&**name, sample_of(one, levels - 1)?))).collect();
    let found = Value::object(found?);
    let required = schema.get("required").and_then(Value::as_array).unwrap_or_default();
    required.iter().all(|name| name.as_str().is_some_and(|name| found.get(name).is_some())).then_some(found)
}

/// What a run is sent, and asked.
fn talk_text(flow: &Flow) -> String {
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    let mut asks_people = false;
    flow.for_each_node(&mut |node| match &node.kind {
        NodeKind::Wait(Wait::Signal { name, .. }) => drop(lines.insert(name, "a step waits for it".to_owned())),
        NodeKind::Wait(Wait::Approval { .. }) => asks_people = true,
        _ => {}
    });
    for (name, signal) in flow.signals.iter().filter(|(_, signal)| !signal.assign.is_empty()) {
        let variables: Vec<String> = signal.assign.keys().map(|name| markdown(name)).collect();
        lines.insert(name, format!("writes {}", variables.join(", ")));
    }
    if lines.is_empty() && flow.queries.is_empty() && !asks_people {
        return String::new();
    }
    let mut out = "## Signals and queries\n\n".to_owned();
    if !lines.is_empty() || asks_people {
        out += "`temporal workflow signal --workflow-id ID --name NAME --input JSON` sends a run one of these:\n\n";
    }
    for (name, what) in &lines {
        let _ = writeln!(out, "- {}: {what}", markdown(name));
    }
    if asks_people {
        out += "- `approve:PATH`: a step waits for a person, who answers `{\"approved\": true}` or `false`; PATH is its path, as \
                in\n  the query `trace`\n";
    }
    if !flow.queries.is_empty() {
        let names: Vec<String> = flow.queries.keys().map(|name| markdown(name)).collect();
        let begin = if lines.is_empty() && !asks_people { "" } else { "\n" };
        let _ = writeln!(out, "{begin}It answers the queries {}, too.", names.join(", "));
    }
    out + "\n"
}

fn secrets_text(secrets: &Needed) -> String {
    const RULE: &str = "as `WEIR_SECRET_<NAME>`: in upper case, `_` for all that is no letter or digit";
    let mut out = match (secrets.names.is_empty(), secrets.computed) {
        (true, false) => return "The flow names no secrets.\n".to_owned(),
        (true, true) => format!("The flow computes the names of secrets; a worker reads them {RULE}.\n"),
        (false, computed) => {
            let others = if computed { ", and others whose names are computed" } else { "" };
            format!("A worker reads these{others}, from its environment, {RULE}.\n\n")
        }
    };
    for name in &secrets.names {
        let _ = writeln!(out, "- `{}`: {}", variable(name), markdown(name));
    }
    out
}

fn left_text(left: &Left<'_>) -> String {
    let Left { queue, kinds, secrets } = left;
    if kinds.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\n## Weir's own worker\n\nSteps of these kinds have no TypeScript. `weir worker --task-queue {}` performs them:\nit has to \
         run on the same namespace, and steps wait until it does, which a worker of this project says.\n\n",
        code(queue)
    );
    for Proxied { kind, reason } in *kinds {
        let why = if reason.is_empty() { String::new() } else { format!(": {}", markdown(reason)) };
        let _ = writeln!(out, "- {}{why}", markdown(kind));
    }
    out + &left_secrets(secrets)
}

/// What that worker is given with `--secret`.
fn left_secrets(secrets: &Needed) -> String {
    if secrets.names.is_empty() {
        return String::new();
    }
    let mut out = "\nIt has to be given these secrets, as `--secret NAME=VARIABLE`:\n\n".to_owned();
    for name in &secrets.names {
        let _ = writeln!(out, "- {}", markdown(name));
    }
    out
}

/// A word of a command.
fn code(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:".contains(c));
    if plain { text.to_owned() } else { comment(&format!("'{text}'")).replace('`', "") }
}

/// A name as plain text of a heading.
fn markdown(name: &str) -> String {
    let escaped = |c: char| if c.is_ascii_punctuation() && c != '-' { format!("\\{c}") } else { c.to_string() };
    comment(name).chars().map(escaped).collect()
}
