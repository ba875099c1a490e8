use crate::args::Fork;
use crate::commands::run::{exact, exit_of};
use crate::exit::{Exit, UsageError};
use crate::remote::{Place, place};
use crate::side::{Carrier, Here, Remote, side};
use crate::stop::{self, Stop};
use crate::{compose, show, summary};
use weir_base::Value;
use weir_runs::Change;

pub fn run(args: &Fork) -> anyhow::Result<Exit> {
    let changes = changes(args)?;
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let exit = threads.block_on(perform(args, &changes));
    threads.shutdown_background();
    exit
}

fn changes(args: &Fork) -> anyhow::Result<Vec<Change>> {
    let sets = args.set.iter().map(|text| set(text));
    let events = args.event.iter().map(|text| event(text));
    sets.chain(events).collect()
}

fn set(text: &str) -> anyhow::Result<Change> {
    let wrong = |why: &str| UsageError(format!("--set {text}: {why}; write vars.NAME=JSON or input.NAME=JSON"));
    let (path, json) = text.split_once('=').ok_or_else(|| wrong("there is no `=`"))?;
    let value = Value::from_json(json).map_err(|error| wrong(&format!("the value is not JSON ({error})")))?;
    exact(&format!("--set {path}"), json)?;
    Ok(Change::Set { path: path.trim().to_owned(), value })
}

/// `{"type": …, "path": …}` and the rest of the payload, as the journal has it.
fn event(text: &str) -> anyhow::Result<Change> {
    let wrong = |why: String| UsageError(format!("--event: {why}"));
    let value = Value::from_json(text).map_err(|error| wrong(format!("not JSON: {error}")))?;
    exact("--event", text)?;
    if value.get("type").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(wrong("it has no `type`, such as \"task_finished\"".to_owned()).into());
    }
    Change::event(&value).map_err(|error| wrong(error).into())
}

async fn perform(args: &Fork, changes: &[Change]) -> anyhow::Result<Exit> {
    if args.dry_run {
        return say_what_would_run(args, changes).await;
    }
    let mut stop = Stop::listen()?;
    let folder = match place(&args.data)? {
        Place::Server(client) => return carry(&Remote::new(client), args, changes, &mut stop).await,
        Place::Folder(folder) => folder,
    };
    compose::require_runs(&folder)?;
    let wanted = compose::Wanted { virtual_time: args.virtual_time, only_new: true, ..compose::Wanted::default() };
    let runtime = compose::runtime(&folder, wanted).await?;
    let outcome = carry(&Here { runtime: &runtime, source: None }, args, changes, &mut stop).await;
    let stopped = stop.end(&runtime).await;
    let exit = outcome?;
    stopped?;
    Ok(exit)
}

/// Nothing is written, so another process may own the data.
async fn say_what_would_run(args: &Fork, changes: &[Change]) -> anyhow::Result<Exit> {
    let again = side(&args.data).await?.rehearse_fork(&args.run, args.at, changes).await?;
    match args.json {
        true => show::out(Value::object([("again", Value::array(again.into_iter().map(Value::from)))]).to_json()),
        false => again.iter().for_each(|path| show::out(format_args!("runs again: {path}"))),
    }
    Ok(Exit::Success)
}

async fn carry(carrier: &dyn Carrier, args: &Fork, changes: &[Change], stop: &mut Stop) -> anyhow::Result<Exit> {
    let forked = carrier.fork(&args.run, args.at, changes).await?;
    if !args.json {
        crate::errln!("run {} goes on from record {} of {}", forked.run, args.at, args.run);
        forked.again.iter().for_each(|path| crate::errln!("  runs again: {path}"));
    }
    let view = tokio::select! {
        view = carrier.wait(&forked.run) => view?,
        () = stop.asked() => {
            stop::tell();
            return Ok(Exit::Waiting);
        }
    };
    match args.json {
        true => {
            show::out(summary::of_run(&carrier.replay(&forked.run).await?, &carrier.logs(&forked.run).await?).to_json())
        }
        false => crate::commands::run::print_end(&view, crate::commands::run::HERE),
    }
    Ok(exit_of(view.status))
}
