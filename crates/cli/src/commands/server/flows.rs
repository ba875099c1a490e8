use super::follow::{Shown, away, follow as follow_run};
use super::{list, one, text, whole};
use crate::args::Bind;
use crate::args::server::{Flows, FlowsCommand, Push};
use crate::commands::run::json_or_file;
use crate::exit::{Exit, UsageError};
use crate::remote::{block_on, server};
use crate::stop::Stop;
use crate::{load, loader, report, show};
use std::path::Path;
use weir_base::Value;
use weir_client::{Client, Event, FlowText};

pub fn run(args: &Flows) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    block_on(perform(&args.command, &client))
}

async fn perform(command: &FlowsCommand, client: &Client) -> anyhow::Result<Exit> {
    match command {
        FlowsCommand::Ls { project, text, listing } => {
            let found = client.flows(project.as_deref(), text.as_deref(), listing.limit).await?;
            let columns =
                [("ID", "id"), ("PROJECT", "project"), ("NAME", "name"), ("TITLE", "title"), ("CHANGED", "updatedAt")];
            Ok(list(&found, listing.json, &columns))
        }
        FlowsCommand::Show { flow, json } => show_flow(client, flow, *json).await,
        FlowsCommand::Create(push) => {
            let made = client.create_flow(&push.project, &name(push)?, &flow_text(&push.file, &push.bind)?).await?;
            Ok(one(&made, push.json, |made| format!("made {}, {}", called(made), text(made, "id"))))
        }
        FlowsCommand::Push(push) => {
            let (pushed, new) = push_flow(client, push).await?;
            let word = if new { "made" } else { "changed" };
            Ok(one(&pushed, push.json, |flow| {
                format!("{word} {}, revision {}, {}", called(flow), whole(flow, "revision"), text(flow, "id"))
            }))
        }
        FlowsCommand::Check { flow, json } => check(client, &id_of(client, flow).await?, *json).await,
        FlowsCommand::Publish { flow, notes, json } => {
            let found = find(client, flow).await?;
            let version = client.publish(text(&found, "id"), whole(&found, "revision"), notes).await?;
            Ok(one(&version, *json, |version| {
                format!("version {} of {} is published", whole(version, "number"), called(&found))
            }))
        }
        FlowsCommand::Start { flow, at_version, runtime, json } => {
            let status = client.start_flow(&id_of(client, flow).await?, *at_version, runtime.as_deref()).await?;
            Ok(one(&status, *json, status_line))
        }
        FlowsCommand::Run { flow, input, no_wait, once, json } => {
            let input = input.as_deref().map(|given| json_or_file("--input", given)).transpose()?.unwrap_or_default();
            let key = once.clone().unwrap_or_else(|| weir_runtime::new_run_id().to_string());
            let started = client.start_run(&id_of(client, flow).await?, &input, &key).await?;
            follow_run(client, &started, Shown { json: *json, no_wait: *no_wait }).await
        }
        FlowsCommand::Runtimes { check: None, json } => {
            let found = client.runtimes().await?;
            let columns =
                [("RUNTIME", "runtime"), ("NAMESPACE", "namespace"), ("QUEUE", "taskQueue"), ("WORKER", "worker")];
            Ok(list(&found, *json, &columns))
        }
        FlowsCommand::Runtimes { check: Some(name), json } => {
            let found = checked_runtime(client, name).await?;
            let usable = ["reachable", "hasWorker"]
                .iter()
                .all(|member| found.get(member).and_then(Value::as_bool).unwrap_or_default());
            one(&found, *json, |found| runtime_found(name, found));
            Ok(if usable { Exit::Success } else { Exit::Failed })
        }
        FlowsCommand::Stop { flow, json } => {
            let status = client.stop_flow(&id_of(client, flow).await?).await?;
            Ok(one(&status, *json, status_line))
        }
        FlowsCommand::Status { flow, json } => {
            let status = client.flow_status(&id_of(client, flow).await?).await?;
            Ok(one(&status, *json, status_line))
        }
        FlowsCommand::Delete { flow } => {
            let found = find(client, flow).await?;
            client.delete_flow(text(&found, "id"), whole(&found, "revision")).await?;
            crate::outln!("deleted {}", called(&found));
            Ok(Exit::Success)
        }
        FlowsCommand::Deleted { project, listing } => {
            let found = client.deleted_flows(project.as_deref(), listing.limit).await?;
            let columns = [
                ("PROJECT", "project"),
                ("NAME", "name"),
                ("TITLE", "title"),
                ("DELETED", "deletedAt"),
                ("BY", "deletedBy"),
                ("UNTIL", "until"),
                ("ID", "id"),
            ];
            Ok(list(&found, listing.json, &columns))
        }
        FlowsCommand::Restore { flow, at_version: Some(number), json } => {
            let old = find(client, flow).await?;
            let back = client.restore_version(text(&old, "id"), *number, whole(&old, "revision")).await;
            let back = back.map_err(|error| no_version(flow, *number, error))?;
            Ok(one(&back, *json, |back| draft_is(back, &format!("version {number} again"))))
        }
        FlowsCommand::Restore { flow, at_version: None, json } => {
            let back = client.restore_flow(&deleted_id(client, flow).await?).await?;
            Ok(one(&back, *json, |back| format!("{} is back, switched off", called(back))))
        }
        FlowsCommand::Versions { flow, listing } => {
            let found = client.versions(&id_of(client, flow).await?, listing.limit).await?;
            let columns = [
                ("VERSION", "number"),
                ("PUBLISHED", "publishedAt"),
                ("BY", "publishedBy"),
                ("NOTES", "notes"),
                ("HASH", "hash"),
            ];
            Ok(list(&found, listing.json, &columns))
        }
        FlowsCommand::Compile { flow, at_version, task_queue, worker_queue, json } => {
            let found = find(client, flow).await?;
            let (own, weir) = (task_queue.as_deref(), worker_queue.as_deref());
            let made = client.compile_flow(text(&found, "id"), *at_version, own, weir).await?;
            Ok(one(&made, *json, |made| compiled(&called(&found), made)))
        }
        FlowsCommand::Compilations { flow, listing } => {
            let found = client.compilations(&id_of(client, flow).await?, listing.limit).await?;
            let columns = [
                ("CODE", "number"),
                ("VERSION", "version"),
                ("COMPILED", "compiledAt"),
                ("BY", "compiledBy"),
                ("GENERATOR", "generator"),
                ("HASH", "hash"),
            ];
            Ok(list(&found, listing.json, &columns))
        }
        FlowsCommand::Hosts { flow, listing } => {
            let found = client.hosts(&id_of(client, flow).await?, listing.limit).await?;
            Ok(list(&found, listing.json, &host_columns(&[("HOST", "name")])))
        }
        FlowsCommand::Logs { flow, json } => follow(client, &id_of(client, flow).await?, *json).await,
    }
}

