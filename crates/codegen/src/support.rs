//! The files of a project beside the workflow and its activities.

use crate::activities::{Proxied, js_string};
use crate::generate::Options;
use std::collections::{BTreeMap, BTreeSet};
use weir_ir::Flow;

/// The library: what the control nodes stand on. A project gets the files it needs.
const LIBRARY: &[(&str, &str)] = &[
    ("agent", include_str!("workflow/ts/agent.ts")),
    ("asking", include_str!("workflow/ts/asking.ts")),
    ("calling", include_str!("workflow/ts/calling.ts")),
    ("checks", include_str!("workflow/ts/checks.ts")),
    ("children", include_str!("workflow/ts/children.ts")),
    ("entry", include_str!("workflow/ts/entry.ts")),
    ("expr", include_str!("workflow/ts/expr.ts")),
    ("globals", include_str!("workflow/ts/globals.ts")),
    ("graph", include_str!("workflow/ts/graph.ts")),
    ("inbox", include_str!("workflow/ts/inbox.ts")),
    ("interfaces", include_str!("workflow/ts/interfaces.ts")),
    ("ledger", include_str!("workflow/ts/ledger.ts")),
    ("letters", include_str!("workflow/ts/letters.ts")),
    ("listeners", include_str!("workflow/ts/listeners.ts")),
    ("looping", include_str!("workflow/ts/looping.ts")),
    ("mailbox", include_str!("workflow/ts/mailbox.ts")),
    ("measures", include_str!("workflow/ts/measures.ts")),
    ("methods", include_str!("workflow/ts/methods.ts")),
    ("names", include_str!("workflow/ts/names.ts")),
    ("operators", include_str!("workflow/ts/operators.ts")),
    ("outer", include_str!("workflow/ts/outer.ts")),
    ("parallel", include_str!("workflow/ts/parallel.ts")),
    ("project", include_str!("workflow/ts/project.ts")),
    ("proxied", include_str!("workflow/ts/proxied.ts")),
    ("pure", include_str!("workflow/ts/pure.ts")),
    ("queue", include_str!("workflow/ts/queue.ts")),
    ("reactive", include_str!("workflow/ts/reactive.ts")),
    ("reply", include_str!("workflow/ts/reply.ts")),
    ("resume", include_str!("workflow/ts/resume.ts")),
    ("rounds", include_str!("workflow/ts/rounds.ts")),
    ("run", include_str!("workflow/ts/run.ts")),
    ("scope", include_str!("workflow/ts/scope.ts")),
    ("sealing", include_str!("workflow/ts/sealing.ts")),
    ("seat", include_str!("workflow/ts/seat.ts")),
    ("steps", include_str!("workflow/ts/steps.ts")),
    ("task", include_str!("workflow/ts/task.ts")),
    ("threads", include_str!("workflow/ts/threads.ts")),
    ("timers", include_str!("workflow/ts/timers.ts")),
    ("todos", include_str!("workflow/ts/todos.ts")),
    ("tools", include_str!("workflow/ts/tools.ts")),
    ("turns", include_str!("workflow/ts/turns.ts")),
    ("value", include_str!("workflow/ts/value.ts")),
    ("waiting", include_str!("workflow/ts/waiting.ts")),
    ("weight", include_str!("workflow/ts/weight.ts")),
    ("wrap", include_str!("workflow/ts/wrap.ts")),
];

/// In which file of the library a function is that a workflow calls.
const FUNCTIONS: &[(&str, &str)] = &[
    ("agent", "agent"),
    ("approval", "waiting"),
    ("attempt", "wrap"),
    ("branch", "steps"),
    ("callFlow", "calling"),
    ("countOf", "measures"),
    ("delay", "waiting"),
    ("durationOf", "measures"),
    ("fails", "pure"),
    ("force", "wrap"),
    ("forever", "waiting"),
    ("graph", "graph"),
    ("invert", "wrap"),
    ("loop", "looping"),
    ("mailbox", "mailbox"),
    ("once", "wrap"),
    ("outer", "outer"),
    ("parallel", "parallel"),
    ("precondition", "checks"),
    ("proxied", "proxied"),
    ("reactive", "reactive"),
    ("remembering", "reactive"),
    ("retry", "wrap"),
    ("returns", "pure"),
    ("runOnce", "wrap"),
    ("scope", "wrap"),
    ("select", "steps"),
    ("sequence", "steps"),
    ("set", "pure"),
    ("signal", "waiting"),
    ("softAssert", "wrap"),
    ("step", "steps"),
    ("task", "task"),
    ("timeOf", "measures"),
    ("timeout", "waiting"),
    ("timer", "waiting"),
    ("turns", "waiting"),
    ("until", "waiting"),
    ("untilFailure", "wrap"),
    ("use", "wrap"),
];

