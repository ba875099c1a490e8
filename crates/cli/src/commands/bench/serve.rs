use super::database::Data;
use super::http::{Answer, Connection, Request};
use super::{flows, process};
use anyhow::{Context, ensure};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use weir_base::Value;

const PASSWORD: &str = "bench-of-the-server";

/// How often something is asked for again while the database is busy, and how long after.
const BUSY_TRIES: usize = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(500);

/// `weir serve` as a process of its own.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From starting the process to being ready.
    pub started_in: Duration,
}

impl Server {
    pub fn start(data: &Data) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "human", "--data"]).arg(data.folder());
        command.args(data.url().iter().flat_map(|url| ["--database-url", url]));
        let environment = [("WEIR_OWNER_PASSWORD", PASSWORD), ("WEIR_LOG", "warn"), ("WEIR_DEMO", "false")];
        let mut child =
            command.envs(environment).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("stderr is piped")?).lines();
        // It says where it serves once it does.
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let rest = line.split("http://").nth(1)?;
            rest.split([' ', '/']).next()?.parse().ok()
        });
        let started_in = begun.elapsed();
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        match address {
            Some(address) => Ok(Self { child, address, started_in }),
            None => {
                let _ = child.kill();
                anyhow::bail!("the server did not start: {}", child.wait()?)
            }
        }
    }

    /// Processor time of the server so far.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        process::cpu_of(self.child.id())
    }

    /// Resident memory and its share of it, in MiB.
    pub fn memory(&self) -> anyhow::Result<(f64, f64)> {
        process::memory_of(self.child.id())
    }

    /// Ends the server in good order.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let ended = self.child.wait()?;
        ensure!(ended.success(), "the server ended with {ended}");
        Ok(())
    }

    pub async fn sign_in(&self) -> anyhow::Result<Session> {
        let mut connection = Connection::open(self.address).await?;
        let who = format!(r#"{{"email":"owner@localhost","password":"{PASSWORD}"}}"#);
        let answer = connection.ask(&Request::post("/api/session", "", &who)).await?;
        let cookie = answer.header("set-cookie").and_then(|value| value.split(';').next().map(str::to_owned));
        let csrf = answer.value()?.get("csrf").and_then(Value::as_str).unwrap_or_default().to_owned();
        let head = format!("Cookie: {}\r\nX-CSRF-Token: {csrf}\r\n", cookie.context("no session")?);
        Ok(Session { address: self.address, connection, head })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who is signed in.
pub struct Session {
    pub address: SocketAddr,
    connection: Connection,
    head: String,
}

impl Session {
    /// The same person on another connection.
    pub async fn again(&self) -> anyhow::Result<Self> {
        Ok(Self { address: self.address, connection: Connection::open(self.address).await?, head: self.head.clone() })
    }

    pub fn get_request(&self, path: &str) -> Request {
        Request::get(path, &self.head)
    }

    pub async fn get(&mut self, path: &str) -> anyhow::Result<Value> {
        let request = self.get_request(path);
        good(self.connection.ask(&request).await?, path)
    }

    /// What is refused because the database is busy has not happened, and is asked for again.
    pub async fn post(&mut self, path: &str, body: &str) -> anyhow::Result<Value> {
        let request = Request::post(path, &self.head, body);
        for _ in 0..BUSY_TRIES {
            let answer = self.connection.ask(&request).await?;
            if answer.status != 503 {
                return good(answer, path);
            }
            tokio::time::sleep(BUSY_PAUSE).await;
        }
        good(self.connection.ask(&request).await?, path)
    }

    /// Makes a flow; its id.
    pub async fn create(&mut self, name: &str, root: &str) -> anyhow::Result<String> {
        let source = Value::from(flows::text(root)).to_json();
        text(&self.post("/api/flows", &format!(r#"{{"name":"{name}","source":{source}}}"#)).await?, "id")
    }

    /// Makes a flow and switches it on; its id.
    pub async fn running(&mut self, name: &str, root: &str) -> anyhow::Result<String> {
        let id = self.create(name, root).await?;
        self.post(&format!("/api/flows/{id}/start"), "").await?;
        Ok(id)
    }

    /// Gives a flow a webhook that answers as `answer` says; its path.
    pub async fn webhook(&mut self, flow: &str, answer: &str) -> anyhow::Result<String> {
        let spec = format!(r#"{{"name":"hook","spec":{{"type":"webhook","answer":"{answer}"}}}}"#);
        let url = text(&self.post(&format!("/api/flows/{flow}/triggers"), &spec).await?, "url")?;
        let path = url.find("/api/").map(|at| url[at..].to_owned());
        path.context("a webhook has a path")
    }
}

fn good(answer: Answer, path: &str) -> anyhow::Result<Value> {
    ensure!((200..300).contains(&answer.status), "{path}: {}: {}", answer.status, answer.body);
    answer.value()
}

pub fn text(value: &Value, member: &str) -> anyhow::Result<String> {
    let found = value.get(member).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no `{member}` in {}", value.to_json()))
}

/// Two threads ask, as the server's own two answer.
pub fn threads() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
