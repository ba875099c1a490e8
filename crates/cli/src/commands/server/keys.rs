use super::{list, one, text};
use crate::args::server::{Keys, KeysCommand};
use crate::exit::Exit;
use crate::remote::{block_on, server};
use weir_base::Value;

pub fn run(args: &Keys) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    match &args.command {
        KeysCommand::Ls { listing } => {
            let found = block_on(async { Ok(client.keys(listing.limit).await?) })?;
            let columns = [
                ("ID", "id"),
                ("NAME", "name"),
                ("BEGINS", "prefix"),
                ("ROLE", "role"),
                ("EXPIRES", "expiresAt"),
                ("LAST USED", "lastUsedAt"),
            ];
            Ok(list(&found, listing.json, &columns))
        }
        KeysCommand::Create { name, service, role, scope, expires, json } => {
            let mut body = vec![("name", Value::from(name.as_str())), ("service", (*service).into())];
            body.extend(role.map(|role| ("role", Value::from(role.name()))));
            body.extend(expires.as_deref().map(|expires| ("expiresAt", Value::from(expires))));
            let scopes = Value::array(scope.iter().map(|scope| Value::from(scope.as_str())));
            body.extend((!scope.is_empty()).then_some(("scopes", scopes)));
            let made = block_on(async { Ok(client.create_key(&Value::object(body)).await?) })?;
            crate::errln!("made {}; the key is shown this once", text(&made, "id"));
            Ok(one(&made, *json, |made| text(made, "key").to_owned()))
        }
        KeysCommand::Revoke { id } => {
            block_on(async { Ok(client.revoke_key(id).await?) })?;
            crate::outln!("revoked {id}");
            Ok(Exit::Success)
        }
    }
}
