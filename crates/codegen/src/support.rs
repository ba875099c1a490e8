//! The files of a project beside the workflow and its activities.

use crate::activities::js_string;
use crate::generate::Options;
use crate::names::comment;
use weir_ir::Flow;

const WORKFLOW: [(&str, &str); 5] = [
    ("entry.ts", include_str!("workflow/ts/entry.ts")),
    ("pure.ts", include_str!("workflow/ts/pure.ts")),
    ("run.ts", include_str!("workflow/ts/run.ts")),
    ("steps.ts", include_str!("workflow/ts/steps.ts")),
    ("wrap.ts", include_str!("workflow/ts/wrap.ts")),
];
const PACKAGE: &str = include_str!("workflow/package.json");
const TSCONFIG: &str = include_str!("workflow/tsconfig.json");
const WORKER: &str = include_str!("workflow/worker.txt");
const CLIENT: &str = include_str!("workflow/client.txt");
const README: &str = include_str!("workflow/readme.txt");

/// What the control nodes stand on.
pub(crate) fn workflow_files() -> impl Iterator<Item = (String, String)> {
    WORKFLOW.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
}

/// The worker, the client, and what a reader and the tools need.
pub(crate) fn project_files(flow: &Flow, options: &Options) -> Vec<(String, String)> {
    let queue = js_string(&options.task_queue);
    let filled = |text: &str| text.replace("@QUEUE@", &queue);
    vec![
        ("worker.ts".to_owned(), filled(WORKER)),
        ("client.ts".to_owned(), filled(CLIENT)),
        ("package.json".to_owned(), PACKAGE.to_owned()),
        ("tsconfig.json".to_owned(), TSCONFIG.to_owned()),
        ("README.md".to_owned(), README.replace("@NAME@", &markdown(&flow.name))),
    ]
}

/// A name as plain text of a heading.
fn markdown(name: &str) -> String {
    let escaped = |c: char| if c.is_ascii_punctuation() && c != '-' { format!("\\{c}") } else { c.to_string() };
    comment(name).chars().map(escaped).collect()
}
