//! A run of a server, followed to its end.

use super::{text, whole};
use crate::commands::run::{exit_of, print_end};
use crate::exit::Exit;
use crate::progress::MESSAGE_WIDTH;
use crate::show::{row, short};
use crate::stop::Stop;
use crate::summary;
use weir_base::Value;
use weir_client::{Client, Event};
use weir_engine::Status;
use weir_runs::RunView;

/// How a run is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// One object on stdout, once it has ended; of what happens before, only that the server is away.
    pub json: bool,
    /// As it stands right after its start.
    pub no_wait: bool,
}

/// Shows how a run goes that was just started, until it has ended, nobody can carry it on, or Ctrl-C leaves it to the
/// server.
pub async fn follow(client: &Client, started: &Value, shown: Shown) -> anyhow::Result<Exit> {
    let run = text(started, "run");
    if !shown.json {
        crate::errln!("run {run} of {}", text(started, "flow"));
    }
    if shown.no_wait {
        return told(client, run, shown).await;
    }
    let (mut events, mut stop) = (client.run_events(run), Stop::listen()?);
    loop {
        let event = tokio::select! {
            event = events.next() => event?,
            () = stop.asked() => return left(client, run, shown, &mut stop).await,
        };
        if !shown.json || event.name == Event::AWAY {
            line(&event, client.server()).into_iter().for_each(|line| crate::errln!("{line}"));
        }
        if is_end(&event) {
            return told(client, run, shown).await;
        }
    }
}

/// Nobody waits for it any more; whoever wants an object gets the run as it stands, unless asked to stop once more.
async fn left(client: &Client, run: &str, shown: Shown, stop: &mut Stop) -> anyhow::Result<Exit> {
    crate::errln!("the run goes on at the server: weir runs show {run} --server {}", client.server());
    if !shown.json {
        return Ok(Exit::Waiting);
    }
    tokio::select! {
        exit = told(client, run, shown) => exit,
        () = stop.asked() => Ok(Exit::Waiting),
    }
}

/// Also where the engine broke: only another program goes on with such a run.
fn is_end(event: &Event) -> bool {
    let status = Status::parse(text(&event.data, "status"));
    event.name == "state" && status.is_some_and(|status| status.is_final() || is_broken(status, &event.data))
}

fn is_broken(status: Status, state: &Value) -> bool {
    status == Status::Paused && state.get("error").is_some_and(|error| !error.is_null())
}

async fn told(client: &Client, run: &str, shown: Shown) -> anyhow::Result<Exit> {
    let view = client.run(run).await?;
    match shown.json {
        true => crate::show::out(summary_of(client, &view).await?.to_json()),
        false => print_end(&view, &carried(&view, client.server())),
    }
    Ok(exit_of(view.status))
}

async fn summary_of(client: &Client, view: &RunView) -> anyhow::Result<Value> {
    let (replay, logs) = (client.replay(&view.run, None).await, client.logs(&view.run).await?);
    match replay {
        Err(error) if error.code() == "RUN_UNREADABLE" => Ok(summary::of_view(view, &logs)),
        replay => Ok(summary::of_run(&replay?, &logs)),
    }
}

/// Who carries on a run that has not ended.
fn carried(view: &RunView, server: &str) -> String {
    let resume = resume(&view.run, server);
    match (view.status, &view.error) {
        (Status::Paused, Some(_)) => format!("to go on after an update of the server: {resume}"),
        (Status::Paused, None) => format!("to go on: {resume}"),
        _ => "the server carries it on".to_owned(),
    }
}

fn resume(run: &str, server: &str) -> String {
    format!("weir runs resume {run} --server {server}")
}

/// How a run stands that does not go on at once.
fn stands(state: &Value, server: &str) -> Option<String> {
    match Status::parse(text(state, "status"))? {
        Status::Paused => Some(paused(state, server)),
        _ => waits(state),
    }
}

/// Why it is paused, or how to go on where somebody wanted it so.
fn paused(state: &Value, server: &str) -> String {
    let what = match state.get("error") {
        Some(error) if !error.is_null() => format!("paused: {}", said(error)),
        _ => format!("paused; to go on: {}", resume(text(state, "run"), server)),
    };
    row("‖", "", &short(&what, MESSAGE_WIDTH), "")
}

/// What a run waits for, all in one line, and until when where it goes on by itself.
fn waits(state: &Value) -> Option<String> {
    let reasons: Vec<&str> = state.get("waiting")?.as_array()?.iter().filter_map(Value::as_str).collect();
    let until = match text(state, "wakeAt") {
        "" => String::new(),
        at => format!(", until {at}"),
    };
    let what = format!("waits for {}{until}", reasons.join(", "));
    (!reasons.is_empty()).then(|| row("…", "", &short(&what, MESSAGE_WIDTH), ""))
}

/// A code and what it says.
fn said(error: &Value) -> String {
    format!("{}: {}", text(error, "code"), text(error, "message"))
}

/// What a person wants to hear of an event: results, failures, logs, what is waited for.
fn line(event: &Event, server: &str) -> Option<String> {
    let data = &event.data;
    let (path, payload) = (text(data, "path"), data.get("payload").cloned().unwrap_or_default());
    let shown = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(Value::to_json).unwrap_or_default();
    let (mark, what) = match (&*event.name, text(data, "type")) {
        ("record", "task_finished" | "child_finished" | "override") => match payload.get("error") {
            Some(error) if !error.is_null() => ("✗", said(error)),
            _ => ("✓", shown(payload.get("output"))),
        },
        ("state", _) => return stands(data, server),
        (Event::AWAY, _) => return Some(away(event)),
        ("log", _) => return Some(row("│", "", &short(text(&payload, "message"), MESSAGE_WIDTH), "")),
        ("attempt", _) => (
            "!",
            format!(
                "attempt {} failed: {}",
                whole(data, "attempt"),
                payload.get("error").map(said).unwrap_or_default()
            ),
        ),
        _ => return None,
    };
    Some(row(mark, "", path, &short(&what, MESSAGE_WIDTH)))
}

/// That nothing is heard of the server.
pub fn away(event: &Event) -> String {
    let what = format!("{}; trying again", event.data.as_str().unwrap_or_default());
    row("!", "", &short(&what, MESSAGE_WIDTH), "")
}