/// Of a table of hosts: whose line it is, and what is told of it.
pub fn host_columns(whose: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let told = [
        ("STATE", "state"),
        ("HEALTHY", "healthy"),
        ("CODE", "compilation"),
        ("LOADED", "loadedAt"),
        ("SEEN", "seenAt"),
        ("ERROR", "error"),
    ];
    [whose, &told].concat()
}

fn called(flow: &Value) -> String {
    format!("{}/{}", text(flow, "project"), text(flow, "name"))
}

/// A flow by name, by PROJECT/NAME, or by id, as a list shows it.
pub async fn find(client: &Client, flow: &str) -> anyhow::Result<Value> {
    let (project, name) = flow.split_once('/').unwrap_or(("default", flow));
    if let Some(found) = client.flow_named(project, name).await? {
        return Ok(found);
    }
    match client.flow(flow).await {
        Err(error) if error.code() == "NOT_FOUND" => {
            let near = elsewhere(client.flows(None, Some(name), u32::MAX).await?.items.iter(), name);
            Err(UsageError(format!("there is no flow `{flow}`; {near}`weir flows ls` lists them")).into())
        }
        other => Ok(other?),
    }
}

/// What is found at the end of a connection; of a name that is none, which there are.
async fn checked_runtime(client: &Client, name: &str) -> anyhow::Result<Value> {
    let connection = |runtime: &'_ str| runtime.strip_prefix("temporal:").unwrap_or(runtime).to_owned();
    match client.check_runtime(&connection(name)).await {
        Err(error) if error.code() == "NOT_FOUND" => {
            let found = client.runtimes().await?;
            let others = found.items.iter().map(|one| text(one, "runtime")).filter(|runtime| *runtime != "embedded");
            let names: Vec<String> = others.map(connection).collect();
            let there = if names.is_empty() {
                "the server has none".to_owned()
            } else {
                format!("there are {}", names.join(", "))
            };
            Err(UsageError(format!("no connection to Temporal is called `{name}`; {there}")).into())
        }
        other => Ok(other?),
    }
}

