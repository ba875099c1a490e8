//! The command as a process of its own, with a deadline on everything.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use weir_base::Value;

/// No command takes so long, however busy the machine is.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// A folder with flows in it, and beside them the data of its runs.
pub struct Place {
    folder: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    #[track_caller]
    pub fn json(&self) -> Value {
        let lines = self.out.trim_end();
        Value::from_json(lines).unwrap_or_else(|error| panic!("not one JSON value ({error}): {self:?}"))
    }

    /// The exit code, and a piece of what it says on stderr.
    #[track_caller]
    pub fn says(&self, code: i32, piece: &str) {
        assert!(self.code == code && self.err.contains(piece), "expected exit {code} and `{piece}`: {self:?}");
    }
}

impl Place {
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self { folder: super::folder(files) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn weir(&self, args: &[&str]) -> Ended {
        self.start(args).end()
    }

    /// A run, as JSON in virtual time.
    #[track_caller]
    pub fn run(&self, file: &str, more: &[&str]) -> Ended {
        self.weir(&[&["run", file, "--json", "--virtual-time"], more].concat())
    }

    pub fn start(&self, args: &[&str]) -> Going {
        self.start_with(args, &[])
    }

    /// With these variables in its environment.
    pub fn start_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Going {
        Going::new(self.folder.path(), args, variables)
    }

    /// The runs there are, newest first, as `runs ls --json` says.
    #[track_caller]
    pub fn runs(&self, more: &[&str]) -> Vec<Value> {
        let listed = self.weir(&[&["runs", "ls", "--json"], more].concat()).json();
        listed.get("runs").and_then(Value::as_array).unwrap().to_vec()
    }

    /// The id of the newest run.
    #[track_caller]
    pub fn newest(&self) -> String {
        text(&self.runs(&["--limit", "1"])[0], "run")
    }

    /// Types and paths of a run's records.
    pub fn journal(&self, run: &str) -> Vec<(String, String)> {
        let ended = self.weir(&["runs", "journal", run, "--json"]);
        let record = |line| Value::from_json(line).unwrap();
        ended.out.lines().map(record).map(|record| (text(&record, "type"), text(&record, "path"))).collect()
    }

    /// Waits until a run has such a record, asking again and again.
    #[track_caller]
    pub fn until_journaled(&self, run: &str, ty: &str) {
        let begun = Instant::now();
        while !self.journal(run).iter().any(|(found, _)| found == ty) {
            assert!(begun.elapsed() < DEADLINE, "no record `{ty}`: {:?}", self.journal(run));
        }
    }

    /// Waits until a run is listed with this state.
    #[track_caller]
    pub fn until_status(&self, run: &str, status: &str) {
        let begun = Instant::now();
        while !self.runs(&["--status", status]).iter().any(|row| text(row, "run") == run) {
            assert!(begun.elapsed() < DEADLINE, "it is not {status}: {:?}", self.runs(&[]));
        }
    }
}

/// Text of a member; empty where there is none.
pub fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A command under way.
pub struct Going {
    child: Child,
    lines: Receiver<String>,
    heard: String,
    out: JoinHandle<String>,
}

impl Going {
    fn new(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command.current_dir(folder).args(args).env("WEIR_DATA", "data").env("HOME", folder.join("home"));
        command.env_remove("XDG_DATA_HOME").envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).all(|line| send.send(line).is_ok());
        });
        let out = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = out.read_to_end(&mut bytes);
            String::from_utf8(bytes).unwrap()
        });
        Self { child, lines, heard: String::new(), out }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line on stderr with this text.
    #[track_caller]
    pub fn until(&mut self, piece: &str) -> String {
        let begun = Instant::now();
        while let Ok(line) = self.lines.recv_timeout(DEADLINE.saturating_sub(begun.elapsed())) {
            self.heard.push_str(&line);
            self.heard.push('\n');
            if line.contains(piece) {
                return line;
            }
        }
        let _ = self.child.kill();
        panic!("it never said `{piece}`: {}", self.heard)
    }

    /// The id in the line that says which run has begun.
    #[track_caller]
    pub fn run_id(&mut self) -> String {
        let line = self.until("run ");
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    /// What `kill` does.
    pub fn terminate(&self) {
        let killed = Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(killed.success());
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end; a command that hangs is killed and fails the test.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let begun = Instant::now();
        loop {
            match self.lines.recv_timeout(DEADLINE.saturating_sub(begun.elapsed())) {
                Ok(line) => self.heard.extend([line.as_str(), "\n"]),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    panic!("it did not end: {}", self.heard);
                }
            }
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ended { code, out: self.out.join().unwrap(), err: self.heard }
    }
}
