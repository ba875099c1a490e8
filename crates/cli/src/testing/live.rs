//! An example: a flow that is carried out with the real kinds, in virtual time, in a folder of its own.

use super::server::Server;
use super::{Outcome, compare, saved};
use crate::args::Bind;
use crate::commands::run::exit_of;
use crate::{compose, load};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use weir_base::{Map, Text, Value, has_errors};
use weir_runs::{FlowRef, FlowSource, LogView, ReplayView, RunView, RunsPort, StartRun, StepView, Until};
use weir_runtime::{Clock, Runtime, SystemClock, VirtualClock};
use weir_store::FlowVersion;

pub async fn run(folder: &Path, save: Option<&Path>) -> anyhow::Result<Outcome> {
    let expected = saved::expected(folder)?;
    let file = flow_file(folder)?;
    let bind = Bind { bind: strings(expected.get("bind")) };
    let loaded = load::load(&file, &bind, &load::catalog()?)?;
    let problems = weir_check::for_running(loaded.diagnostics.clone());
    let Some(flow) = loaded.flow.clone().filter(|_| !has_errors(&problems)) else {
        let told = problems.iter().filter(|p| p.is_error()).map(|p| format!("{}: {}", p.code, p.message));
        return Ok(Outcome { differences: told.collect() });
    };
    let server = expected.get("server").map(Server::start).transpose()?;
    let input = input(folder, server.as_ref())?;
    let scratch = Scratch::new()?;
    let clock = Arc::new(VirtualClock::starting_at(SystemClock.now()));
    let wanted = compose::Wanted {
        clock: Some(clock.clone()),
        folder: Some(folder.to_owned()),
        bind,
        ..compose::Wanted::default()
    };
    let runtime = compose::runtime(&scratch.0, wanted).await?;
    let source = FlowSource { flow: flow.clone(), files: loaded.named_texts() };
    let outcome = carry(&runtime, &clock, source, input, &expected).await;
    let found = match outcome {
        Ok(view) => Ok(Found::of(&runtime, view).await?),
        Err(error) => Err(error),
    };
    runtime.stop().await?;
    let found = found?;
    let mut outcome = Outcome { differences: server.map(|server| server.problems()).unwrap_or_default() };
    compare_all(&expected, &found, &mut outcome.differences);
    rehearse(&flow, &found, &mut outcome.differences);
    if let Some(save) = save {
        keep(&save.join(folder.file_name().unwrap_or_default()), &flow, &found)?;
    }
    Ok(outcome)
}

