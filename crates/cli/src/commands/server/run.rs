use super::flows::{name_of, put};
use super::follow::{Shown, follow};
use super::{text, whole};
use crate::args::Run;
use crate::args::temporal::On;
use crate::exit::{Exit, UsageError};
use crate::remote::block_on;
use weir_base::Value;
use weir_client::Client;

/// The project of a server runs are tried in where nobody named one.
const PROJECT: &str = "default";

/// Puts the file in the place of its flow's draft, runs that draft, and shows how it goes.
pub fn run(args: &Run, client: &Client, input: &Value) -> anyhow::Result<Exit> {
    let refused = [
        (args.recover, "--recover"),
        (args.virtual_time, "--virtual-time"),
        (args.durability.is_some(), "--durability"),
        (!args.secret.is_empty(), "--secret (set it with `weir secrets set`)"),
        (args.on == On::Temporal, "--on temporal (`weir flows start FLOW --runtime temporal:NAME`)"),
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
    follow(client, &started, Shown { json: args.json, no_wait: args.no_wait }).await
}
