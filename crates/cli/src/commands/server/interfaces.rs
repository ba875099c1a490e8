use super::flows::id_of;
use super::{list, one, text, whole};
use crate::args::server::{AnswerArg, AuthArg, Interfaces, InterfacesCommand, NewInterface};
use crate::commands::run::json_or_file;
use crate::exit::{Exit, UsageError};
use crate::remote::{block_on, server};
use weir_base::{Text, Value};
use weir_client::Client;

pub fn run(args: &Interfaces) -> anyhow::Result<Exit> {
    let client = server(&args.data)?;
    block_on(perform(&args.command, &client))
}

async fn perform(command: &InterfacesCommand, client: &Client) -> anyhow::Result<Exit> {
    match command {
        InterfacesCommand::Ls { project, listing } => {
            let found = client.interfaces(project, listing.limit).await?;
            let columns = [("NAME", "name"), ("TYPE", "type"), ("ENABLED", "enabled"), ("ADDRESS", "url")];
            Ok(list(&found, listing.json, &columns))
        }
        InterfacesCommand::Show { name, project } => {
            let found = client.interface(project, name).await?;
            Ok(one(&found, true, |_| String::new()))
        }
        InterfacesCommand::Create(new) => {
            let members = [("name", Value::from(new.name.as_str())), ("spec", spec(client, new).await?)];
            let made = client.create_interface(&new.project, &Value::object(members)).await?;
            Ok(one(&made, new.json, told))
        }
        InterfacesCommand::Rm { name, project } => {
            let found = client.interface(project, name).await?;
            client.delete_interface(project, name, whole(&found, "revision")).await?;
            crate::outln!("closed {name}");
            Ok(Exit::Success)
        }
        InterfacesCommand::AddKey { name, key, project, expires, json } => {
            let mut body = vec![("name", Value::from(key.as_str()))];
            body.extend(expires.as_deref().map(|at| ("expiresAt", Value::from(at))));
            let made = client.create_interface_key(project, name, &Value::object(body)).await?;
            Ok(one(&made, *json, |made| text(made, "key").to_owned()))
        }
        InterfacesCommand::RevokeKey { name, key, project } => {
            let id = key_id(client, project, name, key).await?;
            client.revoke_interface_key(project, name, &id).await?;
            crate::outln!("revoked {key}");
            Ok(Exit::Success)
        }
    }
}

/// A flow's address alone, to be given to a program.
fn told(interface: &Value) -> String {
    match text(interface, "url") {
        "" => format!("opened {}", text(interface, "name")),
        url => url.to_owned(),
    }
}

/// A key by its id or its name.
async fn key_id(client: &Client, project: &str, interface: &str, wanted: &str) -> anyhow::Result<Text> {
    let found = client.interface(project, interface).await?;
    let keys = found.get("settings").and_then(|settings| settings.get("auth")?.get("keys")?.as_array());
    let mut keys = keys.unwrap_or_default().iter();
    let key = keys.find(|key| text(key, "id") == wanted || text(key, "name") == wanted);
    match key {
        Some(key) => Ok(text(key, "id").into()),
        None => {
            Err(UsageError(format!("`{interface}` has no key `{wanted}`; `weir interfaces show` lists them")).into())
        }
    }
}

/// The settings as the API takes them: as they were written, or put together from what was said.
async fn spec(client: &Client, new: &NewInterface) -> anyhow::Result<Value> {
    if let Some(spec) = &new.spec {
        return json_or_file("--spec", spec);
    }
    let Some(flow) = &new.flow else {
        return Err(UsageError("say which flow is opened, with --flow, or all of it, with --spec".to_owned()).into());
    };
    let mut spec = vec![
        ("type", Value::from("flow")),
        ("flow", id_of(client, flow).await?.into()),
        ("auth", auth(new)?),
        ("answer", answer(new.answer).into()),
        ("methods", Value::array(new.method.iter().map(|method| method.to_uppercase().as_str().into()))),
    ];
    spec.extend(new.deadline.map(|deadline| ("deadline", Value::from(deadline as f64))));
    spec.extend(new.rate.map(|rate| ("rate", Value::from(rate))));
    spec.extend(new.caller_rate.map(|rate| ("callerRate", Value::from(rate))));
    for (name, given) in [("request", &new.request), ("response", &new.response)] {
        spec.extend(given.as_deref().map(|text| json_or_file(name, text)).transpose()?.map(|schema| (name, schema)));
    }
    Ok(Value::object(spec))
}

fn answer(answer: AnswerArg) -> &'static str {
    match answer {
        AnswerArg::AtOnce => "atOnce",
        AnswerArg::Result => "result",
        AnswerArg::Stream => "stream",
    }
}

fn auth(new: &NewInterface) -> anyhow::Result<Value> {
    let sort = |name: &str| ("type", Value::from(name));
    match new.auth {
        AuthArg::None => Ok(Value::object([sort("none")])),
        AuthArg::Key => Ok(Value::object([sort("key")])),
        AuthArg::Jwt => match (&new.jwks_url, &new.issuer, &new.audience) {
            (Some(url), Some(issuer), Some(audience)) => Ok(Value::object([
                sort("jwt"),
                ("jwksUrl", url.as_str().into()),
                ("issuer", issuer.as_str().into()),
                ("audience", audience.as_str().into()),
            ])),
            _ => Err(UsageError("--auth jwt needs --jwks-url, --issuer and --audience".to_owned()).into()),
        },
    }
}
