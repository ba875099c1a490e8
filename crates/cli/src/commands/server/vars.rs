use super::{one, table};
use crate::args::server::{Vars, VarsCommand};
use crate::commands::run::json_argument;
use crate::exit::Exit;
use crate::remote::{block_on, server};
use crate::show;
use weir_base::Value;

pub fn run(args: &Vars) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    match &args.command {
        VarsCommand::Ls { scope, json } => {
            let found = block_on(async { Ok(client.variables(&scope.project, scope.service.as_deref()).await?) })?;
            match json {
                true => show::out(found.to_json_pretty()),
                false => table(
                    found.get("items").and_then(Value::as_array).unwrap_or_default(),
                    &[("NAME", "name"), ("VALUE", "value"), ("CHANGED", "changedAt")],
                ),
            }
            Ok(Exit::Success)
        }
        VarsCommand::Get { name, scope, json } => {
            let service = scope.service.as_deref();
            let found = block_on(async { Ok(client.variable(&scope.project, service, name).await?) })?;
            Ok(one(&found, *json, |found| found.get("value").cloned().unwrap_or_default().to_json_pretty()))
        }
        VarsCommand::Set { name, value, scope, json } => {
            let (value, service) = (json_argument("the value", value)?, scope.service.as_deref());
            let set = block_on(async { Ok(client.set_variable(&scope.project, service, name, &value).await?) })?;
            Ok(one(&set, *json, |_| format!("set {name}")))
        }
        VarsCommand::Rm { name, scope } => {
            let service = scope.service.as_deref();
            block_on(async { Ok(client.delete_variable(&scope.project, service, name).await?) })?;
            crate::outln!("deleted {name}");
            Ok(Exit::Success)
        }
    }
}
