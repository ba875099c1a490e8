use super::list;
use crate::args::server::{Audit, AuditCommand};
use crate::exit::Exit;
use crate::remote::{block_on, server};

pub fn run(args: &Audit) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    let AuditCommand::Ls { target, action, text, listing } = &args.command;
    let query = [("target", target.clone()), ("action", action.clone()), ("text", text.clone())];
    let found = block_on(async { Ok(client.audit(&query, listing.limit).await?) })?;
    let columns = [("AT", "at"), ("WHO", "who"), ("ACTION", "action"), ("TARGET", "target"), ("FROM", "from")];
    Ok(list(&found, listing.json, &columns))
}
