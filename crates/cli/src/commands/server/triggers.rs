use super::flows::id_of;
use super::{list, one, text, whole};
use crate::args::server::{AnswerArg, Triggers, TriggersCommand};
use crate::commands::run::json_or_file;
use crate::exit::{Exit, UsageError};
use crate::remote::{block_on, server};
use weir_base::Value;
use weir_client::Client;

pub fn run(args: &Triggers) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    block_on(perform(&args.command, &client))
}

async fn perform(command: &TriggersCommand, client: &Client) -> anyhow::Result<Exit> {
    match command {
        TriggersCommand::Ls { flow, listing } => {
            let found = client.triggers(&id_of(client, flow).await?, listing.limit).await?;
            let columns =
                [("NAME", "name"), ("TYPE", "type"), ("ENABLED", "enabled"), ("ADDRESS", "url"), ("ID", "id")];
            Ok(list(&found, listing.json, &columns))
        }
        TriggersCommand::Create { flow, name, json, .. } => {
            let (sort, spec) = spec(command)?;
            let name = name.as_deref().unwrap_or(sort);
            let made = client.create_trigger(&id_of(client, flow).await?, name, &spec).await?;
            Ok(one(&made, *json, told))
        }
        TriggersCommand::Rotate { flow, trigger, json } => {
            let flow = id_of(client, flow).await?;
            let found = find(client, &flow, trigger).await?;
            let rotated = client.rotate_trigger(&flow, text(&found, "id")).await?;
            Ok(one(&rotated, *json, told))
        }
        TriggersCommand::Rm { flow, trigger } => {
            let flow = id_of(client, flow).await?;
            let found = find(client, &flow, trigger).await?;
            client.delete_trigger(&flow, text(&found, "id"), whole(&found, "revision")).await?;
            crate::outln!("deleted {}", text(&found, "name"));
            Ok(Exit::Success)
        }
    }
}

/// A webhook's address alone, to be given to a program.
fn told(trigger: &Value) -> String {
    match text(trigger, "url") {
        "" => format!("made {}, {}", text(trigger, "name"), text(trigger, "id")),
        url => url.to_owned(),
    }
}

async fn find(client: &Client, flow: &str, wanted: &str) -> anyhow::Result<Value> {
    let all = client.triggers(flow, u32::MAX).await?;
    let found = all.items.into_iter().find(|one| text(one, "id") == wanted || text(one, "name") == wanted);
    found.ok_or_else(|| UsageError(format!("there is no trigger `{wanted}`; `weir triggers ls` lists them")).into())
}

/// What the trigger is, and its settings as the API takes them.
fn spec(command: &TriggersCommand) -> anyhow::Result<(&'static str, Value)> {
    let TriggersCommand::Create { answer, deadline, cron, every, zone, input, after, on, .. } = command else {
        anyhow::bail!("this command makes no trigger");
    };
    let schedule = |name: &str, members: Vec<(&str, Value)>| -> anyhow::Result<(&'static str, Value)> {
        let input = input.as_deref().map(|text| json_or_file("--input", text)).transpose()?;
        let mut spec = vec![("type", Value::from("schedule"))];
        spec.push(("schedule", Value::object([(name, Value::object(members))])));
        spec.extend(input.map(|input| ("input", input)));
        Ok(("schedule", Value::object(spec)))
    };
    if let Some(cron) = cron {
        let mut members = vec![("expression", Value::from(cron.as_str()))];
        members.extend(zone.as_deref().map(|zone| ("timeZone", Value::from(zone))));
        return schedule("cron", members);
    }
    if let Some(every) = every {
        return schedule("every", vec![("interval", Value::from(every.as_str()))]);
    }
    if let Some(after) = after {
        let on = Value::array(on.iter().map(|end| Value::from(end.as_str())));
        return Ok(("event", Value::object([("type", "event".into()), ("flow", after.as_str().into()), ("on", on)])));
    }
    let answer = match answer {
        AnswerArg::AtOnce => "atOnce",
        AnswerArg::Result => "result",
        AnswerArg::Stream => "stream",
    };
    let mut spec = vec![("type", Value::from("webhook")), ("answer", answer.into())];
    spec.extend(deadline.map(|deadline| ("deadline", Value::from(deadline as f64))));
    Ok(("webhook", Value::object(spec)))
}
