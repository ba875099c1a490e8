use super::flows::host_columns;
use super::{list, one, text};
use crate::args::server::{Projects, ProjectsCommand};
use crate::exit::Exit;
use crate::remote::{block_on, server};
use weir_base::{Map, Text, Value};
use weir_client::List;

pub fn run(args: &Projects) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    match &args.command {
        ProjectsCommand::Ls { listing } => {
            let found = block_on(async { Ok(client.projects(listing.limit).await?) })?;
            let columns = [("NAME", "name"), ("DESCRIPTION", "description"), ("CHANGED", "updatedAt")];
            Ok(list(&found, listing.json, &columns))
        }
        ProjectsCommand::Create { name, description, json } => {
            let made = block_on(async { Ok(client.create_project(name, description).await?) })?;
            Ok(one(&made, *json, |made| format!("made {}", text(made, "name"))))
        }
        ProjectsCommand::Hosts { name, listing } => {
            let found = block_on(async { Ok(client.project_hosts(name, listing.limit).await?) })?;
            Ok(hosts(&found, listing.json))
        }
    }
}

/// A line for each flow of each host.
fn hosts(found: &List, json: bool) -> Exit {
    let columns = host_columns(&[("HOST", "host"), ("FLOW", "name")]);
    if json {
        return list(found, json, &columns);
    }
    let lines = List { items: found.items.iter().flat_map(host_lines).collect(), next: found.next.clone() };
    list(&lines, json, &columns)
}

/// What the host tells of each flow, or of itself where it has none.
fn host_lines(host: &Value) -> Vec<Value> {
    let own = [("host", "name"), ("state", "state"), ("healthy", "healthy"), ("seenAt", "seenAt"), ("error", "error")];
    let own: Vec<(&str, Value)> = own.iter().filter_map(|(to, from)| Some((*to, host.get(from)?.clone()))).collect();
    let flows = host.get("flows").and_then(Value::as_array).unwrap_or_default();
    if flows.is_empty() {
        return vec![Value::object(own)];
    }
    let told = |flow: &Value| flow.as_object().cloned().unwrap_or_default();
    let line =
        |flow| own.iter().map(|(name, value)| (Text::from(*name), value.clone())).chain(told(flow)).collect::<Map>();
    flows.iter().map(|flow| Value::from(line(flow))).collect()
}
