use super::database::{Data, Databases};
use super::http::{Connection, Request};
use super::machine::Machine;
use super::row::{Row, Target};
use super::serve::{Server, threads};
use super::{flows, raw};
use anyhow::ensure;
use axum::Router;
use axum::routing::post;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 32;
const REQUESTS: usize = 20_000;
const ROUNDS: usize = 3;

/// W4: a webhook starts a run of three steps and answers with its result. The server is a process of its own on the
/// same two cores as whoever asks.
pub fn three_steps(databases: &Databases) -> anyhow::Result<Vec<Row>> {
    databases.each(|data| on(data, databases.folder))
}

fn on(data: &Data, folder: &Path) -> anyhow::Result<Vec<Row>> {
    const WORK: &str = "W4 webhook, 3 steps, answer";
    let threads = threads()?;
    let server = Server::start(data)?;
    let request = threads.block_on(furnish(&server))?;
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
    let named = |figure: &str| format!("{figure}{}", data.suffix());
    Ok(vec![
        Row::new(WORK, named("32 connections"), told(data, Target::AtLeast(6_000.0)), best, "req/s")
            .scaled(machine.faster_in_batches().min(1.0))
            .with("trivialHandlerPerSecond", plain)
            .with("ofTrivialHandler", best / plain)
            .with("yardstick", machine.to_value()),
        Row::new(WORK, named("32 connections, p95"), told(data, Target::AtMost(15.0)), p95, "ms")
            .scaled(machine.slower().max(1.0)),
        Row::new(WORK, named("32 connections, CPU of the server"), told(data, Target::AtMost(0.2)), cpu, "ms/req"),
    ])
}

/// What is to be reached on SQLite is told of PostgreSQL.
fn told(data: &Data, target: Target) -> Target {
    if data.is_sqlite() { target } else { Target::Told }
}

/// Makes the flow and its webhook; what to ask it.
async fn furnish(server: &Server) -> anyhow::Result<Request> {
    let mut session = server.sign_in().await?;
    let flow = session.running("w4", &flows::sequence(3)).await?;
    let hook = session.webhook(&flow, "result").await?;
    Ok(Request::post(&hook, "", r#"{"order":7}"#))
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