/// What is meant where a name stands without its project.
fn elsewhere<'a>(flows: impl Iterator<Item = &'a Value>, name: &str) -> String {
    let found: Vec<String> = flows.filter(|flow| text(flow, "name") == name).map(called).collect();
    if found.is_empty() { String::new() } else { format!("did you mean {}? ", found.join(" or ")) }
}

/// The id of a deleted flow; of several of one name, that of the one deleted last.
async fn deleted_id(client: &Client, flow: &str) -> anyhow::Result<String> {
    let (project, name) = flow.split_once('/').unwrap_or(("default", flow));
    let found = client.deleted_flows(None, u32::MAX).await?;
    let named =
        |gone: &&Value| text(gone, "id") == flow || (text(gone, "project") == project && text(gone, "name") == name);
    match found.items.iter().find(named) {
        Some(gone) => Ok(text(gone, "id").to_owned()),
        None => {
            let near = elsewhere(found.items.iter(), name);
            let said = format!("no deleted flow is called `{flow}`; {near}`weir flows deleted` lists them");
            Err(UsageError(said).into())
        }
    }
}

pub async fn id_of(client: &Client, flow: &str) -> anyhow::Result<String> {
    Ok(text(&find(client, flow).await?, "id").to_owned())
}

/// The id of the flow a run belongs to.
pub async fn of_run(client: &Client, run: &str) -> anyhow::Result<String> {
    let gone = || UsageError(format!("there is no run `{run}`, or its flow is not there any more"));
    Ok(text(&client.flow_of_run(run).await?.ok_or_else(gone)?, "id").to_owned())
}

/// The files of a flow with names from its own folder on, the flow's own first.
pub fn flow_text(file: &Path, bind: &Bind) -> anyhow::Result<FlowText> {
    let loaded = load::load(file, bind, &load::catalog()?)?;
    let folder = loader::folder_of(file);
    let within = |name: &str| {
        let path = Path::new(name);
        let rest = path.strip_prefix(folder).unwrap_or(path);
        rest.strip_prefix(".").unwrap_or(rest).to_string_lossy().into_owned()
    };
    let files = loaded.files.iter().map(|file| (within(&file.name), file.text.clone())).collect();
    let pair = |text: &String| text.split_once('=').map(|(name, to)| (name.trim().to_owned(), to.trim().to_owned()));
    Ok(FlowText { files, bindings: bind.bind.iter().filter_map(pair).collect() })
}

fn name(push: &Push) -> anyhow::Result<String> {
    match &push.name {
        Some(name) => Ok(name.clone()),
        None => name_of(&push.file),
    }
}

/// The file's name; the folder's where the file is only called `flow`.
pub fn name_of(file: &Path) -> anyhow::Result<String> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if stem != "flow" {
        return Ok(stem);
    }
    let folder = loader::folder_of(file).canonicalize().unwrap_or_default();
    Ok(folder.file_name().map_or(stem, |name| name.to_string_lossy().into_owned()))
}

/// Makes the flow or puts the file in the place of its draft; whether it is new.
async fn push_flow(client: &Client, push: &Push) -> anyhow::Result<(Value, bool)> {
    put(client, &push.project, &name(push)?, &push.file, &push.bind).await
}

pub async fn put(
    client: &Client,
    project: &str,
    name: &str,
    file: &Path,
    bind: &Bind,
) -> anyhow::Result<(Value, bool)> {
    let text_of = flow_text(file, bind)?;
    match client.flow_named(project, name).await? {
        Some(old) => Ok((client.change_flow(text(&old, "id"), whole(&old, "revision"), &text_of).await?, false)),
        None => Ok((client.create_flow(project, name, &text_of).await?, true)),
    }
}

/// Puts a file in the place of a flow's draft.
pub async fn put_draft(client: &Client, flow: &str, file: &Path, bind: &Bind) -> anyhow::Result<()> {
    let text_of = flow_text(file, bind)?;
    let old = find(client, flow).await?;
    let new = client.change_flow(text(&old, "id"), whole(&old, "revision"), &text_of).await?;
    crate::errln!("{}", draft_is(&new, &format!("{} now", file.display())));
    Ok(())
}

