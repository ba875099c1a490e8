//! Traces for a collector: requests, runs and steps as spans, sent as OTLP over HTTP.
//!
//! A run may take months and be carried by several processes, so its spans are made when something ends, with ids made
//! from the run's id: whoever sends a step's span knows the id of the run's without having met it.

mod proto;

use anyhow::Context;
use proto::{Attribute, Kind, Span};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use weir_base::{Micros, Value, hash_value};
use weir_egress::Client;
use weir_kind::EgressPolicy;
use weir_runs::{Observer, RunEnded, StepEnded};
use weir_server::{Answered, Requests};

/// Spans that wait to be sent. A collector that is away costs spans, never memory.
const WAITING: usize = 8_192;

/// Spans in one request.
const TOGETHER: usize = 512;

/// How long a span waits for others.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pauses before further tries of a request that a collector could not take.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Where spans go.
pub struct Traces {
    to: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
    /// Tells spans of two requests with the same id apart.
    number: AtomicU64,
}

enum Message {
    Span(Box<Span>),
    Flush(oneshot::Sender<()>),
}

struct Target {
    client: Client,
    policy: EgressPolicy,
    url: String,
    headers: Vec<(String, String)>,
}

/// Begins to send to a collector such as `http://127.0.0.1:4318`. Headers are `name=value`, with commas between them.
pub fn begin(url: &str, headers: &str) -> anyhow::Result<Arc<Traces>> {
    let target = target(url, headers)?;
    let (to, from) = mpsc::channel(WAITING);
    let lost: Arc<AtomicU64> = Arc::default();
    tokio::spawn(send(from, target, lost.clone()));
    Ok(Arc::new(Traces { to, lost, number: AtomicU64::new(0) }))
}

fn target(url: &str, headers: &str) -> anyhow::Result<Target> {
    let wrong = |what: &str| anyhow::anyhow!(crate::exit::UsageError(format!("otlpUrl: {what}")));
    let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("not a URL"))?;
    if !["http", "https"].contains(&scheme) {
        return Err(wrong("a collector is reached by http or https"));
    }
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let url = url.trim_end_matches('/');
    let url = if url.ends_with("/v1/traces") { url.to_owned() } else { format!("{url}/v1/traces") };
    weir_egress::Request::new("POST", &url).context("otlpUrl")?;
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    let headers = headers.split(',').filter(|text| !text.trim().is_empty()).map(pair);
    let headers = headers.collect::<Option<_>>().ok_or_else(|| wrong("otlpHeaders are `name=value`"))?;
    // Whoever configures the server says where it sends; a collector beside it is the usual case.
    let policy = EgressPolicy { private: vec![place.to_owned()], ..EgressPolicy::default() };
    Ok(Target { client: Client::new(weir_egress::Options::default()), policy, url, headers })
}

