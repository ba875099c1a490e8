use crate::auth::{By, SignedInAs};
use crate::endpoint::Endpoint;
use crate::extract::Place;
use crate::problem::Problem;
use crate::state::{App, Phase};
use crate::wire::time;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::unfold;
use futures::{Stream, StreamExt};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use weir_base::{Micros, Text, Value};
use weir_control::{Caller, Cursor, Happening, Live, Permission, Told, Topic};

pub fn routes() -> Vec<Endpoint> {
    let stream = |path, name, about| {
        Endpoint::get(path, name, about)
            .needs(Permission::RunsRead)
            .header("Last-Event-ID")
            .gives_text(200, "Server-sent events, until whoever listens goes away", "text/event-stream")
            .or(&[422])
    };
    vec![
        stream(
            "/api/runs/{run}/events",
            "runEvents",
            "Everything that happens in a run, from its beginning to its end",
        )
        .handler(of_one),
        stream("/api/flows/{id}/events", "flowEvents", "What happens in a flow's runs, from now on").handler(of_flow),
        stream("/api/flows/{id}/logs", "flowLogs", "The same under the name it had before").handler(of_flow),
        stream("/api/projects/{project}/events", "projectEvents", "What happens in a project's runs, from now on")
            .handler(of_project),
    ]
}

/// Who listens, and by which session where it is somebody in a browser.
struct Listener {
    caller: Caller,
    session: Option<Text>,
}

impl<S: Sync> FromRequestParts<S> for Listener {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let By(caller) = By::from_request_parts(parts, state).await?;
        let session = parts.extensions.get::<SignedInAs>().map(|person| person.session.id.clone());
        Ok(Self { caller, session })
    }
}

/// Where to go on. An id that is none of ours is refused: whoever sends it would miss events and not know.
fn last(app: &App, caller: &Caller, headers: &HeaderMap) -> Result<Option<Cursor>, Problem> {
    let Some(given) = headers.get("last-event-id") else { return Ok(None) };
    let text = given.to_str().unwrap_or("?");
    // A browser that has seen no event with an id yet sends an empty one, if any.
    match text.is_empty() {
        true => Ok(None),
        false => Ok(Some(app.control.read_event_id(&caller.tenant, text)?)),
    }
}

async fn of_one(
    State(app): State<Arc<App>>,
    listener: Listener,
    Place(run): Place<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let from = last(&app, &listener.caller, &headers)?;
    stream(&app, listener, Topic::Run(run.into()), from).await
}

/// For a webhook that answers with what happens.
pub async fn of_run(app: &Arc<App>, tenant: &Text, run: Text) -> Result<Response, Problem> {
    let listener = Listener { caller: Caller::system(tenant.clone(), "webhook"), session: None };
    stream(app, listener, Topic::Run(run), None).await
}

/// For an interface that answers with what happens: the parts of results as they come, and how it ends. What else is in
/// the journal is not for those outside.
pub async fn outside(app: &Arc<App>, tenant: &Text, run: Text) -> Result<Response, Problem> {
    let caller = Caller::system(tenant.clone(), "interface");
    let live = app.control.follow(&caller, Topic::Run(run), None).await?;
    let subscriber = Subscriber::new(&app.subscribers);
    let live = live.filter_map(move |item| {
        let _counted: &Subscriber = &subscriber;
        std::future::ready(item.map(shown_outside).transpose())
    });
    Ok(Sse::new(events(app, tenant, live))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response())
}

/// Of an error the code alone.
fn shown_outside(live: Live) -> Option<Live> {
    let happening = match live.happening {
        Happening::Seen { ref observation, .. } if &*observation.seen.kind == "stream" => live.happening,
        Happening::State { run, flow, status, waits, output, error } if status.is_final() => {
            let error = error.map(|error| Value::object([("code", error.get("code").cloned().unwrap_or_default())]));
            Happening::State { run, flow, status, waits, output, error }
        }
        _ => return None,
    };
    Some(Live { happening, ..live })
}

async fn of_flow(
    State(app): State<Arc<App>>,
    listener: Listener,
    Place(id): Place<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let flow = app.control.flow(&listener.caller, &id).await?.value;
    let from = last(&app, &listener.caller, &headers)?;
    stream(&app, listener, Topic::Flow { project: flow.project, flow: flow.name }, from).await
}

async fn of_project(
    State(app): State<Arc<App>>,
    listener: Listener,
    Place(project): Place<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let project = app.control.show_project(&listener.caller, &project).await?.value.name;
    let from = last(&app, &listener.caller, &headers)?;
    stream(&app, listener, Topic::Project(project), from).await
}

async fn stream(app: &Arc<App>, listener: Listener, topic: Topic, from: Option<Cursor>) -> Result<Response, Problem> {
    let told = app.control.follow_together(&listener.caller, topic, from).await?;
    let pass = Pass::of(app, listener).await?;
    let subscriber = Subscriber::new(&app.subscribers);
    let texts = texts(pass, told).inspect(move |_| {
        let _counted: &Subscriber = &subscriber;
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(texts)).into_response())
}

/// A comment, so that whoever is between does not take a stream without events for dead.
const KEEP_ALIVE: &[u8] = b":\n\n";
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(15);

/// Access is looked up again after so long even where nothing was heard of: another process may have taken it.
const RENEW_AFTER: Duration = Duration::from_secs(15);

/// What lets somebody go on listening.
struct Pass {
    app: Arc<App>,
    listener: Listener,
    changes: watch::Receiver<u64>,
    phases: watch::Receiver<Phase>,
    renewed: Instant,
    /// When it ends by itself.
    until: Option<Micros>,
}

