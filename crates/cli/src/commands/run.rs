use crate::args::temporal::On;
use crate::args::{DurabilityArg, Run};
use crate::exit::{Exit, UsageError};
use crate::load::Loaded;
use crate::progress::Display;
use crate::remote::{Place, place};
use crate::stop::{self, Stop};
use crate::{compose, data, load, report, show, summary};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use weir_base::{FileId, Text, Value, has_errors, lost_digits};
use weir_dialects::SourceFile;
use weir_dialects::text::{self, Format};
use weir_engine::Status;
use weir_ir::Durability;
use weir_runs::{FlowRef, FlowSource, ProgressBody, RunView, RunsError, RunsPort, StartRun, Until};
use weir_runtime::Runtime;

pub fn run(args: &Run) -> anyhow::Result<Exit> {
    let input = input_of(args.input.as_deref())?;
    // The server of the environment is for whoever says nothing else.
    let without_server = args.on == On::Temporal && args.data.server.is_none();
    if !without_server && let Place::Server(client) = place(&args.data)? {
        return crate::commands::server::run::run(args, &client, &input);
    }
    let source = match &args.file {
        Some(file) => match checked(file, args)? {
            Some(source) => Some(source),
            None => return Ok(Exit::FlowProblems),
        },
        None => None,
    };
    if args.on == On::Temporal {
        return crate::temporal::run(args, source, input);
    }
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let exit = threads.block_on(carry(args, source, input));
    // Anything still under way has been recorded: it must not keep the process.
    threads.shutdown_background();
    exit
}

fn input_of(given: Option<&str>) -> anyhow::Result<Value> {
    given.map_or_else(|| Ok(Value::object([])), |given| json_or_file("--input", given))
}

/// JSON as it stands, or from the file that `@FILE` names.
pub fn json_or_file(name: &str, given: &str) -> anyhow::Result<Value> {
    match given.strip_prefix('@') {
        Some(path) => json_argument(name, &crate::loader::read(Path::new(path)).map_err(UsageError)?),
        None => json_argument(name, given),
    }
}

/// JSON as it is given on a command line, read as strictly as a flow: a key that stands twice is an error.
pub fn json_argument(name: &str, text: &str) -> anyhow::Result<Value> {
    let source = SourceFile { id: FileId(0), name: "argument.json".to_owned(), text: text.to_owned() };
    let (documents, problems) = text::parse(&source, Format::Json);
    match (problems.iter().find(|problem| problem.is_error()), documents.first()) {
        (None, Some(document)) => exact(name, text).map(|()| document.to_value()),
        (Some(problem), _) => Err(UsageError(format!("{name} is not JSON: {}", problem.message)).into()),
        (None, None) => Err(UsageError(format!("{name} is not JSON: it is empty")).into()),
    }
}

/// A number that would be rounded is refused: to take another one than was written would be worse.
pub fn exact(name: &str, text: &str) -> anyhow::Result<()> {
    match lost_digits(text) {
        Some(lost) => Err(UsageError(format!("{name}: NUMBER_PRECISION: {lost}")).into()),
        None => Ok(()),
    }
}

/// The flow, if it can be run; its problems are printed either way.
fn checked(file: &Path, args: &Run) -> anyhow::Result<Option<FlowSource>> {
    let loaded = load::load(file, &args.bind, &load::catalog()?)?;
    let problems = weir_check::for_running(loaded.diagnostics.clone());
    let failed = has_errors(&problems);
    if failed || !args.json {
        report::print(
            &problems.iter().filter(|p| p.severity != weir_base::Severity::Info).cloned().collect::<Vec<_>>(),
            &loaded.files,
        );
    }
    let Loaded { flow, .. } = &loaded;
    Ok(flow.clone().filter(|_| !failed).map(|flow| FlowSource { flow, files: loaded.named_texts() }))
}

