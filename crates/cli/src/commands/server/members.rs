use super::{list, one, text};
use crate::args::server::{Members, MembersCommand};
use crate::exit::Exit;
use crate::remote::{block_on, server};

pub fn run(args: &Members) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    match &args.command {
        MembersCommand::Ls { listing } => {
            let found = block_on(async { Ok(client.members(listing.limit).await?) })?;
            let columns = [("USER", "user"), ("E-MAIL", "email"), ("ROLE", "role"), ("SINCE", "since")];
            Ok(list(&found, listing.json, &columns))
        }
        MembersCommand::Invite { email, role, json } => {
            let invited = block_on(async { Ok(client.invite(email, role.name()).await?) })?;
            Ok(one(&invited, *json, |invited| match text(invited, "link") {
                "" => format!("a letter is on its way to {email}"),
                link => format!("hand this link over, it is shown this once: {link}"),
            }))
        }
    }
}
