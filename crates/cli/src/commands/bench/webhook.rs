use super::http::{Connection, Request};
use super::machine::Machine;
use super::row::{Row, Target};
use super::{flows, process, raw};
use anyhow::{Context, ensure};
use axum::Router;
use axum::routing::post;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use weir_base::Value;

const CONNECTIONS: usize = 32;
const REQUESTS: usize = 20_000;
const ROUNDS: usize = 3;
const PASSWORD: &str = "bench-of-the-webhook";

/// W4: a webhook starts a run of three steps and answers with its result. The server is a process of its own on the
/// same two cores as whoever asks.
pub fn three_steps(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const WORK: &str = "W4 webhook, 3 steps, answer";
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let data = tempfile::tempdir_in(folder)?;
    let server = Server::start(data.path())?;
    let request = threads.block_on(server.furnish())?;
    threads.block_on(load(server.address, &request, 4_000))?;
    let trivial = threads.block_on(trivial())?;
    let plain = Request::post("/", "", "{}");
    let (mut machines, mut rounds, mut plains) = (vec![Machine::measure(folder)?], Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let used = server.cpu()?;
        let load_done = threads.block_on(load(server.address, &request, REQUESTS))?;
        rounds.push((load_done, server.cpu()?.saturating_sub(used)));
        plains.push(threads.block_on(load(trivial, &plain, REQUESTS))?);
        machines.push(Machine::measure(folder)?);
    }
    let machine = Machine::best(&machines);
    let best = rounds.iter().map(|(load, _)| load.per_second()).fold(0.0, f64::max);
    let plain = plains.iter().map(Load::per_second).fold(0.0, f64::max);
    let p95 = rounds.iter().map(|(load, _)| load.percentile(0.95)).fold(f64::INFINITY, f64::min);
    let cpu =
        raw::median(&mut rounds.iter().map(|(_, cpu)| cpu.as_secs_f64() * 1e3 / REQUESTS as f64).collect::<Vec<_>>());
    Ok(vec![
        Row::new(WORK, "32 connections", Target::AtLeast(6_000.0), best, "req/s")
            .scaled(machine.faster_in_batches().min(1.0))
            .with("trivialHandlerPerSecond", plain)
            .with("ofTrivialHandler", best / plain)
            .with("yardstick", machine.to_value()),
        Row::new(WORK, "32 connections, p95", Target::AtMost(15.0), p95, "ms").scaled(machine.slower().max(1.0)),
        Row::new(WORK, "32 connections, CPU of the server", Target::AtMost(0.2), cpu, "ms/req"),
    ])
}

/// What some requests have cost.
struct Load {
    wall: Duration,
    /// Milliseconds, in rising order.
    each: Vec<f64>,
}

impl Load {
    fn per_second(&self) -> f64 {
        self.each.len() as f64 / self.wall.as_secs_f64()
    }

    fn percentile(&self, share: f64) -> f64 {
        self.each[((self.each.len() as f64 * share) as usize).min(self.each.len() - 1)]
    }
}

async fn load(to: SocketAddr, request: &Request, count: usize) -> anyhow::Result<Load> {
    let begun = Instant::now();
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let request = request.clone();
            tokio::spawn(async move {
                let mut connection = Connection::open(to).await?;
                let mut each = Vec::with_capacity(count / CONNECTIONS);
                for _ in 0..count / CONNECTIONS {
                    let begun = Instant::now();
                    let answer = connection.ask(&request).await?;
                    ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
                    each.push(begun.elapsed().as_secs_f64() * 1e3);
                }
                anyhow::Ok(each)
            })
        })
        .collect();
    let mut each = Vec::with_capacity(count);
    for worker in workers {
        each.extend(worker.await??);
    }
    let wall = begun.elapsed();
    each.sort_by(f64::total_cmp);
    Ok(Load { wall, each })
}

/// A handler that does nothing, served by the same library.
async fn trivial() -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router: Router = Router::new().route("/", post(|| async { "{}" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// `weir serve` on a folder of its own.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(data: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "human", "--data"])
            .arg(data)
            .env("WEIR_OWNER_PASSWORD", PASSWORD)
            .env("WEIR_LOG", "warn")
            .env("WEIR_DEMO", "false")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("stderr is piped")?).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let rest = line.split("http://").nth(1)?;
            rest.split([' ', '/']).next()?.parse().ok()
        });
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        match address {
            Some(address) => Ok(Self { child, address }),
            None => {
                let _ = child.kill();
                anyhow::bail!("the server did not start: {}", child.wait()?)
            }
        }
    }

    /// Processor time of the server so far.
    fn cpu(&self) -> anyhow::Result<Duration> {
        process::cpu_of(self.child.id())
    }

    /// Makes the flow and its webhook; what to ask it.
    async fn furnish(&self) -> anyhow::Result<Request> {
        let mut connection = Connection::open(self.address).await?;
        let sign_in = format!(r#"{{"email":"owner@localhost","password":"{PASSWORD}"}}"#);
        let session = connection.ask(&Request::post("/api/session", "", &sign_in)).await?;
        let cookie = session.header("set-cookie").and_then(|value| value.split(';').next().map(str::to_owned));
        let csrf = session.value()?.get("csrf").and_then(Value::as_str).unwrap_or_default().to_owned();
        let head = format!("Cookie: {}\r\nX-CSRF-Token: {csrf}\r\n", cookie.context("no session")?);
        let source = Value::from(flows::text(&flows::sequence(3))).to_json();
        let new = Request::post("/api/flows", &head, &format!(r#"{{"name":"w4","source":{source}}}"#));
        let flow = connection.ask(&new).await?.value()?;
        let id = flow.get("id").and_then(Value::as_str).with_context(|| flow.to_json())?.to_owned();
        let started = connection.ask(&Request::post(&format!("/api/flows/{id}/start"), &head, "")).await?;
        ensure!(started.status == 200, "{}", started.body);
        let spec = r#"{"name":"hook","spec":{"type":"webhook","answer":"result"}}"#;
        let made = connection.ask(&Request::post(&format!("/api/flows/{id}/triggers"), &head, spec)).await?.value()?;
        let url = made.get("url").and_then(Value::as_str).with_context(|| made.to_json())?;
        let path = url.find("/api/").map(|at| &url[at..]).context("a webhook has a path")?;
        Ok(Request::post(path, "", r#"{"order":7}"#))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
