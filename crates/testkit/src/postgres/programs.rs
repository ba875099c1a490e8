use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest release that will do.
const OLDEST: u32 = 15;

/// Where PostgreSQL's programs are, and as whom they run.
pub struct Programs {
    folder: PathBuf,
    /// A user and group that are not root's, where this process is root's: the server refuses to be.
    user: Option<(u32, u32)>,
}

impl Programs {
    /// Panics where there is no PostgreSQL: a test that is skipped in silence tests nothing.
    pub fn find() -> Self {
        let folders = in_path().into_iter().chain(installed(Path::new("/usr"))).chain(installed(&own_tools()));
        let folder = folders.into_iter().find(|folder| is_whole(folder)).unwrap_or_else(|| {
            panic!("there is no PostgreSQL {OLDEST} or newer: install Debian's `postgresql`, or run `make test` once")
        });
        Self { folder, user: rustix::process::getuid().is_root().then(harmless_user) }
    }

    pub fn command(&self, name: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.folder.join(name));
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("PG") {
                command.env_remove(key);
            }
        }
        command.env("LC_ALL", "C");
        if self.folder.starts_with(own_tools()) {
            command.env("LD_LIBRARY_PATH", libraries());
        }
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Makes a folder the server may write to.
    pub fn make_folder(&self, path: &Path) {
        std::fs::create_dir_all(path).expect("a folder for PostgreSQL");
        if let Some((user, group)) = self.user {
            chown(path, Some(user), Some(group)).expect("a folder of another user");
        }
    }
}

fn in_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join("initdb")).find(|program| program.is_file())?;
    Some(found.canonicalize().ok()?.parent()?.to_owned())
}

/// As Debian lays them out, the newest first.
fn installed(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("lib/postgresql")).into_iter().flatten().flatten();
    let mut versions: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|version| root.join(format!("lib/postgresql/{version}/bin"))).collect()
}

/// Where `make test` unpacks Debian's package if there is no other.
fn own_tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/postgresql/usr")
}

/// The folders of libraries unpacked with it: `lib/x86_64-linux-gnu` and its like.
fn libraries() -> String {
    let entries = ["lib", "../lib"].into_iter().flat_map(|folder| std::fs::read_dir(own_tools().join(folder)));
    let folders = entries.flatten().flatten().map(|entry| entry.path());
    let folders = folders.filter(|path| path.to_string_lossy().ends_with("-linux-gnu"));
    folders.map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>().join(":")
}

fn is_whole(folder: &Path) -> bool {
    let there = ["initdb", "postgres", "pg_ctl"].iter().all(|name| folder.join(name).is_file());
    there && version(folder).is_some_and(|version| version >= OLDEST)
}

/// `postgres (PostgreSQL) 15.18 (Debian …)`
fn version(folder: &Path) -> Option<u32> {
    let mut command = Command::new(folder.join("postgres"));
    if folder.starts_with(own_tools()) {
        command.env("LD_LIBRARY_PATH", libraries());
    }
    let output = command.arg("--version").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    said.split(") ").nth(1)?.split(['.', ' ', '\n', 'b', 'r']).next()?.parse().ok()
}

/// `postgres` of this machine, or `nobody`.
fn harmless_user() -> (u32, u32) {
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = known.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody")).expect("a user `postgres` or `nobody`")
}
