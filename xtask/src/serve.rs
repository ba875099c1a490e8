use crate::{process, programs, project, ui};
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use weir_base::Value;

/// However busy the machine is, a server is up, answers and stops within this.
const PATIENCE: Duration = Duration::from_secs(120);

/// `make run`: serves the demo from `.weir/` until Ctrl-C; with `CHECK=1` it only shows that this works.
pub fn run() -> Result<()> {
    match std::env::var_os("CHECK").is_some_and(|value| !value.is_empty()) {
        true => check_at(&project::weir()?),
        false => serve(),
    }
}

/// The same as `make run CHECK=1`, with the program built first.
pub fn check() -> Result<()> {
    check_at(&programs::weir()?)
}

fn serve() -> Result<()> {
    ui::build_if_changed()?;
    let weir = project::weir()?;
    let shown = weir.strip_prefix(project::root()).unwrap_or(&weir).display().to_string();
    println!("{}", what_next(&shown));
    become_server(&weir)
}

fn what_next(weir: &str) -> String {
    format!(
        "Weir is served with its data in .weir/. Open the SIGN-IN address that it prints below in a browser. Or:\n\n\
         \x20 curl -d '{{\"name\": \"Ada\"}}' WEBHOOK          fire a flow of the demo, and wait for its result\n\
         \x20 curl -c jar SIGN-IN                          sign in; README.md goes on from here\n\
         \x20 {weir} login --server URL        the same for the command line\n\
         \x20 {weir} runs ls --server URL      what has run\n"
    )
}

/// Takes the place of this program, so that signals and the exit code are the server's own.
fn become_server(weir: &Path) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(process::command(weir, &["serve", "--data", ".weir"]).exec()).context("the server cannot be started")
}

/// A server of the tests, with its data in a folder of its own and a free port.
pub struct Served {
    child: Child,
    lines: Receiver<String>,
    pub said: Vec<String>,
    pub url: String,
}

impl Served {
    pub fn start(weir: &Path, data: &Path) -> Result<Self> {
        let mut command = Command::new(weir);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).current_dir(project::root());
        for variable in ["WEIR_DATA", "WEIR_LISTEN", "WEIR_MASTER_KEY", "WEIR_SERVER", "WEIR_KEY"] {
            command.env_remove(variable);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let lines = read_lines(child.stderr.take().context("the server has no stderr")?);
        let mut served = Self { child, lines, said: Vec::new(), url: String::new() };
        served.until("  sign in ")?;
        let first = served.said.iter().find_map(|line| line.strip_prefix("serving ")).unwrap_or_default();
        served.url = first.split(' ').next().unwrap_or_default().to_owned();
        Ok(served)
    }

    /// Reads what the server says until a line begins so.
    pub fn until(&mut self, begin: &str) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if line.starts_with(begin) {
                        return Ok(line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("the server does not say `{begin}`: {:?}", self.said),
                Err(RecvTimeoutError::Disconnected) => bail!("the server ended: {:?}", self.said),
            }
        }
    }

    /// The address after `  sign in   ` or the like.
    pub fn address(&self, begin: &str) -> Option<String> {
        let line = self.said.iter().find(|line| line.trim_start().starts_with(begin))?;
        line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
    }

    /// Stops it as Ctrl-C does; it drains and exits with 0.
    pub fn stop(mut self) -> Result<()> {
        process::run(&mut process::command("kill", &["-INT", &self.child.id().to_string()]))?;
        let deadline = Instant::now() + PATIENCE;
        // Its stderr is read to the end first, so that it never waits for a reader.
        while self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_lines(stderr: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A folder in the target folder that is empty now.
pub fn empty(name: &str) -> Result<PathBuf> {
    let folder = project::target()?.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Starts the server with the demo, fires a webhook of it, and stops it.
fn check_at(weir: &Path) -> Result<()> {
    let served = Served::start(weir, &empty("served")?)?;
    let webhook = served.address("webhook").context("the server prints no webhook of the demo")?;
    println!("serving {}; firing {webhook}", served.url);
    let answer = post(&webhook, r#"{"name": "Ada"}"#)?;
    let status = answer.get("status").and_then(Value::as_str).unwrap_or_default();
    ensure!(status == "succeeded", "the demo's run came to: {}", answer.to_json());
    println!("it answered: {}", answer.get("output").map(Value::to_json).unwrap_or_default());
    served.stop()?;
    println!("stopped in good order");
    Ok(())
}

/// A POST with a JSON body, and the JSON that comes back.
fn post(url: &str, body: &str) -> Result<Value> {
    let rest = url.strip_prefix("http://").context("not a web address")?;
    let (host, path) = rest.split_once('/').context("an address without a path")?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let begin = answer.find("{").with_context(|| format!("no JSON in the answer: {answer}"))?;
    let end = answer.rfind('}').unwrap_or(answer.len() - 1);
    Value::from_json(&answer[begin..=end]).with_context(|| answer.clone())
}
