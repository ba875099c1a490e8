use super::control::DEFAULT_EVENTS;
use crate::fields::{self, Read};
use crate::graph::policy;
use crate::graph::read::{Workflow, near_miss};
use crate::header;
use crate::text::{Doc, DocKind, Entry};
use indexmap::IndexMap;
use weir_base::{Diagnostic, Duration, Map, Text, Value};
use weir_ir::{FlowMode, Settings, VarType, Variable};

/// Settings of the old format, in both spellings.
const OLD: [&str; 14] = [
    "timeout",
    "retryPolicy",
    "retry_policy",
    "taskQueue",
    "task_queue",
    "description",
    "version",
    "_longRunning",
    "_long_running",
    "_workflowType",
    "_workflow_type",
    "deadline",
    "runTimeout",
    "run_timeout",
];
/// Settings every dialect has.
const SHARED: [&str; 6] = ["durability", "concurrency", "egress", "files", "models", "memory"];
/// Keys of the document that every dialect has.
const SECTIONS: [&str; 4] = ["signals", "queries", "triggers", "testData"];

const TYPES: [(&str, VarType); 6] = [
    ("any", VarType::Any),
    ("string", VarType::String),
    ("number", VarType::Number),
    ("boolean", VarType::Boolean),
    ("array", VarType::Array),
    ("object", VarType::Object),
];

/// What a document says about the flow as a whole.
pub struct Head {
    pub settings: Settings,
    pub shared: header::Header,
    pub description: Option<String>,
    /// `_workflowType`, where it is given.
    pub mode: Option<FlowMode>,
    pub long_running: Option<u64>,
    pub variables: IndexMap<Text, Variable>,
}

pub fn read(workflow: &Workflow<'_>, report: &mut Vec<Diagnostic>) -> Head {
    let settings = workflow.field("settings").filter(|doc| is_map(doc, "settings", report));
    let entries = settings.map_or(&[][..], Doc::entries);
    report.extend(entries.iter().filter_map(|entry| near_miss(entry, OLD.into_iter().chain(SHARED), "settings")));
    let text = |keys: &[&str]| keys.iter().find_map(|key| settings?.text(key)).map(str::to_owned);
    let mut shared = shared(workflow, settings, report);
    let own = std::mem::take(&mut shared.settings);
    let given = |keys: &[&str]| keys.iter().find_map(|key| settings?.given(key));
    let description = text(&["description"]).or_else(|| workflow.field("description")?.as_str().map(str::to_owned));
    let long = given(&["_longRunning", "_long_running"]);
    let version = text(&["version"]).or_else(|| workflow.field("version").map(|doc| plain(&doc.to_value())));
    let run_timeout = given(&["deadline", "runTimeout", "run_timeout"]);
    Head {
        settings: Settings {
            timeout: run_timeout
                .and_then(|doc| policy::duration(doc, "settings.deadline", report))
                .or_else(|| execution_timeout(workflow, report)),
            task_timeout: given(&["timeout"]).and_then(|doc| policy::duration(doc, "settings.timeout", report)),
            retry: given(&["retryPolicy", "retry_policy"])
                .map(|doc| policy::retry_policy(doc, "settings.retryPolicy", report)),
            task_queue: text(&["taskQueue", "task_queue"]).map(Text::from),
            version: version.map(Text::from),
            extra: extra(settings),
            ..own
        },
        shared,
        description,
        mode: given(&["_workflowType", "_workflow_type"]).and_then(|doc| mode(doc, report)),
        long_running: long.and_then(|doc| long_running(doc, report)),
        variables: variables(workflow, report),
    }
}

fn is_map(doc: &Doc, key: &str, report: &mut Vec<Diagnostic>) -> bool {
    if !doc.is_map() {
        let message = format!("`{key}` must be a map, but this is {}", doc.describe());
        report.push(Diagnostic::error("STRUCTURE", message).at(doc.span).path(key));
    }
    doc.is_map()
}

fn plain(value: &Value) -> String {
    let mut out = String::new();
    value.push_text(&mut out);
    out
}

/// What every dialect says in the same words, taken out of this document.
fn shared(workflow: &Workflow<'_>, settings: Option<&Doc>, report: &mut Vec<Diagnostic>) -> header::Header {
    let mut entries: Vec<Entry> = Vec::new();
    for key in SECTIONS {
        let holder = [workflow.body, workflow.outer].into_iter().find_map(|doc| doc.entry(key));
        entries.extend(holder.cloned());
    }
    if let Some(settings) = settings {
        let kept = settings.entries().iter().filter(|entry| SHARED.contains(&&*entry.key)).cloned().collect();
        let value = Doc { kind: DocKind::Map(kept), span: settings.span };
        entries.push(Entry { key: "settings".into(), key_span: settings.span, value });
    }
    let doc = Doc { kind: DocKind::Map(entries), span: workflow.body.span };
    fields::check(&doc, &header::KEYS, "", report);
    header::read(&doc, report)
}

/// The stored form counts `executionSettings.timeout` in seconds, for the whole run.
fn execution_timeout(workflow: &Workflow<'_>, report: &mut Vec<Diagnostic>) -> Option<Duration> {
    let doc = workflow.field("executionSettings")?.given("timeout")?;
    if doc.as_str().is_some() {
        return policy::duration(doc, "executionSettings.timeout", report);
    }
    let seconds = policy::whole(doc);
    if seconds.is_none() {
        let message = format!("`{}` is not a number of seconds", doc.to_value());
        report.push(Diagnostic::error("INVALID_DURATION", message).at(doc.span).path("executionSettings.timeout"));
    }
    seconds.map(Duration::from_secs)
}