fn no_version(flow: &str, number: u64, error: weir_client::ClientError) -> anyhow::Error {
    match error.code() {
        "NOT_FOUND" => {
            let message = format!("there is no version {number} of `{flow}`; `weir flows versions {flow}` lists them");
            UsageError(message).into()
        }
        _ => error.into(),
    }
}

fn draft_is(flow: &Value, what: &str) -> String {
    format!("the draft of {} is {what}, revision {}", called(flow), whole(flow, "revision"))
}

async fn show_flow(client: &Client, flow: &str, json: bool) -> anyhow::Result<Exit> {
    let flow = client.flow(&id_of(client, flow).await?).await?;
    if json {
        show::out(flow.to_json_pretty());
        return Ok(Exit::Success);
    }
    crate::outln!("{}  {}", called(&flow), text(&flow, "title"));
    crate::outln!(
        "  id {}, revision {}, changed {}",
        text(&flow, "id"),
        whole(&flow, "revision"),
        text(&flow, "updatedAt")
    );
    crate::outln!("  {}", flow.get("status").map(status_line).unwrap_or_default());
    for file in flow.get("files").and_then(Value::as_array).unwrap_or_default() {
        crate::outln!("\n# {}\n{}", text(file, "name"), text(file, "text").trim_end());
    }
    Ok(Exit::Success)
}

fn status_line(status: &Value) -> String {
    let number = |member: &str| status.get(member).and_then(Value::as_u64);
    let version = number("version").map(|number| format!(", version {number}")).unwrap_or_default();
    let newest =
        number("published").map_or(", never published".to_owned(), |newest| format!(", newest version {newest}"));
    let problem = match text(status, "problem") {
        "" => String::new(),
        problem => format!(": {problem}"),
    };
    let on = match text(status, "runtime") {
        "" | "embedded" => String::new(),
        runtime => format!(", on {runtime}"),
    };
    format!("{}{version}{on}{newest}{problem}", text(status, "status"))
}

fn compiled(flow: &str, made: &Value) -> String {
    let [number, version, files] = ["number", "version", "files"].map(|member| whole(made, member));
    format!("code {number} of {flow}, from version {version}: {files} files, checked by the compilers")
}

fn runtime_found(name: &str, found: &Value) -> String {
    match text(found, "code") {
        "" => format!("{name}: reachable, and somebody works on its runs"),
        code => format!("{name}: {code}: {}", text(found, "message")),
    }
}

async fn check(client: &Client, id: &str, json: bool) -> anyhow::Result<Exit> {
    let found = client.check_flow(id).await?;
    let valid = found.get("valid").and_then(Value::as_bool).unwrap_or_default();
    match json {
        true => show::out(found.to_json_pretty()),
        false => {
            let flow = client.flow(id).await?;
            report::print_of_server(&found, &flow);
            crate::errln!("{}", if valid { "it can run" } else { "it cannot run" });
        }
    }
    Ok(if valid { Exit::Success } else { Exit::Failed })
}

/// Prints what happens, from now on.
async fn follow(client: &Client, id: &str, json: bool) -> anyhow::Result<Exit> {
    let (mut events, mut stop) = (client.flow_events(id), Stop::listen()?);
    loop {
        let event = tokio::select! {
            event = events.next() => event?,
            () = stop.asked() => return Ok(Exit::Success),
        };
        if event.name == Event::AWAY {
            crate::errln!("{}", away(&event));
            continue;
        }
        let data = &event.data;
        if json {
            show::out(Value::object([("event", event.name.as_str().into()), ("data", data.clone())]).to_json());
            continue;
        }
        let what = match &*event.name {
            "record" => format!("{:14}  {}", text(data, "type"), text(data, "path")),
            "state" => format!("{:14}  {}", "state", text(data, "status")),
            other => format!(
                "{other:14}  {}  {}",
                text(data, "path"),
                data.get("payload").map(Value::to_json).unwrap_or_default()
            ),
        };
        crate::outln!("{}  {}", text(data, "run"), show::short(&what, 200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_named_after_its_file_or_folder() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("order-process");
        std::fs::create_dir(&place).unwrap();
        assert_eq!(name_of(&place.join("flow.yaml")).unwrap(), "order-process");
        assert_eq!(name_of(Path::new("greet.yaml")).unwrap(), "greet");
    }
}