fn flow_file(folder: &Path) -> anyhow::Result<PathBuf> {
    let names = ["flow.yaml", "flow.yml", "flow.json"].map(|name| folder.join(name));
    names
        .into_iter()
        .find(|path| path.is_file())
        .with_context(|| format!("{}: there is no flow.yaml or flow.json", folder.display()))
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `input.json`, with the server's address as `baseUrl` where there is one.
fn input(folder: &Path, server: Option<&Server>) -> anyhow::Result<Value> {
    let path = folder.join("input.json");
    let given = match path.is_file() {
        true => Value::from_json(&std::fs::read_to_string(&path)?).with_context(|| path.display().to_string())?,
        false => Value::object([]),
    };
    let Some(server) = server else { return Ok(given) };
    let mut map: Map = given.as_object().cloned().unwrap_or_default();
    map.insert("baseUrl".into(), server.url.as_str().into());
    Ok(Value::from(map))
}

/// Signals go out one by one, each as soon as the run waits and before any time passes.
async fn carry(
    runtime: &Runtime,
    clock: &VirtualClock,
    source: FlowSource,
    input: Value,
    expected: &Value,
) -> anyhow::Result<RunView> {
    let signals = expected.get("signals").and_then(Value::as_array).unwrap_or_default().to_vec();
    if !signals.is_empty() {
        clock.hold();
    }
    let started = runtime.start(StartRun::new(FlowRef::Source(Arc::new(source)), input)).await?;
    for signal in &signals {
        let view = runtime.wait(&started.run, Until::Settled).await?;
        if view.status.is_final() {
            break;
        }
        let name = signal.get("name").and_then(Value::as_str).context("a signal without a name")?;
        let payload = signal.get("payload").cloned().unwrap_or_default();
        runtime.signal(&started.run, name, None, payload).await?;
    }
    if !signals.is_empty() {
        runtime.wait(&started.run, Until::Settled).await?;
        clock.release();
    }
    Ok(runtime.wait(&started.run, Until::Ended).await?)
}

struct Found {
    view: RunView,
    replay: ReplayView,
    logs: Vec<LogView>,
    version: FlowVersion,
    records: Vec<weir_engine::Record>,
    events: Vec<weir_engine::Numbered>,
}

impl Found {
    async fn of(runtime: &Runtime, view: RunView) -> anyhow::Result<Self> {
        let (replay, logs) = (runtime.replay(&view.run, None).await?, runtime.logs(&view.run).await?);
        let row = runtime.store().run(&view.run).await?.context("the run is gone")?;
        let version =
            runtime.store().flow_version(&row.place.tenant, &row.version).await?.context("the flow is gone")?;
        let records = runtime.store().records(row.key, 1, u32::MAX >> 1).await?;
        let events = saved::decode(&records)?;
        Ok(Self { view, replay, logs, version, records, events })
    }
}

fn compare_all(expected: &Value, found: &Found, differences: &mut Vec<String>) {
    let mut one = |key: &str, value: &Value| {
        if let Some(wanted) = expected.get(key) {
            compare::values(key, wanted, value, differences);
        }
    };
    one("status", &found.view.status.as_str().into());
    one("output", &found.view.output);
    one("variables", &found.replay.variables);
    one("exit", &Value::from(exit_of(found.view.status).number()));
    let code = found.view.error.as_ref().map(|error| error.code.clone());
    let wanted = expected.get("error").and_then(|error| error.get("code"));
    compare::values("error.code", wanted.unwrap_or(&Value::Null), &code.into(), differences);
    if let Some(wanted) = expected.get("logs") {
        compare_logs(wanted, &found.logs, differences);
    }
    compare_steps(expected, &found.replay.steps, differences);
}

fn compare_logs(wanted: &Value, logs: &[LogView], differences: &mut Vec<String>) {
    let line =
        |log: &LogView| Value::object([("level", log.level.clone().into()), ("message", log.message.clone().into())]);
    compare::values("logs", wanted, &Value::array(logs.iter().map(line)), differences);
}

/// The listed steps by path, and no task that is not listed.
fn compare_steps(expected: &Value, steps: &[StepView], differences: &mut Vec<String>) {
    let wanted = expected.get("steps").and_then(Value::as_array).unwrap_or_default();
    let path_of = |step: &Value| step.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
    for step in wanted {
        let path = path_of(step);
        let Some(found) = steps.iter().find(|found| *found.path == *path) else {
            differences.push(format!("{path}: expected this step, it is not reached"));
            continue;
        };
        let members = [
            ("kind", Value::from(found.kind.clone())),
            ("status", format!("{:?}", found.status).to_lowercase().into()),
            ("attempts", found.attempts.into()),
            ("output", found.output.clone()),
        ];
        for (key, value) in members {
            if let Some(wanted) = step.get(key) {
                compare::values(&format!("{path} {key}"), wanted, &value, differences);
            }
        }
    }
    let listed = |path: &Text| wanted.iter().any(|step| path_of(step) == **path);
    for step in steps.iter().filter(|step| is_task(step) && !listed(&step.path)) {
        differences.push(format!("{}: a task that is not expected", step.path));
    }
}

/// Kinds have dots or are none of the control nodes' names.
fn is_task(step: &StepView) -> bool {
    const CONTROL: [&str; 8] = ["wait", "call", "set", "return", "fail", "agent", "mailbox", "graph"];
    !step.region && !CONTROL.contains(&&*step.kind)
}

/// The journal alone gives the same end, and the same state from any form of folding, byte for byte.
fn rehearse(flow: &weir_ir::Flow, found: &Found, differences: &mut Vec<String>) {
    let plan = Arc::new(weir_engine::Plan::new(flow));
    let folded = weir_engine::fold(&plan, &|_| None, &found.events);
    match (weir_runtime::rehearse(flow, &found.events), folded) {
        (Ok(rehearsal), Ok(mut folded)) => {
            // What is asked for without an answer is no part of the comparison: nobody performs it here.
            while folded.poll().is_some() {}
            compare::values("replayed output", &found.view.output, &rehearsal.output, differences);
            compare::values("replayed variables", &found.replay.variables, &rehearsal.variables, differences);
            if let Some(divergence) = rehearsal.divergence {
                differences.push(format!("replayed: {divergence}"));
            }
            differences.extend(rehearsal.open.iter().map(|path| format!("replayed: {path} has no recorded result")));
            let state = folded.to_state();
            if rehearsal.state.to_json() != state.to_json() {
                compare::values("replayed state", &state, &rehearsal.state, differences);
            }
        }
        (Err(error), _) => differences.push(format!("replayed: {error}")),
        (_, Err(error)) => differences.push(format!("folded: {error}")),
    }
}

/// Keeps the run as a test that is answered from its journal.
fn keep(out: &Path, flow: &weir_ir::Flow, found: &Found) -> anyhow::Result<()> {
    let rehearsal = weir_runtime::rehearse(flow, &found.events)?;
    let files = weir_control::test_of_run(&load::catalog()?, &found.version, &found.records, &rehearsal);
    saved::write(out, &files)
}

/// A folder that is gone when the test is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("weir-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
