use crate::project;
use anyhow::{Context, Result, ensure};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A PostgreSQL server to be measured, in a folder of its own, with the settings it comes with: it waits for the disk.
/// It is reached by a socket, and ends with this value.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    user: Option<(u32, u32)>,
}

const ROLE: &str = "weir";

impl Postgres {
    /// None where there is none on this machine.
    pub fn start(folder: &Path) -> Result<Option<Self>> {
        let Some(programs) = find()? else { return Ok(None) };
        // The program that makes a cluster refuses root.
        let is_root = std::fs::metadata("/proc/self")?.uid() == 0;
        let user =
            if is_root { Some(user_of("postgres").or_else(|| user_of("nobody")).context("no user")?) } else { None };
        let server = Self { programs, folder: folder.to_owned(), user };
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder)?;
        if let Some((user, group)) = user {
            chown(folder, Some(user), Some(group))?;
        }
        server
            .run("initdb", &["--pgdata", "data", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8"])?;
        let options = format!("-c listen_addresses= -k {}", folder.display());
        server.run("pg_ctl", &["start", "--wait", "--pgdata", "data", "--log", "log", "--options", &options])?;
        let host = folder.to_string_lossy().into_owned();
        server.run("createuser", &["--host", &host, "--username", "postgres", ROLE])?;
        server.run("createdb", &["--host", &host, "--username", "postgres", "--owner", ROLE, ROLE])?;
        Ok(Some(server))
    }

    pub fn url(&self) -> String {
        format!("postgres://{ROLE}@localhost/{ROLE}?host={}", self.folder.display())
    }

    pub fn version(&self) -> Result<String> {
        let output = Command::new(self.programs.join("postgres")).arg("--version").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        let mut command = Command::new(self.programs.join(program));
        command.args(args).current_dir(&self.folder).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        let ended = command.status().with_context(|| format!("cannot start {program}"))?;
        ensure!(ended.success(), "{program} ended with {ended}");
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.run("pg_ctl", &["stop", "--wait", "--mode", "immediate", "--pgdata", "data"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The newest there is: this machine's, or the one `make test` has unpacked.
fn find() -> Result<Option<PathBuf>> {
    let own = project::root().join(".tools/postgresql/usr");
    let mut found = Vec::new();
    for root in [Path::new("/usr"), &own] {
        for folder in project::folders(&root.join("lib/postgresql")).unwrap_or_default() {
            let version: Option<u32> = project::name_of(&folder).parse().ok();
            found.extend(version.filter(|_| folder.join("bin/initdb").is_file()).map(|version| (version, folder)));
        }
    }
    Ok(found.into_iter().max().map(|(_, folder)| folder.join("bin")))
}

/// User and group by name.
fn user_of(name: &str) -> Option<(u32, u32)> {
    let known = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = known.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
