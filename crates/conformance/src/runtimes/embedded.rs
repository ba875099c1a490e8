//! The embedded runtime: in virtual time, or as a process of its own where it is to be killed.

use super::{Own, PATIENCE, QUIET, end_with_parent, input};
use crate::case::{self, Case, Prepared, Ready};
use crate::compose::{self, Library};
use crate::found::{Ended, Found};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use weir_base::Value;
use weir_runs::{FlowRef, FlowSource, RunView, RunsError, RunsPort, StartRun, Until};
use weir_runtime::{Clock, Options, Parts, Runtime, SystemClock, VirtualClock};

/// A run's id is in paths that flows may read, so it is the same everywhere.
const SETTLED: &str = "settled";

pub async fn run(case: &Case, ready: &Ready) -> Found {
    let carried = match case.kill {
        None if case.real_time => tokio::time::timeout(PATIENCE, carried(case, ready, Arc::new(SystemClock))).await,
        None => tokio::time::timeout(PATIENCE, in_virtual_time(case, ready)).await,
        Some(_) => tokio::time::timeout(PATIENCE, killed(case)).await,
    };
    match carried {
        Ok(Ok(ended)) => Found::Ended(Box::new(ended)),
        Ok(Err(error)) => Found::Broken(format!("{error:#}")),
        Err(_) => Found::Broken("it came to no end".to_owned()),
    }
}

async fn in_virtual_time(case: &Case, ready: &Ready) -> Result<Ended> {
    let clock = Arc::new(VirtualClock::starting_at(SystemClock.now()));
    clock.hold();
    let after = clock.clone();
    carried_and(case, ready, clock, move || after.release()).await
}

async fn carried(case: &Case, ready: &Ready, clock: Arc<dyn Clock>) -> Result<Ended> {
    carried_and(case, ready, clock, || ()).await
}

/// No time passes before everything was done to the run that is to be done.
async fn carried_and(case: &Case, ready: &Ready, clock: Arc<dyn Clock>, then: impl FnOnce()) -> Result<Ended> {
    let folder = tempfile::tempdir()?;
    let runtime = open(folder.path(), ready, clock).await?;
    let (input, server) = input(case)?;
    begin(&runtime, case, ready, input).await?;
    act(&runtime, case).await?;
    then();
    let ended = end(&runtime, &case.slug()).await?;
    runtime.stop().await?;
    asked_well(server)?;
    Ok(ended)
}

fn asked_well(server: Option<crate::server::Server>) -> Result<()> {
    let problems = server.map(|server| server.problems()).unwrap_or_default();
    if problems.is_empty() { Ok(()) } else { bail!(problems.join("; ")) }
}

async fn open(folder: &Path, ready: &Ready, clock: Arc<dyn Clock>) -> Result<Runtime> {
    let store = compose::store(&folder.join("data")).await?;
    let mut parts = Parts::new(store.clone(), compose::registry()?);
    parts.clock = clock;
    parts.memory = compose::memory(&store);
    parts.secrets = compose::secrets();
    parts.finder = Library::of(ready);
    let options = Options { files_root: Some(folder.to_owned()), ..Options::default() };
    Ok(Runtime::open(options, parts).await?)
}

async fn begin(runtime: &Runtime, case: &Case, ready: &Ready, input: Value) -> Result<RunView> {
    let source = FlowSource { flow: ready.flow.clone(), files: Vec::new() };
    let start = StartRun::new(FlowRef::Source(Arc::new(source)), input).with_id(case.slug());
    Ok(runtime.start(start).await?)
}

/// Sends each signal as soon as the run waits, then cancels it where the case says so.
async fn act(runtime: &Runtime, case: &Case) -> Result<()> {
    let run = case.slug();
    for (at, (name, payload)) in case.signals.iter().enumerate() {
        settle(runtime, &run).await?;
        match runtime.signal(&run, name, Some(format!("{at}").into()), payload.clone()).await {
            Ok(()) | Err(RunsError::Ended { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if !case.signals.is_empty() || case.cancel {
        settle(runtime, &run).await?;
    }
    if case.cancel {
        runtime.cancel(&run, "enough").await?;
    }
    Ok(())
}

/// A task that takes long is as settled as a timer.
async fn settle(runtime: &Runtime, run: &str) -> Result<()> {
    match tokio::time::timeout(QUIET, runtime.wait(run, Until::Settled)).await {
        Ok(view) => view.map(drop).map_err(Into::into),
        Err(_) => Ok(()),
    }
}

async fn end(runtime: &Runtime, run: &str) -> Result<Ended> {
    let view = runtime.wait(run, Until::Ended).await?;
    let replay = runtime.replay(run, None).await?;
    Ok(Ended::new(view.status, view.error.as_ref(), &view.output, &replay.variables, &replay.steps))
}

/// Carried by a process that is killed once the run waits, and by another to the end.
async fn killed(case: &Case) -> Result<Ended> {
    let folder = tempfile::tempdir()?;
    let (name, place) = (case.name.clone(), folder.path().to_owned());
    tokio::task::spawn_blocking(move || {
        let place = place.to_string_lossy().into_owned();
        let first = last_line(&name, &place, true)?;
        anyhow::ensure!(first == SETTLED, "the first process said: {first}");
        let last = last_line(&name, &place, false)?;
        Ended::from_value(&Value::from_json(&last)?).context("the second process said nothing")
    })
    .await?
}

/// Of a process that carries the case; the first one is killed when it has said that the run waits.
fn last_line(name: &str, folder: &str, kill: bool) -> Result<String> {
    let mut own = Own::start(&["carry", name, folder])?;
    let lines = BufReader::new(own.0.stdout.take().context("no output")?).lines();
    let mut last = String::new();
    for line in lines {
        last = line?;
        if kill && last == SETTLED {
            own.kill();
            break;
        }
    }
    Ok(last)
}

/// What such a process does: begins the run, or takes it up where it is there.
pub async fn carry(name: &str, folder: &Path) -> Result<()> {
    end_with_parent();
    let case = case::all()?.into_iter().find(|case| case.name == name).context("there is no such case")?;
    let Prepared::Flow(ready) = case.prepare(&compose::catalog()?)? else { bail!("it cannot be run") };
    let runtime = open(folder, &ready, Arc::new(SystemClock)).await?;
    runtime.recovered().await;
    let run = case.slug();
    if matches!(runtime.view(&run).await, Err(RunsError::NotFound { .. })) {
        begin(&runtime, &case, &ready, case.input.clone()).await?;
        settle(&runtime, &run).await?;
        println!("{SETTLED}");
    }
    act(&runtime, &case).await?;
    println!("{}", end(&runtime, &run).await?.to_value().to_json());
    Ok(runtime.stop().await?)
}
