//! Which server a command speaks to, and with which key.

pub mod logins;
pub mod prompt;

use crate::args::Data;
use crate::exit::UsageError;
use logins::Logins;
use std::path::PathBuf;
use weir_client::Client;

/// Where a command finds runs.
pub enum Place {
    Folder(PathBuf),
    Server(Client),
}

/// `--data` and `--server` say it; else `$WEIR_SERVER`; else the folder.
pub fn place(data: &Data) -> anyhow::Result<Place> {
    match named(data) {
        Some(server) => Ok(Place::Server(client(&server)?)),
        None => Ok(Place::Folder(crate::data::directory(data.data.as_ref())?)),
    }
}

/// For what only servers have: the one that is named, else the one that was signed in to last.
pub fn server(data: &Data) -> anyhow::Result<Client> {
    if data.data.is_some() {
        anyhow::bail!(UsageError("this is for a server: give --server URL instead of --data".into()));
    }
    let last = || Ok::<_, anyhow::Error>(Logins::read()?.last);
    match named(data) {
        Some(server) => client(&server),
        None => match last()? {
            Some(server) => client(&server),
            None => anyhow::bail!(UsageError(
                "which server? Give --server URL, set WEIR_SERVER, or `weir login --server URL` first".into()
            )),
        },
    }
}

/// For `weir login` and `weir logout`.
pub fn named(data: &Data) -> Option<String> {
    let set = || variable("WEIR_SERVER").filter(|_| data.data.is_none());
    data.server.clone().or_else(set)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn client(server: &str) -> anyhow::Result<Client> {
    let plain = Client::new(server, None)?;
    let kept = || Ok::<_, anyhow::Error>(Logins::read()?.of(plain.server()).map(|login| login.key.clone()));
    let key = match variable("WEIR_KEY") {
        Some(key) => Some(key),
        None => kept()?,
    };
    match key {
        Some(key) => Ok(Client::new(server, Some(&key))?),
        None => anyhow::bail!(UsageError(format!(
            "there is no key for {server}: `weir login --server {server}`, or set WEIR_KEY"
        ))),
    }
}

/// For a command that works on a folder alone.
pub fn refuse(data: &Data, command: &str) -> anyhow::Result<()> {
    match &data.server {
        Some(_) => Err(UsageError(format!("`weir {command}` works on a data folder, not on a server")).into()),
        None => Ok(()),
    }
}

/// Runs what speaks to a server; one thread is enough.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
