use crate::run::fuzz;
use crate::seeds;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use weir_base::{Diagnostic, FileId, Value};
use weir_catalog::{Catalog, Entry};
use weir_dialects::{Context, Leaf, Names, NoFiles, Options, SourceFile, parse, print};
use weir_engine::{Command, Event, EventBody, Machine, Plan, Started, TaskResult};
use weir_ir::Flow;

/// Events given to a run before it is left alone.
const EVENTS: usize = 25;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| weir_kinds::catalog().expect("the built-in records"));

struct BuiltIn;

impl Names for BuiltIn {
    fn by_tree(&self, tree: &str) -> Option<Leaf> {
        CATALOG.by_tree(tree).map(leaf)
    }

    fn by_kind(&self, name: &str) -> Option<Leaf> {
        CATALOG.by_name(name).map(leaf)
    }
}

fn leaf(entry: &Entry) -> Leaf {
    let component = entry.component();
    let params = entry.record().map(|record| record.input_schema.keys().cloned().collect());
    let (kind, tree) = (component.name.clone(), component.tree.clone().unwrap_or_default());
    Leaf { kind, tree, output_key: component.output_key.clone(), params: params.unwrap_or_default(), ..Leaf::default() }
}

/// Reads a text as a flow, checks it, and does with it what is done with any flow.
fn flow(name: &str, text: &str) -> Result<(), String> {
    let source = SourceFile { id: FileId(0), name: name.to_owned(), text: text.to_owned() };
    let options = Options::default();
    let parsed = parse(source, &Context { loader: &NoFiles, names: &BuiltIn, options: &options });
    let Some(flow) = parsed.flow else {
        return if parsed.diagnostics.is_empty() {
            Err("there is no flow, and no problem".into())
        } else {
            places(&parsed.diagnostics, text)
        };
    };
    let mut found = parsed.diagnostics;
    found.extend(weir_check::check(&flow, &CATALOG));
    places(&found, text)?;
    kept_in_ir(&flow)?;
    for dialect in ["tree", "organism", "graph", "ir"] {
        // Most flows cannot be written in most dialects; saying so is an answer.
        let _ = print(&flow, dialect, &BuiltIn);
    }
    if !weir_base::has_errors(&found) {
        run(&flow);
    }
    Ok(())
}

/// Every problem lies within the text, between characters.
fn places(found: &[Diagnostic], text: &str) -> Result<(), String> {
    let fits = |at: u32| text.is_char_boundary(at as usize);
    let mine = |problem: &&Diagnostic| problem.span.is_some_and(|span| span.file == FileId(0));
    let wrong = |problem: &&Diagnostic| {
        problem.span.is_some_and(|span| span.start > span.end || !fits(span.start) || !fits(span.end))
    };
    match found.iter().filter(mine).find(wrong) {
        Some(problem) => Err(format!("{} lies outside the text: {:?}", problem.code, problem.span)),
        None => Ok(()),
    }
}

/// The stored form of a flow gives the same flow again.
fn kept_in_ir(flow: &Flow) -> Result<(), String> {
    let stored = weir_ir::to_json(flow);
    let again = weir_ir::from_json(&stored).map_err(|error| format!("the stored form is refused: {error}"))?;
    let second = weir_ir::to_json(&again);
    match stored.bytes().zip(second.bytes()).position(|(a, b)| a != b) {
        None if stored.len() == second.len() => Ok(()),
        at => {
            Err(format!("the stored form changes when it is read, at {}", around(&stored, at.unwrap_or(stored.len()))))
        }
    }
}

fn around(text: &str, at: usize) -> String {
    text.chars().skip(at.saturating_sub(60)).take(120).collect()
}

/// The first steps of a run in which every task succeeds and every timer fires.
fn run(flow: &Flow) {
    let started = Started { run: "r".into(), ..Started::default() };
    let mut machine = Machine::traced(Arc::new(Plan::new(flow)), &started, 0);
    let mut now = 0;
    for _ in 0..EVENTS {
        let commands: VecDeque<Command> = std::iter::from_fn(|| machine.poll()).take(1_000).collect();
        let Some(body) = commands.iter().find_map(answer) else { return };
        now += 1_000;
        machine.handle(&Event::new(now, body));
    }
    let _ = machine.to_state();
}

pub fn answer(command: &Command) -> Option<EventBody> {
    match command {
        Command::Run(task) => {
            let result = Box::new(TaskResult::success(task.params.clone()));
            Some(EventBody::TaskFinished { path: task.path.clone(), result })
        }
        Command::StartTimer { path, .. } => Some(EventBody::TimerFired { path: path.clone() }),
        Command::StartChild(child) => {
            Some(EventBody::ChildFinished { path: child.path.clone(), output: Value::Null, error: None })
        }
        Command::ReadVariables { path, .. } => {
            let (service, project) = Default::default();
            Some(EventBody::VariablesRead { path: path.clone(), service, project })
        }
        _ => None,
    }
}

/// The flows of a dialect, told by what only it has.
fn of(ending: &str, mark: &str) -> Vec<String> {
    seeds::flows(ending).into_iter().filter(|text| text.contains(mark)).collect()
}

#[test]
fn tree() {
    fuzz("tree", &of("yaml", "type: "), |text| flow("flow.yaml", text));
}

#[test]
fn organism() {
    fuzz("organism", &of("yaml", "listeners:"), |text| flow("flow.yaml", text));
}

#[test]
fn graph() {
    fuzz("graph", &of("json", "\"edges\""), |text| flow("flow.json", text));
}

#[test]
fn ir() {
    fuzz("ir", &seeds::owned(&seeds::STATEFUL), |text| flow("flow.json", text));
}
