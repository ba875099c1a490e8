use super::{text, whole};
use crate::args::BulkArgs;
use crate::commands::server::flows;
use crate::exit::{Exit, UsageError};
use crate::show;
use weir_base::{Map, Text, Value};
use weir_client::Client;

/// Does the same to many runs of a server, part by part, until there are no more.
pub async fn perform(args: &BulkArgs, client: &Client) -> anyhow::Result<Exit> {
    let mut body = body(args, client).await?;
    let (mut done, mut failed, mut items) = (0, 0, Vec::new());
    loop {
        let part = client.bulk(&Value::from(body.clone())).await?;
        if args.dry_run {
            return Ok(counted(&part, args.json));
        }
        let lines = part.get("items").and_then(Value::as_array).unwrap_or_default();
        for line in lines {
            let good = line.get("ok").and_then(Value::as_bool).unwrap_or_default();
            *(if good { &mut done } else { &mut failed }) += 1;
            if !args.json && !good {
                crate::errln!("{}  {}: {}", text(line, "run"), text(line, "code"), text(line, "problem"));
            }
        }
        items.extend(lines.iter().cloned());
        match part.get("next").and_then(Value::as_str) {
            Some(next) => drop(body.insert("after".into(), next.into())),
            None => break,
        }
    }
    match args.json {
        true => show::out(Value::object([("items", Value::array(items))]).to_json_pretty()),
        false => crate::outln!("{}: {done} done, {failed} not", args.action.name()),
    }
    Ok(if failed == 0 { Exit::Success } else { Exit::Failed })
}

fn counted(part: &Value, json: bool) -> Exit {
    let more = part.get("more").and_then(Value::as_bool).unwrap_or_default();
    match json {
        true => show::out(part.to_json_pretty()),
        false => crate::outln!("{}{} runs", if more { "more than " } else { "" }, whole(part, "count")),
    }
    Exit::Success
}

async fn body(args: &BulkArgs, client: &Client) -> anyhow::Result<Map> {
    let mut body = Map::default();
    body.insert("action".into(), args.action.name().into());
    body.insert("dryRun".into(), args.dry_run.into());
    body.insert("force".into(), args.force.into());
    if let Some(reason) = &args.reason {
        body.insert("reason".into(), reason.as_str().into());
    }
    if let Some(version) = args.at_version {
        body.insert("version".into(), (version as f64).into());
    }
    let filter = filter(args, client).await?;
    match (args.runs.is_empty(), filter.is_empty()) {
        (false, true) => {
            let runs = args.runs.iter().map(|run| Value::from(run.as_str()));
            body.insert("runs".into(), Value::array(runs));
        }
        (true, false) => drop(body.insert("filter".into(), Value::from(filter))),
        (true, true) => {
            anyhow::bail!(UsageError("say which runs: by id, or with --flow, --status and the like".into()))
        }
        (false, false) => anyhow::bail!(UsageError("name runs, or describe them; not both".into())),
    }
    Ok(body)
}

async fn filter(args: &BulkArgs, client: &Client) -> anyhow::Result<Map> {
    let flow = match &args.flow {
        Some(flow) => Some(flows::id_of(client, flow).await?),
        None => None,
    };
    let statuses = (!args.status.is_empty()).then(|| args.status.join(","));
    let given = [
        ("flow", flow),
        ("status", statuses),
        ("text", args.text.clone()),
        ("trigger", args.trigger.clone()),
        ("project", args.project.clone()),
        ("since", args.since.clone()),
        ("until", args.until.clone()),
    ];
    Ok(given.into_iter().filter_map(|(name, value)| Some((Text::from(name), Value::from(value?)))).collect())
}