const PACKAGE: &str = include_str!("workflow/package.json");
const TSCONFIG: &str = include_str!("workflow/tsconfig.json");
const WORKER: &str = include_str!("workflow/worker.txt");
const CLIENT: &str = include_str!("workflow/client.txt");
/// Where something is left to Weir's own worker.
const LEFT: &str = include_str!("workflow/host/left.ts");
/// How Temporal is reached, and what payloads look like there; and a worker that takes its code from a Weir server.
const HOST: [(&str, &str); 9] = [
    ("connect.ts", include_str!("workflow/host/connect.ts")),
    ("deployments.ts", include_str!("workflow/host/deployments.ts")),
    ("failures.ts", include_str!("workflow/host/failures.ts")),
    ("following.ts", include_str!("workflow/host/following.ts")),
    ("gate.ts", include_str!("workflow/host/gate.ts")),
    ("hosting.ts", include_str!("workflow/host/hosting.ts")),
    ("payloads.ts", include_str!("workflow/host/payloads.ts")),
    ("versions.ts", include_str!("workflow/host/versions.ts")),
    ("weir.ts", include_str!("workflow/host/weir.ts")),
];

/// The imports of these functions, one line for a file of the library.
pub(crate) fn imports(used: &BTreeSet<&str>) -> String {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in used {
        let file = FUNCTIONS.iter().find(|(function, _)| function == name).map_or("steps", |(_, file)| file);
        files.entry(file).or_default().push(name);
    }
    files.iter().map(|(file, names)| format!("import {{ {} }} from './{file}';\n", names.join(", "))).collect()
}

/// The files of the library that `text` imports, and those these import.
pub(crate) fn library(text: &str) -> BTreeMap<String, String> {
    let (mut files, mut open) = (BTreeMap::new(), imported(text));
    while let Some(name) = open.pop() {
        let Some((_, text)) = LIBRARY.iter().find(|(file, _)| *file == name) else { continue };
        if files.insert(format!("{name}.ts"), (*text).to_owned()).is_none() {
            open.extend(imported(text));
        }
    }
    files
}

/// The modules of the project that a text imports from.
fn imported(text: &str) -> Vec<&str> {
    let after = |line: &'_ str| line.find(" from './").map(|at| at + " from './".len());
    text.lines().filter_map(|line| after(line).map(|at| line[at..].trim_end_matches("';"))).collect()
}

/// The worker, the client, a worker that takes its code from a server, and what the tools need. Of `left`, Weir's own
/// worker has to be there.
pub(crate) fn project_files(flow: &Flow, options: &Options, left: &[Proxied]) -> Vec<(String, String)> {
    let queue = js_string(&options.queue_of(flow));
    let workflow = &options.workflow_of(flow);
    let filled = |text: &str| text.replace("@QUEUE@", &queue).replace("@WORKFLOW@", workflow);
    let own = [
        ("worker.ts", worker(&queue, &options.worker_queue, left)),
        ("client.ts", filled(CLIENT)),
        ("package.json", PACKAGE.to_owned()),
        ("tsconfig.json", TSCONFIG.to_owned()),
    ];
    let host = HOST.map(|(name, text)| (name, text.to_owned()));
    let watched = (!left.is_empty()).then(|| ("left.ts", LEFT.to_owned()));
    own.into_iter().chain(host).chain(watched).map(|(name, text)| (name.to_owned(), text)).collect()
}

fn worker(queue: &str, worker_queue: &str, left: &[Proxied]) -> String {
    let kinds: Vec<String> = left.iter().map(|one| js_string(&one.kind)).collect();
    let (import, watch) = match kinds.is_empty() {
        true => Default::default(),
        false => {
            let left = format!("{{ queue: {}, kinds: [{}] }}", js_string(worker_queue), kinds.join(", "));
            let watch = format!("  watch(connection, {left}, (needs) => process.send?.(needs));\n");
            ("import { watch } from './left';\n", watch)
        }
    };
    // Names may have one of the marks in them.
    let (begin, end) = WORKER.split_once("@LEFT@").unwrap_or((WORKER, ""));
    begin.replace("@LEFT_IMPORT@", import).replace("@QUEUE@", queue) + &watch + end
}
