use crate::exit::UsageError;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The servers somebody has signed in to, as they are kept in the user's configuration folder.
#[derive(Default, Serialize, Deserialize)]
pub struct Logins {
    /// The one that was signed in to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    #[serde(default)]
    pub servers: Vec<Login>,
}

/// A server, the organisation there, and the key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    pub server: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    pub key: String,
    /// There where the key was made for this file, and so is revoked at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
}

impl Logins {
    pub fn read() -> anyhow::Result<Self> {
        let path = file()?;
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| path.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    pub fn of(&self, server: &str) -> Option<&Login> {
        self.servers.iter().find(|login| login.server == server)
    }

    pub fn put(&mut self, login: Login) {
        self.servers.retain(|other| other.server != login.server);
        self.last = Some(login.server.clone());
        self.servers.push(login);
    }

    pub fn remove(&mut self, server: &str) -> Option<Login> {
        let at = self.servers.iter().position(|login| login.server == server)?;
        let removed = self.servers.remove(at);
        self.last = self.servers.last().map(|login| login.server.clone());
        Some(removed)
    }

    /// Whole or not at all, and readable by nobody else at any moment.
    pub fn write(&self) -> anyhow::Result<()> {
        let path = file()?;
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let beside = folder.join(format!(".servers.{}", std::process::id()));
        let written = self.write_to(&beside).and_then(|()| std::fs::rename(&beside, &path));
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        written.with_context(|| path.display().to_string())
    }

    fn write_to(&self, path: &Path) -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }
}

/// `$XDG_CONFIG_HOME/weir/servers.json`, else below `~/.config`.
pub fn file() -> anyhow::Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || from("HOME").map(|home| home.join(".config"));
    let folder = from("XDG_CONFIG_HOME").or_else(home);
    let folder =
        folder.ok_or_else(|| UsageError("there is no home folder to keep keys in: set XDG_CONFIG_HOME".into()))?;
    Ok(folder.join("weir").join("servers.json"))
}
