use crate::args::{DecisionArg, Runs, RunsCommand};
use crate::commands::run::exact;
use crate::exit::{Exit, UsageError};
use crate::side::{Row, Side, Wanted, side};
use crate::{remote, show, summary};
use weir_base::Value;
use weir_engine::{Decision, Status};
use weir_runs::{ReplayView, Request};

pub fn run(args: &Runs) -> anyhow::Result<Exit> {
    remote::block_on(perform(args))
}

async fn perform(args: &Runs) -> anyhow::Result<Exit> {
    if let RunsCommand::Bulk(bulk) = &args.command {
        return crate::commands::server::bulk::perform(bulk, &remote::server(&args.data)?).await;
    }
    let side = side(&args.data).await?;
    match &args.command {
        RunsCommand::Ls { flow, status, text, trigger, system, limit, before, json } => {
            let wanted = Wanted {
                flow: flow.clone(),
                statuses: status.iter().map(|word| status_of(word)).collect::<Result<_, _>>()?,
                text: text.clone(),
                trigger: trigger.clone(),
                system: *system,
                limit: *limit,
                before: before.clone(),
            };
            list(&*side, &wanted, *json).await
        }
        RunsCommand::Show { run, json } => show_run(&*side, run, *json).await,
        RunsCommand::Journal { run, json } => journal(&*side, run, *json).await,
        other => {
            let (run, request) = request_of(other)?;
            post(&*side, run, &request).await
        }
    }
}

fn status_of(word: &str) -> anyhow::Result<Status> {
    Status::parse(word).ok_or_else(|| {
        UsageError(format!(
            "--status {word}: one of pending, running, waiting, paused, succeeded, failed, cancelled, timed_out"
        ))
        .into()
    })
}

fn request_of(command: &RunsCommand) -> anyhow::Result<(&str, Request)> {
    Ok(match command {
        RunsCommand::Signal { run, name, payload, id } => {
            let text = payload;
            let payload =
                Value::from_json(text).map_err(|error| UsageError(format!("the payload is not JSON: {error}")))?;
            exact("the payload", text)?;
            (run, Request::Signal { name: name.as_str().into(), id: id.as_deref().map(Into::into), payload })
        }
        RunsCommand::Cancel { run, reason } => (run, Request::Cancel { reason: reason.as_str().into() }),
        RunsCommand::Pause { run } => (run, Request::Pause),
        RunsCommand::Resume { run } => (run, Request::Resume),
        RunsCommand::Decide { run, path, decision } => {
            let decision = match decision {
                DecisionArg::Retry => Decision::Retry,
                DecisionArg::Fail => Decision::Fail,
            };
            (run, Request::Decide { path: path.as_str().into(), decision })
        }
        RunsCommand::Ls { .. } | RunsCommand::Show { .. } | RunsCommand::Journal { .. } | RunsCommand::Bulk(_) => {
            anyhow::bail!("this command asks nothing of a run")
        }
    })
}

async fn list(side: &dyn Side, wanted: &Wanted, json: bool) -> anyhow::Result<Exit> {
    let (rows, next) = side.list(wanted).await?;
    if json {
        let rows = Value::array(rows.iter().map(row_json));
        show::out(Value::object([("runs", rows), ("next", next.into())]).to_json_pretty());
        return Ok(Exit::Success);
    }
    let width = rows.iter().map(|run| run.id.len()).max().unwrap_or(0).min(80);
    for run in &rows {
        let error = run.error.as_ref().map(|error| format!("  {}: {}", error.code, show::short(&error.message, 60)));
        let (id, status) = (&run.id, show::word(run.status));
        crate::outln!(
            "{id:width$}  {status:9}  {}  {}{}",
            show::time(run.created_at),
            run.flow,
            error.unwrap_or_default()
        );
    }
    match (rows.is_empty(), next) {
        (true, _) => crate::errln!("no runs"),
        (false, Some(next)) => crate::errln!("there are more: add --before {next}"),
        (false, None) => {}
    }
    Ok(Exit::Success)
}

