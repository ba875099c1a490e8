use super::programs::Programs;
use std::fs::File;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What a server is started with. Only tests of durability need the disk to be waited for.
const SETTINGS: &str = "-c listen_addresses= -c shared_buffers=64MB -c max_connections=300 -c full_page_writes=off
    -c max_wal_size=512MB -c jit=off -c log_min_messages=fatal";

const WATCHDOG: &str = include_str!("watchdog.sh");

/// Starts the watchdog as nobody's child, and notes which process it is.
const LAUNCH: &str = r#"sh -c "$1" watchdog "$2" "$3" & echo $! > "$2/watchdog""#;

/// How long a server may take to come, or to go.
const PATIENCE: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(20);

/// A PostgreSQL server in a folder of its own, reached by a socket in it.
pub struct Server {
    programs: Programs,
    folder: PathBuf,
    /// Ends with this value. One that is shared ends when nobody has used it for a while.
    own: bool,
}

impl Server {
    /// One that can be stopped and started at will. It ends with this value, or soon after this process.
    pub fn own() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("weir-postgres-{}-{number}", std::process::id());
        let server = Self { programs: Programs::find(), folder: std::env::temp_dir().join(name), own: true };
        server.make(2);
        server
    }

    /// The one all tests of this user share, started by whoever comes first.
    pub fn shared() -> Self {
        let name = format!("weir-postgres-of-{}", rustix::process::getuid().as_raw());
        let folder = std::env::temp_dir().join(name);
        let server = Self { programs: Programs::find(), folder, own: false };
        let _gate = server.gate();
        if !server.join() {
            server.make(15);
        }
        server
    }

    /// One at a time: held until it is dropped.
    pub(super) fn gate(&self) -> File {
        let gate = File::create(self.folder.with_extension("lock")).expect("a lock file");
        gate.lock().expect("the lock");
        gate
    }

    /// Where databases are connected to: the address without the name of one.
    pub fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@localhost/{database}?host={}", self.folder.join("socket").display())
    }

    pub fn start(&self) {
        assert!(self.starts(), "the server does not start: {}", self.log());
    }

    fn starts(&self) -> bool {
        let log = self.folder.join("log");
        let options =
            format!("{} -c fsync=off -k {}", SETTINGS.replace('\n', " "), self.folder.join("socket").display());
        self.succeeds(&["start", "--wait", "--log", &log.to_string_lossy(), "--options", &options])
    }

    /// Every connection is cut; what was committed stays.
    pub fn stop(&self) {
        self.control(&["stop", "--wait", "--mode", "fast"]);
    }

    /// As if the power had failed: what was not on the disk is gone.
    pub fn crash(&self) {
        self.control(&["stop", "--wait", "--mode", "immediate"]);
    }

    /// Ends the server's first process as nothing else can be; the others notice and end by themselves.
    pub fn kill(&self) {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).expect("a server that runs");
        let pid = file.lines().next().and_then(|line| line.parse().ok()).and_then(rustix::process::Pid::from_raw);
        let pid = pid.expect("the file names a process");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("the process can be killed");
    }

    /// Starts a server that was killed, once the last of its processes has ended.
    pub fn start_again(&self) {
        let until = Instant::now() + PATIENCE;
        while !self.starts() && Instant::now() < until {
            std::thread::sleep(PAUSE);
        }
        assert!(self.answers(), "the server does not come back: {}", self.log());
    }

    /// The socket itself.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket/.s.PGSQL.5432")
    }

    fn control(&self, args: &[&str]) {
        assert!(self.succeeds(args), "pg_ctl {args:?}: {}", self.log());
    }

    fn succeeds(&self, args: &[&str]) -> bool {
        let mut command = self.programs.command("pg_ctl", &self.folder);
        let done = command.arg("--pgdata").arg(self.folder.join("data")).arg("--silent").args(args).status();
        done.is_ok_and(|status| status.success())
    }

    /// Whether the server that is there, if any, will stay.
    fn join(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        while self.folder.exists() && Instant::now() < until {
            self.register();
            if self.folder.join("alive").exists() && self.answers() {
                self.watch(15);
                return true;
            }
            if !self.is_watched() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        false
    }

    fn make(&self, idle: u32) {
        self.clear();
        for name in ["", "socket"] {
            self.programs.make_folder(&self.folder.join(name));
        }
        std::fs::create_dir(self.folder.join("users")).expect("a folder of users");
        self.register();
        let mut initdb = self.programs.command("initdb", &self.folder);
        initdb.arg("--pgdata").arg(self.folder.join("data"));
        initdb.args(["--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]);
        let done = initdb.output().expect("initdb starts");
        let [said, complained] = [&done.stdout, &done.stderr].map(|said| String::from_utf8_lossy(said));
        assert!(done.status.success(), "initdb: {}: {said}{complained}", done.status);
        File::create(self.folder.join("alive")).expect("a mark");
        self.watch(idle);
        self.start();
    }

    /// Removes what a server left that nobody watches any more.
    fn clear(&self) {
        let gone = self.folder.with_extension(format!("gone.{}", std::process::id()));
        if std::fs::rename(&self.folder, &gone).is_ok() {
            let _ = std::fs::remove_dir_all(gone);
        }
    }

    fn register(&self) {
        let _ = std::fs::write(self.folder.join("users").join(std::process::id().to_string()), "");
    }

    /// Sees to it that the server ends with its users, however they end.
    fn watch(&self, idle: u32) {
        if self.is_watched() {
            return;
        }
        let mut command = Command::new("sh");
        command.args(["-c", LAUNCH, "launch", WATCHDOG]).arg(&self.folder).arg(idle.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let launched = command.status().expect("sh starts");
        assert!(launched.success(), "the watchdog was not launched");
    }

    fn is_watched(&self) -> bool {
        let pid = std::fs::read_to_string(self.folder.join("watchdog")).ok().and_then(|pid| pid.parse().ok());
        let pid = pid.and_then(rustix::process::Pid::from_raw);
        pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
    }

    fn answers(&self) -> bool {
        UnixStream::connect(self.socket()).is_ok()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.own {
            // The watchdog does the rest.
            let _ = std::fs::remove_file(self.folder.join("users").join(std::process::id().to_string()));
        }
    }
}
