//! What a reader of a generated project has to know: how it is started, and what it needs from outside.

use crate::activities::Proxied;
use crate::names::comment;
use crate::secrets::{Needed, variable};
use std::fmt::Write;
use weir_ir::Flow;

const README: &str = include_str!("workflow/readme.txt");

/// What is left to Weir's own worker.
pub(crate) struct Left<'a> {
    pub queue: &'a str,
    pub kinds: &'a [Proxied],
    pub secrets: Needed,
}

pub(crate) fn readme(flow: &Flow, secrets: &Needed, left: &Left<'_>) -> String {
    // The name comes last: it may have one of the marks in it.
    README
        .replace("@SECRETS@", &secrets_text(secrets))
        .replace("@PROXIED@", &left_text(left))
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

fn left_text(left: &Left<'_>) -> String {
    let Left { queue, kinds, secrets } = left;
    if kinds.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\n## Weir's own worker\n\nSteps of these kinds have no TypeScript. `weir worker --task-queue {}` performs them:\nit has to \
         run on the same namespace, and steps wait until it does.\n\n",
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
