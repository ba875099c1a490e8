use super::database::{Data, Databases};
use super::http::Connection;
use super::row::{Row, Target};
use super::serve::{Server, Session, text, threads};
use super::{flows, listing::percentile};
use anyhow::{Context, ensure};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use weir_base::Value;

const SUBSCRIBERS: usize = 1_000;
/// Steps of the run that is followed; each is a record.
const STEPS: usize = 500;

/// Many who follow one run that does much.
pub fn thousand_subscribers(databases: &Databases) -> anyhow::Result<Vec<Row>> {
    databases.each(|data| threads()?.block_on(on(data)))
}

async fn on(data: &Data) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(data)?;
    let mut session = server.sign_in().await?;
    let flow = session.running("followed", &flows::repeat_after_signal(STEPS)).await?;
    let started = session.post(&format!("/api/triggers/{flow}/inject"), "{}").await?;
    let run = text(&started, "run")?;
    let mut feeds = Vec::with_capacity(SUBSCRIBERS);
    for _ in 0..SUBSCRIBERS {
        feeds.push(Feed::open(&session, &format!("/api/runs/{run}/events")).await?);
    }
    let (begun, used) = (Instant::now(), server.cpu()?);
    let followers: Vec<_> = feeds.into_iter().map(|feed| tokio::spawn(follow(feed))).collect();
    session.post(&format!("/api/runs/{run}/signal"), r#"{"name":"go"}"#).await?;
    let (mut right, mut ends, mut events, mut bytes) = (0, Vec::new(), 0, 0);
    for follower in followers {
        let seen = follower.await??;
        right += usize::from(seen.in_order);
        events += seen.events;
        bytes += seen.bytes;
        ends.push((seen.ended - begun).as_secs_f64());
    }
    let cpu = server.cpu()?.saturating_sub(used).as_secs_f64();
    let memory = server.memory()?;
    let all = begun.elapsed().as_secs_f64();
    let work = "1,000 subscribers of a busy run";
    let share = right as f64 / SUBSCRIBERS as f64;
    Ok(vec![
        Row::new(work, format!("had every event once, in order{}", data.suffix()), Target::AtLeast(1.0), share, "×")
            .with("eventsEach", events as f64 / SUBSCRIBERS as f64)
            .with("megabytes", bytes as f64 / 1e6)
            .with("medianEndS", percentile(&mut ends, 0.5))
            .with("lastEndS", percentile(&mut ends, 1.0))
            .with("serverMiB", memory.0)
            .with("serverPssMiB", memory.1),
        Row::new(work, format!("CPU of the server{}", data.suffix()), Target::Told, cpu, "s")
            .with("cpuPerEventMicros", cpu * 1e6 / events as f64)
            .with("coresMeanwhile", cpu / all),
    ])
}

struct Seen {
    in_order: bool,
    events: usize,
    bytes: usize,
    ended: Instant,
}

/// Reads to the end of the run. Records must come as 1, 2, 3, … and none be missing at the end.
async fn follow(mut feed: Feed) -> anyhow::Result<Seen> {
    let (mut next, mut events, mut in_order) = (1.0, 0, true);
    let patience = Duration::from_secs(300);
    while let Some(event) = tokio::time::timeout(patience, feed.next()).await?? {
        events += 1;
        match &*event.name {
            "record" => {
                in_order &= event.data.get("seq").and_then(Value::as_f64) == Some(next);
                next += 1.0;
            }
            "state" if event.data.get("status").and_then(Value::as_str) == Some("succeeded") => break,
            "problem" => anyhow::bail!("{}", event.data.to_json()),
            _ => {}
        }
    }
    // Started, the signal, and a result for every step.
    in_order &= next > STEPS as f64 + 2.0;
    Ok(Seen { in_order, events, bytes: feed.bytes, ended: Instant::now() })
}

/// A stream of server-sent events over a connection of its own.
pub struct Feed {
    stream: TcpStream,
    read: Vec<u8>,
    /// How much of `read` is taken already.
    taken: usize,
    pub bytes: usize,
}

pub struct Event {
    pub name: String,
    pub data: Value,
}

impl Feed {
    /// Returns once the answer has begun.
    pub async fn open(session: &Session, path: &str) -> anyhow::Result<Self> {
        let stream = Connection::open(session.address).await?.send(&session.get_request(path)).await?;
        let mut feed = Self { stream, read: Vec::with_capacity(16 * 1024), taken: 0, bytes: 0 };
        let head = loop {
            if let Some(head) = feed.part(b"\r\n\r\n") {
                break head;
            }
            ensure!(feed.more().await?, "the server hung up");
        };
        ensure!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        Ok(feed)
    }

    /// The next event; none where the stream is over.
    pub async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            // Events come in parts with their lengths between; no line of an event looks like one.
            if let Some(lines) = self.part(b"\n\n") {
                if let Some(event) = event(&lines)? {
                    return Ok(Some(event));
                }
            } else if !self.more().await? {
                return Ok(None);
            }
        }
    }

    fn part(&mut self, end: &[u8]) -> Option<String> {
        let at = self.read[self.taken..].windows(end.len()).position(|window| window == end)?;
        let part = String::from_utf8_lossy(&self.read[self.taken..self.taken + at]).into_owned();
        self.taken += at + end.len();
        Some(part)
    }

    async fn more(&mut self) -> anyhow::Result<bool> {
        self.read.drain(..self.taken);
        self.taken = 0;
        let count = self.stream.read_buf(&mut self.read).await?;
        self.bytes += count;
        Ok(count > 0)
    }
}

fn event(lines: &str) -> anyhow::Result<Option<Event>> {
    let field = |name: &str| lines.lines().find_map(|line| line.strip_prefix(name));
    let Some(data) = field("data: ") else { return Ok(None) };
    let data = Value::from_json(data).map_err(|error| anyhow::anyhow!("{error}: {data}"))?;
    Ok(Some(Event { name: field("event: ").context("an event has a name")?.to_owned(), data }))
}