impl Pass {
    async fn of(app: &Arc<App>, listener: Listener) -> Result<Self, Problem> {
        let (changes, phases) = (app.control.access_changes(), app.phases());
        let mut pass = Self { app: app.clone(), listener, changes, phases, renewed: Instant::now(), until: None };
        pass.renew().await?;
        Ok(pass)
    }

    async fn renew(&mut self) -> weir_control::Result<()> {
        // What changes from here on is heard of, also while this looks.
        self.changes.borrow_and_update();
        self.renewed = Instant::now();
        let Listener { caller, session } = &self.listener;
        self.until = self.app.control.still_may(caller, session.as_ref(), Permission::RunsRead).await?;
        Ok(())
    }

    /// Whether the next may be told. Where access cannot be looked up, it may not.
    async fn holds(&mut self) -> bool {
        let heard = self.changes.has_changed().unwrap_or(true);
        let over = self.until.is_some_and(|at| at <= self.app.control.now());
        let fresh = !heard && !over && self.renewed.elapsed() < RENEW_AFTER;
        fresh || self.renew().await.is_ok()
    }

    /// How long to wait for events before something else is to be done.
    fn patience(&self) -> Duration {
        let left = self.until.map(|at| at.saturating_sub(self.app.control.now()).max(0).unsigned_abs());
        left.map_or(KEEP_ALIVE_AFTER, |left| Duration::from_micros(left).min(KEEP_ALIVE_AFTER))
    }
}

/// Events as they go over the wire: of each batch one text, however many are told it. It ends with what lets somebody
/// listen, and with the server: a stop would wait for it else. Whoever listens goes on at the next start.
fn texts(
    pass: Pass,
    told: impl Stream<Item = weir_control::Result<Told>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    unfold((Box::pin(told), pass), |(mut told, mut pass)| async move {
        let until = Instant::now() + pass.patience();
        let item = loop {
            tokio::select! {
                biased;
                () = stopping(&mut pass.phases) => return None,
                Ok(()) = pass.changes.changed() => pass.renew().await.ok()?,
                item = timeout_at(until, told.next()) => break item,
            }
        };
        if !pass.holds().await {
            return None;
        }
        let text = match item {
            Err(_) => Bytes::from_static(KEEP_ALIVE),
            Ok(item) => match item? {
                Ok(batch) => {
                    Bytes::from_owner(batch.text(|events| text_of(&pass.app, &pass.listener.caller.tenant, events)))
                }
                Err(error) => problem(&error.to_string()).into(),
            },
        };
        Some((Ok(text), (told, pass)))
    })
}

async fn stopping(phases: &mut watch::Receiver<Phase>) {
    let _ = phases.wait_for(|phase| *phase == Phase::Stopping).await.map(drop);
}

fn text_of(app: &App, tenant: &str, events: &[Live]) -> Vec<u8> {
    let mut text = Vec::new();
    for live in events {
        let (name, data) = told(live.happening.clone());
        let id = live.cursor.map(|cursor| format!("id: {}\n", app.control.event_id(tenant, cursor)));
        // JSON has no line ends of its own, so the data is one line.
        let event = format!("event: {name}\ndata: {}\n{}\n", data.to_json(), id.unwrap_or_default());
        text.extend_from_slice(event.as_bytes());
    }
    text
}

fn problem(message: &str) -> String {
    format!("event: problem\ndata: {}\n\n", Value::from(message).to_json())
}

/// Counts as one until the stream that holds it is dropped.
struct Subscriber(Arc<AtomicI64>);

impl Subscriber {
    fn new(count: &Arc<AtomicI64>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn events<S: Stream<Item = weir_control::Result<Live>>>(
    app: &Arc<App>,
    tenant: &Text,
    live: S,
) -> impl Stream<Item = Result<Event, Infallible>> + use<S> {
    let (app, tenant) = (app.clone(), tenant.clone());
    live.map(move |item| {
        Ok(match item {
            Ok(live) => event(&app, &tenant, live),
            Err(error) => Event::default().event("problem").data(Value::from(error.to_string()).to_json()),
        })
    })
}

fn event(app: &App, tenant: &str, live: Live) -> Event {
    let (name, data) = told(live.happening);
    let event = Event::default().event(name).data(data.to_json());
    match live.cursor {
        Some(cursor) => event.id(app.control.event_id(tenant, cursor)),
        None => event,
    }
}

fn told(happening: Happening) -> (&'static str, Value) {
    let json = |text: &str| Value::from_json(text).unwrap_or_default();
    match happening {
        Happening::Record { run, flow, seq, at, ty, path, payload } => (
            "record",
            Value::object([
                ("run", run.into()),
                ("flow", flow.into()),
                ("seq", (seq as f64).into()),
                ("at", time(at).into()),
                ("type", ty.into()),
                ("path", path.into()),
                ("payload", payload.map(|payload| json(&payload)).into()),
            ]),
        ),
        Happening::Seen { run, flow, observation } => {
            let seen = observation.seen;
            let name = match &*seen.kind {
                "log" => "log",
                "stream" => "stream",
                _ => "attempt",
            };
            let members = [
                ("run", run.into()),
                ("flow", flow.into()),
                ("at", time(seen.at).into()),
                ("path", seen.path.into()),
                ("attempt", seen.attempt.into()),
                ("payload", json(&seen.payload)),
            ];
            (name, Value::object(members))
        }
        Happening::State { run, flow, status, waits, output, error } => (
            "state",
            Value::object([
                ("run", run.into()),
                ("flow", flow.into()),
                ("status", status.as_str().into()),
                ("waiting", Value::array(waits.reasons.into_iter().map(Value::from))),
                ("wakeAt", waits.until.map(time).into()),
                ("output", output),
                ("error", error.into()),
            ]),
        ),
    }
}