async fn carry(args: &Run, source: Option<FlowSource>, input: Value) -> anyhow::Result<Exit> {
    let folder = data::directory(args.data.data.as_ref())?;
    let mut stop = Stop::listen()?;
    let runtime = compose::runtime(&folder, wanted(args)?).await?;
    let outcome = both(&runtime, args, source, input, &mut stop).await;
    let stopped = stop.end(&runtime).await;
    let exit = outcome?;
    stopped?;
    Ok(exit)
}

/// What was cut off comes first; the worse end is the exit.
async fn both(
    runtime: &Runtime,
    args: &Run,
    source: Option<FlowSource>,
    input: Value,
    stop: &mut Stop,
) -> anyhow::Result<Exit> {
    let carried = if args.recover { recover(runtime, args, stop).await? } else { Exit::Success };
    let Some(source) = source else { return Ok(carried) };
    match start(runtime, args, source, input, stop).await? {
        Exit::Success => Ok(carried),
        worse => Ok(worse),
    }
}

fn wanted(args: &Run) -> anyhow::Result<compose::Wanted> {
    let folder = args.file.as_ref().map(|file| match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => ".".into(),
    });
    let secrets = secrets(&args.secret)?;
    let durability = args.durability.map(|durability| match durability {
        DurabilityArg::Sync => Durability::Sync,
        DurabilityArg::Async => Durability::Async,
        DurabilityArg::Exit => Durability::Exit,
    });
    let (virtual_time, only_new) = (args.virtual_time, !args.recover);
    let bind = args.bind.clone();
    let wanted = compose::Wanted::default();
    Ok(compose::Wanted { virtual_time, only_new, durability, secrets, folder, bind, ..wanted })
}

/// Names of environment variables by secret name.
pub fn secrets(given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    given.iter().map(|text| secret(text)).collect()
}

fn secret(text: &str) -> anyhow::Result<(String, String)> {
    let (name, variable) = text.split_once('=').unwrap_or((text, text));
    if std::env::var_os(variable).is_none() {
        anyhow::bail!(UsageError(format!("--secret {text}: there is no environment variable `{variable}`")));
    }
    Ok((name.to_owned(), variable.to_owned()))
}

async fn start(
    runtime: &Runtime,
    args: &Run,
    source: FlowSource,
    input: Value,
    stop: &mut Stop,
) -> anyhow::Result<Exit> {
    let id = weir_runtime::new_run_id();
    let mut display = Display::new(args.json);
    let mut watch = runtime.watch(&id).await?;
    let start = StartRun {
        run: Some(id.clone()),
        project: args.place.project.as_str().into(),
        service: args.place.service.as_str().into(),
        ..StartRun::new(FlowRef::Source(Arc::new(source)), input)
    };
    let started = runtime.start(start).await.map_err(refused_input)?;
    display.line(&format!("run {} of {}", started.run, started.flow));
    let until = if args.no_wait { Until::Settled } else { Until::Ended };
    let view = {
        let end = runtime.wait(&id, until);
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                Some(progress) = watch.next() => display.see(&progress),
                view = &mut end => break view?,
                () = stop.asked() => {
                    display.finish();
                    stop::tell();
                    return Ok(Exit::Waiting);
                }
            }
        }
    };
    drain(&mut watch, &mut display).await;
    display.finish();
    told(runtime, args, &view).await
}

/// An input the flow does not take is wrong usage, not a failed run: there is no run.
pub fn refused_input(error: RunsError) -> anyhow::Error {
    match error {
        RunsError::Rejected { code: "INPUT_INVALID", message } => UsageError(message).into(),
        other => other.into(),
    }
}

/// What happened before the end is shown before the end is.
async fn drain(watch: &mut weir_runs::Watch, display: &mut Display) {
    let rest = std::time::Duration::from_millis(200);
    while let Ok(Some(progress)) = tokio::time::timeout(rest, watch.next()).await {
        display.see(&progress);
        if matches!(&progress.body, ProgressBody::Status { status, .. } if status.is_final()) {
            return;
        }
    }
}

