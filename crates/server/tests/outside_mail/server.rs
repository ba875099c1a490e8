//! The mail server, which is a process of its own.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use weir_base::Value;

pub struct MailServer {
    pub port: String,
    lines: Lines<BufReader<ChildStdout>>,
    child: Child,
    /// It ends when this is closed.
    _held: Option<ChildStdin>,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside_mail")
}

impl MailServer {
    pub fn start(mode: &str) -> MailServer {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/venv/bin/python");
        assert!(
            python.is_file(),
            "there is no Python with aiosmtpd in {}; `make test` puts it there",
            python.display()
        );
        let mut command = Command::new(python);
        command
            .args(["-W", "ignore"])
            .arg(folder().join("smtp.py"))
            .arg(mode)
            .arg(folder().join("certificates/server.pem"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = MailServer { port: String::new(), lines, _held: child.stdin.take(), child };
        server.port = server.next().get("port").expect("it says where it listens").to_string();
        server
    }

    /// What it tells next: a letter it took, or an address it refused.
    pub fn next(&mut self) -> Value {
        let line = self.lines.next().expect("the mail server is there").unwrap();
        Value::from_json(&line).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
