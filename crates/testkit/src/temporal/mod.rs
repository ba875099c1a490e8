//! A Temporal server for tests: on loopback only, with everything it knows in one file of SQLite.
//!
//! `make test` puts the pinned program into `.tools/`. The server ends with the value, or soon after this process,
//! however that ends. It can be killed and started again on the same file and port.

use crate::free_port;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const WATCHDOG: &str = include_str!("watchdog.sh");

/// Starts the watchdog as nobody's child.
const LAUNCH: &str = r#"sh -c "$1" watchdog "$2" "$3" &"#;

/// How long a server may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(50);

/// How often a port is asked for.
const TRIES: u32 = 20;

/// `nobody`, as whom the server runs where this process is root's.
const NOBODY: u32 = 65_534;

/// The namespace there always is.
pub const NAMESPACE: &str = "default";

/// A Temporal server in a folder of its own.
pub struct Server {
    program: PathBuf,
    folder: PathBuf,
    /// A namespace that no other server has: by it this one is known, whoever answers at its port.
    own: String,
    port: u16,
    settings: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// On a free port. Panics where the program is not there: a test that is skipped in silence tests nothing.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// With other limits than the usual ones: names of Temporal's dynamic configuration, and values as JSON.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let own = format!("weir-temporal-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let (program, folder, port) = (program(), std::env::temp_dir().join(&own), free_port());
        let settings = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut server = Self { program, folder, own, port, settings, child: None };
        server.make();
        server.spawn(true);
        server
    }

    /// `host:port`, as Temporal's own tools take it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Of its process; none after a kill.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// What Temporal's own program says to `args` about this server.
    pub fn ask(&self, args: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.args(args).args(["--address", &self.address()]).env("HOME", &self.folder).stdin(Stdio::null());
        let output = command.output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Ends the server as nothing else can. What it had acknowledged is in its file.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts a server that was killed, on the same file and port.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "the server was not killed");
        self.spawn(false);
    }

    fn make(&self) {
        std::fs::create_dir_all(&self.folder).expect("a folder for Temporal");
        std::fs::write(self.folder.join("alive"), "").expect("a mark");
        if is_root() {
            chown(&self.folder, Some(NOBODY), Some(NOBODY)).expect("a folder of another user");
        }
        let mut command = Command::new("sh");
        command.args(["-c", LAUNCH, "launch", WATCHDOG, &std::process::id().to_string()]).arg(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        assert!(command.status().is_ok_and(|status| status.success()), "the watchdog was not launched");
    }

    /// A port that was free may be somebody's a moment later, if only the near end of a connection. Then a new server
    /// takes another one, and one that comes back waits for its own.
    fn spawn(&mut self, is_new: bool) {
        for _ in 0..TRIES {
            let said_before = self.log().len();
            let child = self.command().spawn().expect("Temporal starts");
            std::fs::write(self.folder.join("pid"), child.id().to_string()).expect("a note of the process");
            self.child = Some(child);
            if self.wait(said_before) {
                return;
            }
            self.child = None;
            match is_new {
                true => self.port = free_port(),
                false => std::thread::sleep(PAUSE * 10),
            }
        }
        panic!("Temporal finds no port: {}", self.log());
    }

    /// A kill of the process loses nothing that was handed to the kernel, so no disk is waited for.
    fn command(&self) -> Command {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).expect("a log");
        let mut command = Command::new(&self.program);
        command.args(["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error"]);
        command.args(["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=off"]);
        command.args(
            SEARCH_ATTRIBUTES.iter().flat_map(|name| ["--search-attribute".to_owned(), format!("{name}=Keyword")]),
        );
        command.args(self.settings.iter().flat_map(|setting| ["--dynamic-config-value", setting]));
        command.args(["--namespace", &self.own]);
        command.arg("--port").arg(self.port.to_string()).arg("--db-filename").arg(self.folder.join("temporal.db"));
        command.current_dir(&self.folder).env("HOME", &self.folder).env("DISABLE_UPDATE_CHECK", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Until its namespaces are there, which come after the port; false where the port was taken, be it by a server that
    /// is like this one. Of the log, what this try says counts: where it begins was noted before.
    fn wait(&mut self, said_before: usize) -> bool {
        let until = Instant::now() + PATIENCE;
        let mut said = String::new();
        while Instant::now() < until {
            match self.ask(&["operator", "namespace", "describe", "--namespace", &self.own]) {
                Ok(_) => return true,
                Err(error) => said = error,
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() && self.log().get(said_before..).unwrap_or_default().contains("address already in use") {
                return false;
            }
            assert!(ended.is_none(), "Temporal ended: {}", self.log());
            std::thread::sleep(PAUSE);
        }
        panic!("Temporal does not come: {said} {}", self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        // The watchdog removes the rest.
        let _ = std::fs::remove_file(self.folder.join("pid"));
        let _ = std::fs::remove_file(self.folder.join("alive"));
    }
}

/// What runs can be found by, which a server has to know before it takes them.
const SEARCH_ATTRIBUTES: [&str; 4] = ["WeirFlow", "WeirVersion", "WeirProject", "WeirTenant"];

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// `TEMPORAL_BIN`, or what `make test` has put into `.tools/`.
fn program() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/temporal/bin/temporal");
    let program = std::env::var_os("TEMPORAL_BIN").map(PathBuf::from).unwrap_or(own);
    assert!(program.is_file(), "there is no Temporal: run `make conformance` once, or set TEMPORAL_BIN");
    program
}