fn mode(doc: &Doc, report: &mut Vec<Diagnostic>) -> Option<FlowMode> {
    match doc.as_str() {
        Some("task") => Some(FlowMode::Task),
        Some("service") => Some(FlowMode::Service),
        _ => {
            let message = "`_workflowType` is `task` or `service`";
            report.push(Diagnostic::error("INVALID_CONFIG", message).at(doc.span).path("settings._workflowType"));
            None
        }
    }
}

/// How many events a long-running run keeps, where it continues as new by itself.
fn long_running(doc: &Doc, report: &mut Vec<Diagnostic>) -> Option<u64> {
    let get = |keys: [&str; 2]| keys.into_iter().find_map(|key| doc.given(key));
    let on = get(["autoContinueAsNew", "auto_continue_as_new"]).and_then(Doc::as_bool).unwrap_or(true);
    let events = match get(["maxHistoryEvents", "max_history_events"]) {
        None => Some(DEFAULT_EVENTS),
        Some(found) => {
            let number = policy::whole(found).filter(|number| *number > 0);
            if number.is_none() {
                let message = "`maxHistoryEvents` must be a whole number from 1";
                report.push(Diagnostic::error("INVALID_CONFIG", message).at(found.span).path("settings._longRunning"));
            }
            number
        }
    };
    events.filter(|_| on && !doc.is_null())
}

/// Settings that mean nothing here, kept as they are.
fn extra(settings: Option<&Doc>) -> IndexMap<Text, Value> {
    let entries = settings.map_or(&[][..], Doc::entries);
    let kept = entries.iter().filter(|entry| {
        let key = &*entry.key;
        key.starts_with('_') || !(OLD.contains(&key) || SHARED.contains(&key))
    });
    kept.map(|entry| (entry.key.clone(), entry.value.to_value())).collect()
}

/// `variables: [{name, type, initialValue, description}]`.
fn variables(workflow: &Workflow<'_>, report: &mut Vec<Diagnostic>) -> IndexMap<Text, Variable> {
    let mut found = IndexMap::new();
    let Some(list) = workflow.field("variables") else { return found };
    if !list.is_list() {
        let message = format!("`variables` must be a list, but this is {}", list.describe());
        report.push(Diagnostic::error("STRUCTURE", message).at(list.span).path("variables"));
    }
    for (at, doc) in list.items().iter().enumerate() {
        let path = format!("variables[{at}]");
        let Some(name) = doc.text("name").filter(|name| !name.is_empty()) else {
            let problem = Diagnostic::error("MISSING_REQUIRED_FIELD", "a variable needs a `name`");
            report.push(problem.at(doc.span).path(path));
            continue;
        };
        let variable = variable(doc, &path, report);
        if found.insert(Text::from(name), variable).is_some() {
            let message = format!("the variable `{}` is declared twice", fields::short(name));
            report.push(Diagnostic::error("DUPLICATE_ID", message).at(doc.span).path(path));
        }
    }
    found
}

fn variable(doc: &Doc, path: &str, report: &mut Vec<Diagnostic>) -> Variable {
    let ty = match doc.given("type") {
        None => VarType::Any,
        Some(found) => match TYPES.iter().find(|(name, _)| found.as_str() == Some(name)) {
            Some((_, ty)) => *ty,
            None => {
                let message = format!("a variable's type is one of {}", fields::list(TYPES.map(|(name, _)| name)));
                report.push(Diagnostic::error("INVALID_CONFIG", message).at(found.span).path(path));
                VarType::Any
            }
        },
    };
    let initial = ["initialValue", "initial_value", "initial"].iter().find_map(|key| doc.given(key));
    if let Some(given) = initial.filter(|given| !fits(&given.to_value(), ty)) {
        let message = format!("the initial value is {}, which is not of the variable's type", given.describe());
        report.push(Diagnostic::error("INVALID_CONFIG", message).at(given.span).path(path));
    }
    let initial = initial.map(Doc::to_value);
    Variable { ty, initial, description: doc.text("description").map(str::to_owned) }
}

fn fits(value: &Value, ty: VarType) -> bool {
    match ty {
        VarType::Any => true,
        VarType::String => value.as_str().is_some(),
        VarType::Number => value.as_f64().is_some(),
        VarType::Boolean => value.as_bool().is_some(),
        VarType::Array => value.as_array().is_some(),
        VarType::Object => value.as_object().is_some(),
    }
}

/// Sample data of the stored form, kept for tests beside `testData`.
pub fn test_data(workflow: &Workflow<'_>, own: Value) -> Value {
    let keys = ["sampleInput", "expectedOutput", "alternativeScenario"];
    let samples: Map =
        keys.iter().filter_map(|key| Some((Text::from(*key), workflow.field(key)?.to_value()))).collect();
    match own {
        Value::Null if samples.is_empty() => Value::Null,
        Value::Null => Value::from(samples),
        Value::Object(own) => {
            let mut all = samples;
            all.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
            Value::from(all)
        }
        other => other,
    }
}
