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

/// How a run is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// One object on stdout, once it has ended.
    pub json: bool,
    /// As it stands right after its start.
    pub no_wait: bool,
}

/// Shows how a run goes that was just started, until it has ended or Ctrl-C leaves it to the server.
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
            () = stop.asked() => {
                crate::errln!("the run goes on at the server: weir runs show {run} --server {}", client.server());
                return Ok(Exit::Waiting);
            }
        };
        if !shown.json {
            line(&event).into_iter().for_each(|line| crate::errln!("{line}"));
        }
        if is_end(&event) {
            return told(client, run, shown).await;
        }
    }
}

fn is_end(event: &Event) -> bool {
    let status = weir_engine::Status::parse(text(&event.data, "status"));
    event.name == "state" && status.is_some_and(|status| status.is_final())
}

async fn told(client: &Client, run: &str, shown: Shown) -> anyhow::Result<Exit> {
    let view = client.run(run).await?;
    match shown.json {
        true => {
            let summary = summary::of_run(&client.replay(run, None).await?, &client.logs(run).await?);
            crate::show::out(summary.to_json());
        }
        false => print_end(&view, "the server carries it on"),
    }
    Ok(exit_of(view.status))
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

/// What a person wants to hear of an event: results, failures, logs, what is waited for.
fn line(event: &Event) -> Option<String> {
    let data = &event.data;
    let (path, payload) = (text(data, "path"), data.get("payload").cloned().unwrap_or_default());
    let shown = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(Value::to_json).unwrap_or_default();
    let said = |error: &Value| format!("{}: {}", text(error, "code"), text(error, "message"));
    let (mark, what) = match (&*event.name, text(data, "type")) {
        ("record", "task_finished" | "child_finished" | "override") => match payload.get("error") {
            Some(error) if !error.is_null() => ("✗", said(error)),
            _ => ("✓", shown(payload.get("output"))),
        },
        ("state", _) => return waits(data),
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
