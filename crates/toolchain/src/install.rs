use crate::ToolchainError;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

const PACKAGE: &str = include_str!("../npm/package.json");
/// What exactly is installed.
pub const PACKAGE_LOCK: &str = include_str!("../npm/package-lock.json");
const VERIFIER: &str = include_str!("../node/verifier.mjs");

/// Written when everything is there, so that an installation that broke off does not count.
const DONE: &str = "installed-package-lock.json";

/// A folder with the compilers, or one where they are to be.
#[derive(Clone, Debug)]
pub struct Toolchain {
    folder: PathBuf,
    command: String,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub installed: bool,
    pub folder: PathBuf,
    /// Versions of TypeScript, ESLint and Temporal's SDK, by name of the package, as this program pins them.
    pub packages: Vec<(String, String)>,
    /// The version of Node on this machine.
    pub node: Option<String>,
}

impl Toolchain {
    /// `folder` is absolute, and this toolchain's alone.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), command: "weir toolchain install".to_owned() }
    }

    /// With the command that puts the compilers there, for whoever is told that they are missing.
    pub fn installed_by(self, command: impl Into<String>) -> Self {
        Self { command: command.into(), ..self }
    }

    pub fn command(&self) -> &str {
        &self.command
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether exactly what this program pins is there.
    pub fn is_installed(&self) -> bool {
        let done = std::fs::read_to_string(self.folder.join(DONE));
        done.is_ok_and(|lock| lock == PACKAGE_LOCK) && self.folder.join("node_modules/typescript7").is_dir()
    }

    pub fn status(&self) -> Status {
        let (installed, folder) = (self.is_installed(), self.folder.clone());
        Status { installed, folder, packages: packages(), node: version_of("node") }
    }

    /// Installs what is pinned, from npm's registry; does nothing where it is there.
    pub fn install(&self) -> Result<(), ToolchainError> {
        if self.is_installed() {
            return Ok(());
        }
        version_of("node").ok_or(ToolchainError::NoProgram { program: "node" })?;
        version_of("npm").ok_or(ToolchainError::NoProgram { program: "npm" })?;
        let io = |error: std::io::Error| ToolchainError::Io(format!("{}: {error}", self.folder.display()));
        std::fs::create_dir_all(&self.folder).map_err(io)?;
        for (name, text) in [("package.json", PACKAGE), ("package-lock.json", PACKAGE_LOCK)] {
            std::fs::write(self.folder.join(name), text).map_err(io)?;
        }
        self.npm_ci()?;
        std::fs::write(self.folder.join(DONE), PACKAGE_LOCK).map_err(io)
    }

    /// Nothing that a package brings is run.
    fn npm_ci(&self) -> Result<(), ToolchainError> {
        let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
        let output = Command::new("npm").args(args).current_dir(&self.folder).stdin(Stdio::null()).output();
        let output = output.map_err(|error| ToolchainError::Npm(error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(ToolchainError::Npm(first_reason(&said)))
    }

    /// Where the program that keeps the compilers warm is; written anew, so that it is always this version's.
    pub(crate) fn verifier(&self) -> Result<PathBuf, ToolchainError> {
        if !self.is_installed() {
            return Err(ToolchainError::Missing { command: self.command.clone() });
        }
        let path = self.folder.join("verifier.mjs");
        if std::fs::read_to_string(&path).is_ok_and(|text| text == VERIFIER) {
            return Ok(path);
        }
        // Another thread or process may be starting the same one: it never sees half of it.
        static WRITTEN: AtomicU32 = AtomicU32::new(0);
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let half = self.folder.join(format!("verifier-{}-{number}.mjs", std::process::id()));
        let written = std::fs::write(&half, VERIFIER).and_then(|()| std::fs::rename(&half, &path));
        written.map_err(|error| ToolchainError::Io(format!("{}: {error}", path.display())))?;
        Ok(path)
    }
}

/// The line of npm's that says most.
fn first_reason(said: &str) -> String {
    let lines = || said.lines().map(|line| line.trim_start_matches("npm error ").trim());
    let network = ["ENOTFOUND", "EAI", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET", "ENETUNREACH"];
    if let Some(code) = network.into_iter().find(|code| said.contains(code)) {
        return format!("npm's registry cannot be reached ({code}); the compilers are fetched once, from the network");
    }
    lines().find(|line| !line.is_empty() && !line.starts_with("code ")).unwrap_or("no reason given").to_owned()
}

/// What `package.json` pins, under the names people know.
fn packages() -> Vec<(String, String)> {
    let package: serde_json::Value = serde_json::from_str(PACKAGE).unwrap_or_default();
    let pinned = package["dependencies"].as_object().into_iter().flatten();
    let one = |(name, version): (&String, &serde_json::Value)| {
        let version = version.as_str().unwrap_or_default();
        (name.clone(), version.rsplit('@').next().unwrap_or_default().to_owned())
    };
    pinned.map(one).collect()
}

fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pinned_is_known() {
        let packages = packages();
        let version =
            |name: &str| packages.iter().find(|(known, _)| known == name).map(|(_, version)| version.as_str());
        assert_eq!(version("typescript7"), Some("7.0.2"));
        assert_eq!(version("typescript"), Some("6.0.3"));
        assert!(PACKAGE_LOCK.contains("\"integrity\""));
    }

    #[test]
    fn half_an_installation_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let toolchain = Toolchain::new(folder.path());
        assert!(!toolchain.is_installed());
        std::fs::create_dir_all(folder.path().join("node_modules/typescript7")).unwrap();
        assert_eq!(toolchain.verifier().unwrap_err().code(), "TOOLCHAIN_MISSING");
        std::fs::write(folder.path().join(DONE), "of another version").unwrap();
        assert!(!toolchain.is_installed());
        std::fs::write(folder.path().join(DONE), PACKAGE_LOCK).unwrap();
        assert!(toolchain.is_installed() && toolchain.verifier().unwrap().is_file());
    }

    #[test]
    fn npm_is_told_in_one_line() {
        let offline = "npm error code ENOTFOUND\nnpm error syscall getaddrinfo\n";
        assert!(first_reason(offline).starts_with("npm's registry cannot be reached (ENOTFOUND)"));
        assert_eq!(
            first_reason("npm error code EUSAGE\nnpm error `npm ci` can only install\n"),
            "`npm ci` can only install"
        );
    }
}