async fn told(runtime: &Runtime, args: &Run, view: &RunView) -> anyhow::Result<Exit> {
    if args.json {
        let replay = runtime.replay(&view.run, None).await?;
        let logs = runtime.logs(&view.run).await?;
        summary::warn(&replay);
        crate::show::out(summary::of_run(&replay, &logs).to_json());
    } else {
        print_end(view, HERE);
    }
    Ok(exit_of(view.status))
}

/// How a run of this machine that waits is carried on.
pub const HERE: &str = "to carry it on: weir run --recover";

/// `carried` says who carries on a run that has not ended.
pub fn print_end(view: &RunView, carried: &str) {
    let took = view.ended_at.zip(view.started_at).map(|(end, start)| format!(" in {}", show::took(end - start)));
    crate::errln!("{}{}, run {}", show::word(view.status), took.unwrap_or_default(), view.run);
    if let Some(error) = &view.error {
        let place = if error.path.is_empty() { String::new() } else { format!(" at {}", error.path) };
        crate::errln!("  {}{place}: {}", error.code, error.message);
    }
    if !view.status.is_final() {
        view.waiting.iter().for_each(|reason| crate::errln!("  waits for {reason}"));
        view.wake_at.iter().for_each(|at| crate::errln!("  goes on at {}", show::time(*at)));
        crate::errln!("  {carried}");
    }
    if view.status == Status::Succeeded {
        crate::show::out(view.output.to_json_pretty());
    }
}

pub fn exit_of(status: Status) -> Exit {
    match status {
        Status::Succeeded => Exit::Success,
        Status::Failed => Exit::Failed,
        Status::Cancelled | Status::TimedOut => Exit::Stopped,
        Status::Pending | Status::Running | Status::Waiting | Status::Paused => Exit::Waiting,
    }
}

/// Says what a run that cannot go on by itself waits for, and how to answer where a person must.
fn tell_waiting(view: &RunView) {
    crate::errln!("run {} of {}", view.run, view.flow);
    for reason in &view.waiting {
        crate::errln!("  waits for {reason}");
        if let Some(path) = reason.strip_prefix("decision ") {
            crate::errln!(
                "  nobody knows whether that step was done: `weir runs decide {} {path} retry|fail`",
                view.run
            );
        }
    }
}

/// Carries every open run to its end, oldest first; the worst end is the exit.
async fn recover(runtime: &Runtime, args: &Run, stop: &mut Stop) -> anyhow::Result<Exit> {
    let open = runtime.unfinished(None, 10_000).await?;
    let mine: Vec<Text> = open.iter().filter(|run| !run.id.contains('/')).map(|run| run.id.clone()).collect();
    if mine.is_empty() && !args.json {
        crate::errln!("no run was cut off");
    }
    runtime.recovered().await;
    let (mut exit, mut ended) = (Exit::Success, Vec::new());
    for run in mine {
        let until = if args.no_wait { Until::Settled } else { Until::Ended };
        let carried = async {
            let settled = runtime.wait(&run, Until::Settled).await?;
            if !args.json && !args.no_wait && !settled.status.is_final() {
                tell_waiting(&settled);
            }
            runtime.wait(&run, until).await
        };
        let view = tokio::select! {
            view = carried => view?,
            () = stop.asked() => {
                stop::tell();
                return Ok(Exit::Waiting);
            }
        };
        match args.json {
            true => ended.push(summary::of_run(&runtime.replay(&run, None).await?, &runtime.logs(&run).await?)),
            false => print_end(&view, HERE),
        }
        if exit == Exit::Success {
            exit = exit_of(view.status);
        }
    }
    // With a flow to run besides, the one object is that run's.
    if args.json && args.file.is_none() {
        crate::show::out(Value::object([("runs", Value::from(ended))]).to_json());
    }
    Ok(exit)
}
