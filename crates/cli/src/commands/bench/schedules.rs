use super::database::{Data, Databases};
use super::flows;
use super::listing::percentile;
use super::live::Feed;
use super::ready::target;
use super::row::Row;
use super::serve::{Server, Session, threads};
use anyhow::ensure;
use std::time::Duration;
use weir_base::{Micros, Value};
use weir_runtime::{Clock, SystemClock};

const SCHEDULES: usize = 10_000;
const SPREAD: Micros = 60_000_000;
/// How long making them may take, at most, so that none is due before the last is made.
const MAKING: Micros = 90_000_000;
const AT_ONCE: usize = 8;

/// Schedules that are due at moments of their own within a minute.
pub fn in_a_minute(databases: &Databases) -> anyhow::Result<Vec<Row>> {
    databases.each(|data| threads()?.block_on(on(data)))
}

async fn on(data: &Data) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(data)?;
    let mut session = server.sign_in().await?;
    let flow = session.running("scheduled", &flows::sequence(1)).await?;
    let first = SystemClock.now() + MAKING;
    let mut workers = Vec::new();
    for worker in 0..AT_ONCE {
        let (session, flow) = (session.again().await?, flow.clone());
        workers.push(tokio::spawn(make(session, flow, first, worker)));
    }
    for worker in workers {
        worker.await??;
    }
    ensure!(SystemClock.now() < first, "making the schedules took longer than until they were due");
    let used = server.cpu()?;
    let mut late = heard(&session, &flow).await?;
    let cpu = server.cpu()?.saturating_sub(used);
    server.stop()?;
    let journal = late_in_journal(data)?;
    let p99 = percentile(&mut late, 0.99);
    let figure = format!("10,000 over 60 s, p99 from due to its first record being heard of{}", data.suffix());
    Ok(vec![
        Row::new("schedules", figure, target(data, 250.0), p99, "ms")
            .with("medianMs", percentile(&mut late, 0.5))
            .with("mostMs", percentile(&mut late, 1.0))
            .with("mostMsByTheJournal", journal)
            .with("serverCpuS", cpu.as_secs_f64()),
    ])
}

async fn make(mut session: Session, flow: String, first: Micros, worker: usize) -> anyhow::Result<()> {
    let path = format!("/api/flows/{flow}/triggers");
    for number in (worker..SCHEDULES).step_by(AT_ONCE) {
        let at = first + SPREAD / SCHEDULES as Micros * number as Micros;
        let time = moment(at);
        let spec =
            format!(r#"{{"name":"s{number}","spec":{{"type":"schedule","schedule":{{"at":{{"time":"{time}"}}}}}}}}"#);
        session.post(&path, &spec).await?;
    }
    Ok(())
}

fn moment(at: Micros) -> String {
    jiff::Timestamp::from_microsecond(at).unwrap_or_default().to_string()
}

/// How many milliseconds after it was due the first record of each run was heard of, by somebody who follows the flow.
async fn heard(session: &Session, flow: &str) -> anyhow::Result<Vec<f64>> {
    let mut feed = Feed::open(session, &format!("/api/flows/{flow}/events")).await?;
    let mut late = Vec::with_capacity(SCHEDULES);
    while late.len() < SCHEDULES {
        let event = tokio::time::timeout(Duration::from_micros((MAKING + 2 * SPREAD) as u64), feed.next()).await??;
        let now = SystemClock.now();
        let Some(event) = event else { anyhow::bail!("the stream ended after {} runs", late.len()) };
        if event.name != "record" || event.data.get("seq").and_then(Value::as_f64) != Some(1.0) {
            continue;
        }
        let run = event.data.get("run").and_then(Value::as_str).unwrap_or_default();
        let due: Micros = run.rsplit('-').next().unwrap_or_default().parse()?;
        late.push((now - due) as f64 / 1e3);
    }
    Ok(late)
}

/// The same by the time the journal gives the record, at most.
fn late_in_journal(data: &Data) -> anyhow::Result<f64> {
    const SQL: &str = "SELECT CAST(MAX(j.at - CAST(substr(r.id, length(r.id) - 15) AS BIGINT)) AS DOUBLE PRECISION)
        FROM runs r JOIN journal j ON j.rid = r.rid AND j.seq = 1 WHERE r.id LIKE 'tick-%'";
    Ok(data.number(SQL)? / 1e3)
}