fn row_json(run: &Row) -> Value {
    let time = |at: Option<weir_base::Micros>| Value::from(at.map(show::time));
    Value::object([
        ("run", run.id.clone().into()),
        ("flow", run.flow.clone().into()),
        ("version", run.version.clone().into()),
        ("status", run.status.as_str().into()),
        ("createdAt", show::time(run.created_at).into()),
        ("startedAt", time(run.started_at)),
        ("endedAt", time(run.ended_at)),
        ("wakeAt", time(run.wake_at)),
        ("trigger", run.cause.clone().into()),
        ("error", run.error.as_ref().map(|error| error.to_value()).into()),
    ])
}

async fn show_run(side: &dyn Side, id: &str, json: bool) -> anyhow::Result<Exit> {
    let row = side.row(id).await?;
    let replay = side.replay(id, None).await?;
    let has_had_no_turn = row.status == Status::Pending && row.started_at.is_none();
    let replay = if has_had_no_turn { replay.before_its_turn(row.created_at) } else { replay };
    let logs = side.logs(id).await?;
    summary::warn(&replay);
    if json {
        show::out(summary::of_run(&replay, &logs).to_json_pretty());
        return Ok(Exit::Success);
    }
    print_run(&row, &replay);
    for log in &logs {
        crate::outln!("  │ {}  {}: {}", show::time(log.at), log.level, show::short(&log.message, 400));
    }
    Ok(Exit::Success)
}

pub fn print_run(row: &Row, replay: &ReplayView) {
    crate::outln!("{}  {}  {}", row.id, row.flow, show::word(replay.status));
    crate::outln!(
        "  created {}{}",
        show::time(row.created_at),
        row.ended_at.map(|at| format!(", ended {}", show::time(at))).unwrap_or_default()
    );
    for step in &replay.steps {
        let time = step.started_at.zip(step.ended_at).map(|(from, to)| show::took(to - from)).unwrap_or_default();
        let told = step.error.as_ref().map(|error| format!("{}: {}", error.code, error.message));
        let told = told.or_else(|| step.waiting.as_ref().map(|what| format!("waits for {what}")));
        let told = told.or_else(|| (!step.output.is_null()).then(|| step.output.to_json())).unwrap_or_default();
        let attempts = if step.attempts > 1 { format!(" ×{}", step.attempts) } else { String::new() };
        let what = format!("{}{attempts}  {}", step.kind, show::short(&told, 80));
        show::out(show::row(show::mark(step.status), &time, &step.path, &what));
    }
    replay.open.iter().for_each(|open| crate::outln!("  open: {} {}", open.what, open.path));
    if let Some(error) = &replay.error {
        crate::outln!("  {} at {}: {}", error.code, error.path, error.message);
    }
    crate::outln!("  output {}", show::short(&replay.output.to_json(), 400));
    crate::outln!("  variables {}", show::short(&replay.variables.to_json(), 400));
}

async fn journal(side: &dyn Side, id: &str, json: bool) -> anyhow::Result<Exit> {
    let mut from = 1;
    loop {
        let records = side.records(id, from).await?;
        let Some(last) = records.last() else { return Ok(Exit::Success) };
        from = last.seq + 1;
        for record in &records {
            let (seq, at, ty, path) = (record.seq, show::time(record.at), &record.ty, &record.path);
            match json {
                true => crate::outln!(
                    "{{\"seq\":{seq},\"at\":{},\"type\":\"{ty}\",\"path\":{},\"payload\":{}}}",
                    record.at,
                    Value::from(path.clone()),
                    record.payload
                ),
                false => crate::outln!("{seq:>5}  {at}  {ty:14}  {path}  {}", show::short(&record.payload, 120)),
            }
        }
    }
}

/// Reaches the process that carries the run, or leaves the message for the next one.
async fn post(side: &dyn Side, run: &str, request: &Request) -> anyhow::Result<Exit> {
    let word = match request {
        Request::Decide { .. } => "decision",
        other => other.name(),
    };
    let carried = side.ask(run, request).await?;
    crate::outln!("{word} is on its way to {run}");
    if !carried {
        crate::errln!(
            "no process carries this run now; it goes on, and takes the {word} in, with `weir run --recover`"
        );
    }
    Ok(Exit::Success)
}
