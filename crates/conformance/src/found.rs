//! What came of a case, without what may differ: times, ids, and the order of what runs at the same time.

use std::collections::BTreeMap;
use weir_base::{Text, Value};
use weir_engine::{Status, StepError};
use weir_runs::StepView;

/// How a runtime dealt with a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Ended(Box<Ended>),
    /// It is not taken, for this code.
    Rejected(Text),
    /// It cannot be carried there, for this code, and what of it.
    Refused {
        code: Text,
        what: String,
    },
    /// It came to no end that could be read, and why.
    Broken(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ended {
    pub status: Text,
    /// The code of the error.
    pub error: Option<Text>,
    pub output: Value,
    pub variables: Value,
    /// By path.
    pub steps: BTreeMap<Text, Step>,
}

/// A step as it is compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub kind: Text,
    pub status: Text,
    pub attempts: u32,
    pub output: Value,
}

impl Ended {
    pub fn new(
        status: Status,
        error: Option<&StepError>,
        output: &Value,
        variables: &Value,
        steps: &[StepView],
    ) -> Self {
        let compared = steps.iter().filter(|step| !step.region);
        Self {
            status: status.as_str().into(),
            error: error.map(|error| error.code.clone()),
            output: plain(output),
            variables: plain(variables),
            steps: compared.map(|step| (step.path.clone(), Step::of(step))).collect(),
        }
    }

    pub fn to_value(&self) -> Value {
        let steps = self.steps.iter().map(|(path, step)| (&**path, step.to_value()));
        Value::object([
            ("status", self.status.clone().into()),
            ("error", self.error.clone().into()),
            ("output", self.output.clone()),
            ("variables", self.variables.clone()),
            ("steps", Value::object(steps)),
        ])
    }

    /// From what a generated workflow tells: how it ended, and its trace as a list, in which regions stand as well.
    pub fn traced(told: &Value) -> Option<Self> {
        let text = |key: &str| told.get(key).and_then(Value::as_str).map(Text::from);
        let member = |key: &str| told.get(key).map(plain).unwrap_or_default();
        let steps = told.get("steps")?.as_array()?.iter().filter_map(Step::traced);
        Some(Self {
            status: text("status")?,
            error: text("error"),
            output: member("output"),
            variables: member("variables"),
            steps: steps.collect(),
        })
    }

    /// From what `to_value` gives, which is what a process of its own prints.
    pub fn from_value(value: &Value) -> Option<Self> {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(Text::from);
        let step = |value: &Value| {
            Some(Step {
                kind: text(value, "kind")?,
                status: text(value, "status")?,
                attempts: u32::try_from(value.get("attempts")?.as_u64()?).ok()?,
                output: value.get("output").cloned().unwrap_or_default(),
            })
        };
        let steps = value.get("steps")?.as_object()?.iter().map(|(path, value)| Some((path.clone(), step(value)?)));
        Some(Self {
            status: text(value, "status")?,
            error: text(value, "error"),
            output: value.get("output").cloned().unwrap_or_default(),
            variables: value.get("variables").cloned().unwrap_or_default(),
            steps: steps.collect::<Option<_>>()?,
        })
    }
}

/// Steps in which others live; they are not compared.
const REGIONS: [&str; 20] = [
    "agent",
    "branch",
    "delay",
    "force",
    "graph",
    "invert",
    "loop",
    "mailbox",
    "parallel",
    "precondition",
    "retry",
    "runOnce",
    "scope",
    "select",
    "sequence",
    "softAssert",
    "timeout",
    "try",
    "untilFailure",
    "use",
];

impl Step {
    fn to_value(&self) -> Value {
        Value::object([
            ("kind", self.kind.clone().into()),
            ("status", self.status.clone().into()),
            ("attempts", self.attempts.into()),
            ("output", self.output.clone()),
        ])
    }