impl Traces {
    fn push(&self, span: Span) {
        if self.to.try_send(Message::Span(Box::new(span))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends what waits, if the collector takes it within two seconds.
    pub async fn flush(&self) {
        let (done, heard) = oneshot::channel();
        let sent = async {
            if self.to.send(Message::Flush(done)).await.is_ok() {
                let _ = heard.await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), sent).await;
    }
}

impl Observer for Traces {
    fn run(&self, ended: &RunEnded<'_>) {
        let mut attributes = vec![
            ("weir.run", Attribute::from(&**ended.run)),
            ("weir.tenant", (&**ended.tenant).into()),
            ("weir.project", (&**ended.project).into()),
            ("weir.flow", (&**ended.flow).into()),
            ("weir.version", (&**ended.version).into()),
            ("weir.status", ended.status.as_str().into()),
        ];
        attributes.extend(ended.code.map(|code| ("weir.code", code.into())));
        self.push(Span {
            trace: trace_of(ended.run),
            id: span_of(ended.run, ""),
            parent: None,
            name: format!("run {}", ended.flow),
            kind: Kind::Internal,
            start: nanos(ended.created_at),
            end: nanos(ended.ended_at.max(ended.created_at)),
            attributes,
            link: ended.parent.map(|(run, path)| (trace_of(run), span_of(run, path))),
            error: (ended.status != weir_engine::Status::Succeeded)
                .then(|| ended.code.unwrap_or(ended.status.as_str()).to_owned()),
        });
    }

    fn step(&self, ended: &StepEnded<'_>) {
        self.push(Span {
            trace: trace_of(ended.run),
            id: span_of(ended.run, ended.path),
            parent: Some(span_of(ended.run, "")),
            name: format!("step {}", ended.kind),
            kind: Kind::Internal,
            start: nanos(ended.began_at),
            end: nanos(ended.ended_at.max(ended.began_at)),
            attributes: vec![
                ("weir.run", (&**ended.run).into()),
                ("weir.tenant", (&**ended.tenant).into()),
                ("weir.project", (&**ended.project).into()),
                ("weir.flow", (&**ended.flow).into()),
                ("weir.path", (&**ended.path).into()),
                ("weir.kind", ended.kind.into()),
                ("weir.attempts", Attribute::Number(ended.attempts.into())),
            ],
            link: None,
            error: ended.code.map(str::to_owned),
        });
    }
}

impl Requests for Traces {
    fn answered(&self, request: &Answered<'_>) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let own = format!("request {} {} {number}", request.id, request.began_at);
        let parent = request.parent.and_then(read_parent);
        let start = nanos(request.began_at);
        let mut attributes = vec![
            ("http.request.method", Attribute::from(request.method.as_str())),
            ("http.route", request.route.into()),
            ("http.response.status_code", Attribute::Number(request.status.into())),
            ("weir.request", request.id.into()),
        ];
        for (name, text) in [("weir.tenant", request.tenant), ("weir.actor", request.actor)] {
            attributes.extend((!text.is_empty()).then(|| (name, text.into())));
        }
        attributes.extend(request.run.map(|run| ("weir.run", run.into())));
        self.push(Span {
            trace: parent.map_or_else(|| trace_of(&own), |(trace, _)| trace),
            id: span_of(&own, ""),
            parent: parent.map(|(_, id)| id),
            name: format!("{} {}", request.method, request.route),
            kind: Kind::Server,
            start,
            end: start + u64::try_from(request.took.as_nanos()).unwrap_or_default(),
            attributes,
            link: request.run.map(|run| (trace_of(run), span_of(run, ""))),
            error: (request.status >= 500).then(|| request.status.to_string()),
        });
    }
}

fn nanos(at: Micros) -> u64 {
    u64::try_from(at).unwrap_or_default().saturating_mul(1_000)
}

/// Ids that are not all zeroes, as the standard wants them; a hash that is has one chance in 2^128.
fn trace_of(run: &str) -> [u8; 16] {
    hash_value(&Value::from(format!("trace {run}"))).to_be_bytes()
}

fn span_of(run: &str, path: &str) -> [u8; 8] {
    let hash = hash_value(&Value::array([run, path].map(Value::from))).to_be_bytes();
    std::array::from_fn(|at| hash[at])
}

/// The trace and span of a `traceparent`: `00-<32 hex>-<16 hex>-<2 hex>`.
fn read_parent(text: &str) -> Option<([u8; 16], [u8; 8])> {
    let mut parts = text.split('-');
    let (version, trace, id) = (parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || version == "ff" || parts.next()?.len() != 2 {
        return None;
    }
    let (trace, id) = (hex::<16>(trace)?, hex::<8>(id)?);
    (trace != [0; 16] && id != [0; 8]).then_some((trace, id))
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Gathers spans and sends them, until nobody can make any more.
async fn send(mut from: mpsc::Receiver<Message>, target: Target, lost: Arc<AtomicU64>) {
    let mut spans = Vec::new();
    loop {
        let flushed = gather(&mut from, &mut spans).await;
        let ended = flushed.is_none() && spans.is_empty();
        if !spans.is_empty() && !deliver(&target, &spans).await {
            lost.fetch_add(spans.len() as u64, Ordering::Relaxed);
        }
        spans.clear();
        let missing = lost.swap(0, Ordering::Relaxed);
        if missing > 0 {
            tracing::warn!(missing, "spans were not sent");
        }
        if let Some(Some(done)) = flushed {
            let _ = done.send(());
        }
        if ended && from.is_closed() {
            return;
        }
    }
}

/// Waits for a span and those that follow soon; who waits to hear that they were sent. None at the end.
async fn gather(from: &mut mpsc::Receiver<Message>, spans: &mut Vec<Span>) -> Option<Option<oneshot::Sender<()>>> {
    let mut next = from.recv().await?;
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        match next {
            Message::Span(span) => spans.push(*span),
            Message::Flush(done) => return Some(Some(done)),
        }
        if spans.len() >= TOGETHER {
            return Some(None);
        }
        match tokio::time::timeout_at(until, from.recv()).await {
            Ok(Some(message)) => next = message,
            Ok(None) | Err(_) => return Some(None),
        }
    }
}

/// Whether the collector has taken them, at once or after a while.
async fn deliver(target: &Target, spans: &[Span]) -> bool {
    let body = proto::request(spans, env!("CARGO_PKG_VERSION"));
    for pause in PAUSES.into_iter().map(Some).chain([None]) {
        match try_once(target, &body).await {
            Ok(200..=299) => return true,
            Ok(429 | 502..=504) | Err(_) => {}
            Ok(status) => {
                tracing::warn!(status, "the collector of traces refuses what it is sent");
                return false;
            }
        }
        let Some(pause) = pause else { break };
        tokio::time::sleep(pause).await;
    }
    false
}

async fn try_once(target: &Target, body: &[u8]) -> Result<u16, weir_egress::EgressError> {
    let mut request = weir_egress::Request::new("POST", &target.url)?;
    request.header("content-type", "application/x-protobuf")?;
    for (name, value) in &target.headers {
        request.sensitive_header(name, value)?;
    }
    request.body = body.to_vec().into();
    request.timeout = weir_base::Duration::from_secs(10);
    request.scope = "traces".to_owned();
    let mut response = target.client.send(request, &target.policy).await?;
    let status = response.status;
    response.body.bytes().await?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_of_other_programs() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let (trace, id) = read_parent(good).unwrap();
        assert_eq!((trace[0], trace[15], id[1], id[7]), (0x4b, 0x36, 0xf0, 0xb7));
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(read_parent(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn where_spans_go() {
        let found = |url: &str| target(url, "").map(|target| (target.url, target.policy.private.join(","))).ok();
        let expected = |url: &str, place: &str| Some((url.to_owned(), place.to_owned()));
        assert_eq!(found("http://127.0.0.1:4318"), expected("http://127.0.0.1:4318/v1/traces", "127.0.0.1:4318"));
        assert_eq!(found("https://c.test/x/"), expected("https://c.test/x/v1/traces", "c.test"));
        assert_eq!(found("https://c.test/v1/traces"), expected("https://c.test/v1/traces", "c.test"));
        assert_eq!((found("ftp://c.test"), found("c.test:4318")), (None, None));
        let headers = target("http://c.test", "a=b, authorization=Bearer x=y").unwrap().headers;
        assert_eq!(headers, [("a", "b"), ("authorization", "Bearer x=y")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(target("http://c.test", "nothing").is_err());
    }

    #[test]
    fn steps_belong_to_their_run() {
        assert_ne!(span_of("r", "a"), span_of("r", ""));
        assert_ne!(span_of("ra", ""), span_of("r", "a"));
        assert_eq!(trace_of("r"), trace_of("r"));
    }
}
