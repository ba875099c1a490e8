use super::flows::{name_of, put};
use super::{text, whole};
use crate::args::Run;
use crate::commands::run::{exit_of, print_end};
use crate::exit::{Exit, UsageError};
use crate::progress::MESSAGE_WIDTH;
use crate::remote::block_on;
use crate::show::{row, short};
use crate::stop::Stop;
use crate::summary;
use weir_base::Value;
use weir_client::{Client, Event};

/// The project of a server runs are tried in where nobody named one.
const PROJECT: &str = "default";

/// Puts the file in the place of its flow's draft, runs that draft, and shows how it goes.
pub fn run(args: &Run, client: &Client, input: &Value) -> anyhow::Result<Exit> {
    let refused = [
        (args.recover, "--recover"),
        (args.virtual_time, "--virtual-time"),
        (args.durability.is_some(), "--durability"),
        (!args.secret.is_empty(), "--secret (set it with `weir secrets set`)"),
    ];
    if let Some((_, name)) = refused.into_iter().find(|(given, _)| *given) {
        anyhow::bail!(UsageError(format!("{name} is for runs of this machine, not of a server")));
    }
    block_on(perform(args, client, input))
}

async fn perform(args: &Run, client: &Client, input: &Value) -> anyhow::Result<Exit> {
    let Some(file) = &args.file else { anyhow::bail!(UsageError("name the flow to run".into())) };
    let project = if args.place.project == "local" { PROJECT } else { &args.place.project };
    let (flow, new) = put(client, project, &name_of(file)?, file, &args.bind).await?;
    if !args.json {
        let word = if new { "made" } else { "changed" };
        let name = text(&flow, "name");
        crate::errln!("{word} the draft of {project}/{name}, revision {}", whole(&flow, "revision"));
    }
    let started = client.try_flow(text(&flow, "id"), input, &weir_runtime::new_run_id()).await?;
    let run = text(&started, "run");
    if !args.json {
        crate::errln!("run {run} of {}", text(&started, "flow"));
    }
    if args.no_wait {
        return told(args, client, run).await;
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
        if !args.json {
            line(&event).into_iter().for_each(|line| crate::errln!("{line}"));
        }
        if is_end(&event) {
            return told(args, client, run).await;
        }
    }
}

fn is_end(event: &Event) -> bool {
    let status = weir_engine::Status::parse(text(&event.data, "status"));
    event.name == "state" && status.is_some_and(|status| status.is_final())
}

async fn told(args: &Run, client: &Client, run: &str) -> anyhow::Result<Exit> {
    let view = client.run(run).await?;
    match args.json {
        true => {
            let summary = summary::of_run(&client.replay(run, None).await?, &client.logs(run).await?);
            crate::show::out(summary.to_json());
        }
        false => print_end(&view),
    }
    Ok(exit_of(view.status))
}

/// What a person wants to hear of an event: results, failures, logs.
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