    /// From an entry of a generated workflow's trace, with its path; none for a region.
    fn traced(entry: &Value) -> Option<(Text, Self)> {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).map(Text::from);
        let (path, kind, status) = text("path").zip(text("kind")).zip(text("status")).map(|((a, b), c)| (a, b, c))?;
        let counted = entry.get("attempts").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok())?;
        // What is no task is attempted once.
        let attempts = if &*status == "skipped" { 0 } else { counted.max(1) };
        let output = entry.get("output").map(plain).unwrap_or_default();
        (!REGIONS.contains(&&*kind)).then_some((path, Self { kind, status, attempts, output }))
    }

    fn of(view: &StepView) -> Self {
        Self {
            kind: view.kind.clone(),
            status: format!("{:?}", view.status).to_lowercase().into(),
            attempts: view.attempts,
            output: plain(&view.output),
        }
    }
}

/// Without moments and ports, which are others each time.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) if is_moment(text) => "<moment>".into(),
        Value::String(text) if text.starts_with("http://127.0.0.1:") => "<server>".into(),
        Value::Array(items) => Value::array(items.iter().map(plain)),
        Value::Object(map) => Value::object(map.iter().map(|(key, value)| (&**key, plain(value)))),
        other => other.clone(),
    }
}

/// `2026-11-28T12:00:00.123456Z`
fn is_moment(text: &str) -> bool {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let shaped: String = text.chars().map(shape).collect();
    shaped.starts_with("0000-00-00T00:00:00") && shaped.ends_with('Z')
}

/// One line for each way in which `found` is not what `expect` says.
pub fn unexpected(expect: &Value, found: &Found) -> Vec<String> {
    let mut lines = Vec::new();
    let came_to = outcome(found);
    let mut one = |key: &str, value: Value| {
        if let Some(wanted) = expect.get(key).filter(|wanted| **wanted != value) {
            lines.push(format!("{key}: expected {}, found {} ({came_to})", short(wanted), short(&value)));
        }
    };
    match found {
        Found::Ended(ended) => {
            one("status", ended.status.clone().into());
            one("error", ended.error.clone().into());
            one("output", ended.output.clone());
            one("variables", ended.variables.clone());
            one("rejected", Value::Null);
        }
        Found::Rejected(code) => {
            one("rejected", code.clone().into());
            one("status", "rejected".into());
        }
        Found::Refused { .. } => {}
        Found::Broken(why) => lines.push(why.clone()),
    }
    lines
}

/// One line for each difference, the place first.
pub fn differences(reference: &Found, other: &Found) -> Vec<String> {
    match (reference, other) {
        (Found::Ended(one), Found::Ended(other)) => of_ends(one, other),
        (Found::Rejected(one), Found::Rejected(other)) if one == other => Vec::new(),
        (_, Found::Refused { .. }) => Vec::new(),
        (_, Found::Broken(why)) => vec![why.clone()],
        (one, other) => vec![format!("{} there, {} here", outcome(one), outcome(other))],
    }
}

fn of_ends(one: &Ended, other: &Ended) -> Vec<String> {
    let mut lines = Vec::new();
    let mut differ = |place: &str, one: &Value, other: &Value| {
        if one != other {
            lines.push(format!("{place}: {} there, {} here", short(one), short(other)));
        }
    };
    differ("status", &one.status.clone().into(), &other.status.clone().into());
    differ("error", &one.error.clone().into(), &other.error.clone().into());
    differ("output", &one.output, &other.output);
    differ("variables", &one.variables, &other.variables);
    for (path, step) in &one.steps {
        let Some(here) = other.steps.get(path) else {
            differ(path, &step.status.clone().into(), &Value::Null);
            continue;
        };
        differ(&format!("{path} status"), &step.status.clone().into(), &here.status.clone().into());
        differ(&format!("{path} attempts"), &step.attempts.into(), &here.attempts.into());
        differ(&format!("{path} output"), &step.output, &here.output);
    }
    let more = other.steps.iter().filter(|(path, _)| !one.steps.contains_key(*path));
    more.for_each(|(path, step)| differ(path, &Value::Null, &step.status.clone().into()));
    lines
}

/// In one word or two, as the table says it.
pub fn outcome(found: &Found) -> String {
    match found {
        Found::Ended(ended) => match &ended.error {
            Some(code) => format!("{} ({code})", ended.status),
            None => ended.status.to_string(),
        },
        Found::Rejected(code) => format!("rejected with {code}"),
        Found::Refused { code, what } => format!("refused: {code} ({what})"),
        Found::Broken(_) => "broken".to_owned(),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_json();
    match text.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
