use super::{one, table};
use crate::args::server::{Door, Vars, VarsCommand};
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
        VarsCommand::Get { name, scope, door, json } => {
            let (project, service) = (&scope.project, scope.service.as_deref());
            let found = block_on(async {
                Ok(match through(door) {
                    Some((interface, asker)) => client.read_through(project, interface, asker, name).await?,
                    None => client.variable(project, service, name).await?,
                })
            })?;
            Ok(one(&found, *json, |found| found.get("value").cloned().unwrap_or_default().to_json_pretty()))
        }
        VarsCommand::Set { name, value, scope, door, json } => {
            let (value, service) = (json_argument("the value", value)?, scope.service.as_deref());
            let project = &scope.project;
            let set = block_on(async {
                Ok(match through(door) {
                    Some((interface, asker)) => client.write_through(project, interface, asker, name, &value).await?,
                    None => client.set_variable(project, service, name, &value).await?,
                })
            })?;
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

/// The interface, and the project in whose name it is used.
fn through(door: &Door) -> Option<(&str, &str)> {
    door.through.as_deref().zip(door.asker.as_deref())
}
