use super::{list, one, text};
use crate::args::server::{Projects, ProjectsCommand};
use crate::exit::Exit;
use crate::remote::{block_on, server};

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
    }
}
