//! What a reader of a generated project has to know: how it is started, and what it needs from outside.

use crate::activities::Proxied;
use crate::names::comment;
use crate::secrets::{Needed, variable};
use std::fmt::Write;
use weir_ir::Flow;

const README: &str = include_str!("workflow/readme.txt");

pub(crate) fn readme(flow: &Flow, secrets: &Needed, proxied: &[Proxied], queue: &str) -> String {
    // The name comes last: it may have one of the marks in it.
    README
        .replace("@SECRETS@", &secrets_text(secrets))
        .replace("@PROXIED@", &proxied_text(proxied, queue))
        .replace("@NAME@", &markdown(&flow.name))
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

fn proxied_text(proxied: &[Proxied], queue: &str) -> String {
    if proxied.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\n## Weir's own worker\n\nSteps of these kinds have no TypeScript. They are performed by `weir worker --task-queue \
         {}`, which has to run on the same namespace; it reads its secrets itself.\n\n",
        code(queue)
    );
    for one in proxied {
        let _ = writeln!(out, "- {}: {}", markdown(&one.kind), markdown(&one.reason));
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
