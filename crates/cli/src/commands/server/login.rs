use super::text;
use crate::args::server::{Login as Args, Logout};
use crate::exit::{Exit, UsageError};
use crate::remote::logins::{self, Login, Logins};
use crate::remote::{block_on, named, prompt};
use weir_client::{Client, ClientError, SignedIn};

pub fn login(args: &Args) -> anyhow::Result<Exit> {
    let Some(server) = named(&args.data) else {
        anyhow::bail!(UsageError("which server? Give --server URL".into()));
    };
    let client = Client::new(&server, None)?;
    let login = match &args.key {
        Some(key) => block_on(with_key(args, &client, key))?,
        None => block_on(sign_in(args, &client))?,
    };
    let (mut logins, server) = (Logins::read()?, login.server.clone());
    logins.put(login);
    logins.write()?;
    crate::errln!("signed in to {server}; the key is kept in {}", logins::file()?.display());
    Ok(Exit::Success)
}

/// A key that was made elsewhere; it is tried before it is kept.
async fn with_key(args: &Args, client: &Client, key: &str) -> anyhow::Result<Login> {
    let key = if key == "-" { prompt::piped()?.trim().to_owned() } else { key.to_owned() };
    let caller = Client::new(client.server(), Some(&key))?.caller().await?;
    let (tenant, name) = (text(&caller, "tenant"), text(&caller, "tenantName"));
    if let Some(wanted) = args.tenant.as_deref().filter(|wanted| *wanted != tenant && *wanted != name) {
        anyhow::bail!(UsageError(format!("this key is one of `{name}`, not of `{wanted}`")));
    }
    Ok(Login { server: client.server().to_owned(), tenant: Some(tenant.to_owned()), key, key_id: None })
}

async fn sign_in(args: &Args, client: &Client) -> anyhow::Result<Login> {
    let email = match &args.email {
        Some(email) => email.clone(),
        None => prompt::ask("E-mail")?,
    };
    let password = prompt::secret("Password")?;
    let session = match client.sign_in(&email, &password, None).await {
        Err(error) if error.code() == "TOTP_NEEDED" => {
            client.sign_in(&email, &password, Some(&prompt::ask("Code from the authenticator")?)).await?
        }
        other => other?,
    };
    let made = key_of(args, client, &session).await;
    // The session was only for making the key.
    let left = client.sign_out(&session).await;
    let login = made?;
    left?;
    Ok(login)
}

async fn key_of(args: &Args, client: &Client, session: &SignedIn) -> anyhow::Result<Login> {
    let switched = match &args.tenant {
        Some(wanted) => {
            let found = session.tenants.iter().find(|(id, name, _)| id == wanted || name == wanted);
            let (id, ..) = found.ok_or_else(|| UsageError(format!("you do not belong to `{wanted}`")))?;
            Some(client.switch_tenant(session, id).await?)
        }
        None => None,
    };
    let session = switched.as_ref().unwrap_or(session);
    let name = format!("weir on {}", machine());
    let (id, key) = client.key_of(session, &name).await?;
    let tenant = Some(session.tenant.clone());
    Ok(Login { server: client.server().to_owned(), tenant, key, key_id: Some(id) })
}

/// This machine's name, to tell keys apart by.
fn machine() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    crate::show::short(if name.trim().is_empty() { "this machine" } else { name.trim() }, 100)
}

pub fn logout(args: &Logout) -> anyhow::Result<Exit> {
    let mut logins = Logins::read()?;
    let named = match named(&args.data) {
        Some(server) => Some(Client::new(&server, None)?.server().to_owned()),
        None => logins.last.clone(),
    };
    let Some(login) = named.and_then(|server| logins.remove(&server)) else {
        anyhow::bail!(UsageError("you are not signed in there".into()));
    };
    if let Some(id) = &login.key_id {
        revoke(&login, id)?;
    }
    logins.write()?;
    crate::errln!("signed out of {}", login.server);
    Ok(Exit::Success)
}

/// A key that opens nothing any more needs no revoking.
fn revoke(login: &Login, id: &str) -> anyhow::Result<()> {
    let client = Client::new(&login.server, Some(&login.key))?;
    match block_on(async { Ok(client.revoke_key(id).await) })? {
        Err(ClientError::Problem { status: 401 | 404, .. }) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
