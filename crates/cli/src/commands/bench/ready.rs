use super::database::{Data, Databases};
use super::machine::Machine;
use super::row::{Row, Target};
use super::serve::{Server, threads};
use super::{flows, raw, seed};
use std::time::Duration;

const FLOWS: usize = 1_000;
const RUNNING: usize = 100;
const RUNS: usize = 100_000;
const WAITING: usize = 10_000;
const STARTS: usize = 5;

/// How long a server that has nothing to do is left alone before its memory is looked at.
const REST: Duration = Duration::from_secs(5);

/// From starting a server with much in it to being ready, and its memory then.
pub fn with_much(databases: &Databases) -> anyhow::Result<Vec<Row>> {
    let mut rows = idle(&Data::sqlite(databases.folder)?)?;
    rows.extend(databases.each(|data| much(data, databases))?);
    Ok(rows)
}

/// A new server that nobody has used.
fn idle(data: &Data) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(data)?;
    std::thread::sleep(REST);
    let (resident, share) = server.memory()?;
    Ok(vec![Row::new("memory of the server", "idle", Target::AtMost(60.0), resident, "MiB").with("pssMiB", share)])
}

fn much(data: &Data, databases: &Databases) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(data)?;
    threads()?.block_on(furnish(&server))?;
    server.stop()?;
    seed::copy_runs(data, RUNS, true)?;
    let mut machines = vec![Machine::measure(databases.folder)?];
    let (mut times, mut memory) = (Vec::new(), (0.0, 0.0));
    for _ in 0..STARTS {
        let server = Server::start(data)?;
        times.push(server.started_in.as_secs_f64());
        std::thread::sleep(REST);
        memory = server.memory()?;
        server.stop()?;
        machines.push(Machine::measure(databases.folder)?);
    }
    let median = raw::median(&mut times);
    let machine = Machine::best(&machines);
    let figure = format!("1,000 flows, 100 running, 100,000 runs{}", data.suffix());
    Ok(vec![
        Row::new("start of the server to ready", &*figure, target(data, 1.0), median, "s")
            .with("slowestS", times.last().copied().unwrap_or_default())
            .with("quickestS", times.first().copied().unwrap_or_default())
            .with("yardstick", machine.to_value()),
        Row::new("memory of the server", format!("idle, {figure}"), target(data, 60.0), memory.0, "MiB")
            .with("pssMiB", memory.1),
    ])
}

/// What is to be reached on SQLite is told of PostgreSQL.
pub fn target(data: &Data, most: f64) -> Target {
    if data.is_sqlite() { Target::AtMost(most) } else { Target::Told }
}

/// A thousand flows, of which a hundred are switched on, each with a schedule; and one run to be copied.
async fn furnish(server: &Server) -> anyhow::Result<()> {
    let mut session = server.sign_in().await?;
    let mut ids = Vec::new();
    for number in 0..FLOWS {
        ids.push(session.create(&format!("flow-{number}"), &flows::sequence(3)).await?);
    }
    for id in &ids[..RUNNING] {
        session.post(&format!("/api/flows/{id}/start"), "").await?;
        let daily = r#"{"name":"daily","spec":{"type":"schedule","schedule":{"cron":{"expression":"0 3 1 1 *"}}}}"#;
        session.post(&format!("/api/flows/{id}/triggers"), daily).await?;
    }
    let hook = session.webhook(&ids[0], "result").await?;
    session.post(&hook, "{}").await.map(drop)
}

/// Memory with ten thousand runs that wait for a signal, and after a start with them.
pub fn waiting(databases: &Databases) -> anyhow::Result<Vec<Row>> {
    databases.each(|data| {
        let threads = threads()?;
        let server = Server::start(data)?;
        threads.block_on(start_waiting(&server))?;
        std::thread::sleep(REST);
        let before = server.memory()?;
        server.stop()?;
        let server = Server::start(data)?;
        std::thread::sleep(REST);
        let after = server.memory()?;
        let figure = format!("10,000 runs that wait{}", data.suffix());
        let most = target(data, 200.0);
        Ok(vec![
            Row::new("memory of the server", figure, most, before.0.max(after.0), "MiB")
                .with("startedMiB", before.0)
                .with("startedPssMiB", before.1)
                .with("afterRestartMiB", after.0)
                .with("afterRestartPssMiB", after.1)
                .with("restartS", server.started_in.as_secs_f64()),
        ])
    })
}

async fn start_waiting(server: &Server) -> anyhow::Result<()> {
    const AT_ONCE: usize = 8;
    let mut session = server.sign_in().await?;
    let flow = session.running("waits", &flows::repeat_after_signal(1)).await?;
    let path = format!("/api/triggers/{flow}/inject");
    let mut workers = Vec::new();
    for _ in 0..AT_ONCE {
        let (mut session, path) = (session.again().await?, path.clone());
        workers.push(tokio::spawn(async move {
            for _ in 0..WAITING / AT_ONCE {
                session.post(&path, r#"{"input":{"order":7}}"#).await?;
            }
            anyhow::Ok(())
        }));
    }
    for worker in workers {
        worker.await??;
    }
    // A connection that was not used meanwhile may be closed by now.
    let mut session = session.again().await?;
    loop {
        let open = session.get("/api/runs?status=running,pending&limit=1").await?;
        if open.get("items").and_then(|items| items.as_array().map(|items| items.is_empty())).unwrap_or(false) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
