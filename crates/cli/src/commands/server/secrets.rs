use super::{list, one, text};
use crate::args::server::{Secrets, SecretsCommand};
use crate::exit::Exit;
use crate::remote::{block_on, prompt, server};

pub fn run(args: &Secrets) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    match &args.command {
        SecretsCommand::Ls { project, listing } => {
            let found = block_on(async { Ok(client.secrets(project, listing.limit).await?) })?;
            let columns = [("NAME", "name"), ("DESCRIPTION", "description"), ("CHANGED", "updatedAt")];
            Ok(list(&found, listing.json, &columns))
        }
        SecretsCommand::Set { name, project, description, value, json } => {
            let value = match value {
                Some(value) => value.clone(),
                None => prompt::secret(&format!("Value of {name}"))?,
            };
            let set = block_on(async { Ok(client.set_secret(project, name, &value, description.as_deref()).await?) })?;
            Ok(one(&set, *json, |set| format!("set {}/{}", text(set, "project"), text(set, "name"))))
        }
        SecretsCommand::Rm { name, project } => {
            block_on(async { Ok(client.delete_secret(project, name).await?) })?;
            crate::outln!("deleted {project}/{name}");
            Ok(Exit::Success)
        }
    }
}
