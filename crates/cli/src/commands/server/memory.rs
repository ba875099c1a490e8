use super::flows::id_of;
use super::{list, one, text, whole};
use crate::args::server::{Memory, MemoryCommand};
use crate::commands::run::json_argument;
use crate::exit::Exit;
use crate::remote::{block_on, server};
use weir_base::Value;
use weir_client::Client;

pub fn run(args: &Memory) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    block_on(perform(&args.command, &client))
}

async fn perform(command: &MemoryCommand, client: &Client) -> anyhow::Result<Exit> {
    match command {
        MemoryCommand::Show { flow, json } => {
            let found = client.memory(&id_of(client, flow).await?).await?;
            Ok(one(&found, *json, figures))
        }
        MemoryCommand::Ls { flow, listing } => {
            let found = client.memory_entries(&id_of(client, flow).await?, listing.limit).await?;
            let columns = [("KEY", "key"), ("VALUE", "value"), ("BYTES", "bytes"), ("CHANGED", "updatedAt")];
            Ok(list(&found, listing.json, &columns))
        }
        MemoryCommand::Get { flow, key, json } => {
            let found = client.memory_entry(&id_of(client, flow).await?, key).await?;
            Ok(one(&found, *json, |found| found.get("value").cloned().unwrap_or_default().to_json_pretty()))
        }
        MemoryCommand::Set { flow, key, value, json } => {
            let value = json_argument("the value", value)?;
            let set = client.set_memory(&id_of(client, flow).await?, key, &value, None).await?;
            Ok(one(&set, *json, |_| format!("set {key}")))
        }
        MemoryCommand::Rm { flow, key } => {
            let flow = id_of(client, flow).await?;
            let found = client.memory_entry(&flow, key).await?;
            client.forget_memory(&flow, key, whole(&found, "revision")).await?;
            crate::outln!("forgot {}", text(&found, "key"));
            Ok(Exit::Success)
        }
        MemoryCommand::Clear { flow } => {
            client.clear_memory(&id_of(client, flow).await?).await?;
            crate::outln!("{flow} remembers nothing now");
            Ok(Exit::Success)
        }
    }
}

fn figures(found: &Value) -> String {
    let entries = whole(found, "entries");
    let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    let bytes = whole(found, "bytes");
    match found.get("limit").and_then(Value::as_u64) {
        Some(limit) => format!("{entries}, {bytes} of {limit} bytes"),
        None => format!("{entries}, {bytes} bytes; the flow's settings have no `memory`"),
    }
}
