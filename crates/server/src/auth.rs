use crate::endpoint::Access;
use crate::limits::Allowance;
use crate::observe::{Trail, trail};
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use weir_base::Text;
use weir_control::model::{Session, User};
use weir_control::{Actor, Caller, ControlError, Kept, Origin};

pub const COOKIE: &str = "weir_session";

/// What stands before a route.
#[derive(Clone)]
pub struct Guard {
    pub app: Arc<App>,
    pub access: Access,
}

/// Who is signed in: only in a browser, never with a key.
#[derive(Clone)]
pub struct SignedInAs {
    pub session: Kept<Session>,
    pub user: Kept<User>,
}

/// Who asks; there on every route that is not open.
pub struct By(pub Caller);

impl<S: Sync> FromRequestParts<S> for By {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(By).ok_or_else(|| unauthenticated("sign in, or send a valid key").into())
    }
}

/// The session and the person behind it.
pub struct Person(pub SignedInAs);

impl<S: Sync> FromRequestParts<S> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let person = parts.extensions.get::<SignedInAs>().cloned();
        person.map(Person).ok_or_else(|| unauthenticated("this is for people who are signed in, not for keys").into())
    }
}

/// Where the request comes from.
pub struct From_(pub Origin);

impl FromRequestParts<Arc<App>> for From_ {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(From_(Origin { address: client(parts, app), agent: agent.into() }))
    }
}

fn unauthenticated(message: &'static str) -> ControlError {
    ControlError::Unauthenticated(message)
}

/// The client's address: the connection's, or what trusted proxies say, counted from the nearest.
fn client(parts: &Parts, app: &App) -> Text {
    let direct = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let named = forwarded(&parts.headers, app.options.proxies);
    named.or(direct).map(|address| address.to_string()).unwrap_or_default().into()
}

fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    if proxies == 0 {
        return None;
    }
    let all = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let addresses: Vec<&str> = all.flat_map(|value| value.split(',')).map(str::trim).collect();
    addresses.len().checked_sub(proxies).and_then(|index| addresses[index].parse().ok())
}

/// Lets through who may use the route, and tells the handler who it is.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&guard, &mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(guard: &Guard, parts: &mut Parts) -> Result<(), Problem> {
    let from = client(parts, &guard.app);
    let caller = match bearer(&parts.headers) {
        Some(key) => guard.app.control.by_key(key, &from).await?.0,
        None => by_cookie(guard, parts, &from).await?,
    };
    let trail = trail(&parts.extensions);
    trail.caller(&caller);
    let session = parts.extensions.get::<SignedInAs>().map(|person| &person.session.id);
    limit(&guard.app, &trail, &caller.tenant, name_of(&caller, session)).await?;
    let needed = guard.access.permissions();
    if let Some(first) = needed.first().filter(|_| !needed.iter().any(|permission| caller.may(*permission))) {
        caller.must(*first)?;
    }
    parts.extensions.insert(caller);
    Ok(())
}

/// What a limit on requests counts by: the key, else the session.
fn name_of(caller: &Caller, session: Option<&Text>) -> Text {
    match (&caller.actor, session) {
        (Actor::Key { id, .. }, _) => format!("key {id}").into(),
        (_, Some(id)) => format!("session {id}").into(),
        (actor, None) => actor.name(),
    }
}

/// Counts one request of the name against its tenant's rate.
pub async fn limit(app: &App, trail: &Trail, tenant: &Text, name: Text) -> Result<(), Problem> {
    let Some(rate) = app.control.rate_of(tenant).await? else { return Ok(()) };
    let allowance = app.limits.take(&name, rate, app.control.now());
    trail.allowance(allowance);
    match allowance.retry {
        None => Ok(()),
        Some(seconds) => Err(ControlError::TooMany { seconds }.into()),
    }
}

/// Counts one request against each of these limits, so many a minute of each name. What is told is the nearest to its
/// end.
pub fn limit_each(app: &App, trail: &Trail, limits: &[(Text, u32)]) -> Result<(), Problem> {
    let mut nearest: Option<Allowance> = None;
    for (name, rate) in limits {
        let allowance = app.limits.take(name, *rate, app.control.now());
        if let Some(seconds) = allowance.retry {
            trail.allowance(allowance);
            return Err(ControlError::TooMany { seconds }.into());
        }
        nearest = Some(nearest.filter(|other| other.remaining <= allowance.remaining).unwrap_or(allowance));
    }
    if let Some(nearest) = nearest {
        trail.allowance(nearest);
    }
    Ok(())
}

async fn by_cookie(guard: &Guard, parts: &mut Parts, from: &Text) -> Result<Caller, Problem> {
    let token = cookie(&parts.headers).ok_or_else(|| unauthenticated("sign in, or send a valid key"))?;
    let (caller, session, user) = guard.app.control.by_session(token, from).await?;
    check_csrf(parts, &session)?;
    parts.extensions.insert(SignedInAs { session, user });
    Ok(caller)
}

pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_of(headers, COOKIE)
}

pub fn cookie_of<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// A browser sends cookies by itself, so a change needs something that only our own page knows.
fn check_csrf(parts: &Parts, session: &Kept<Session>) -> Result<(), Problem> {
    if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let given = parts.headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let same = weir_vault::Secret::new(given) == weir_vault::Secret::new(&*session.value.csrf);
    match same {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "CSRF_TOKEN",
            "a change from a browser needs the header X-CSRF-Token with the `csrf` of GET /api/session",
        )),
    }
}

/// Headers every answer has.
pub async fn always(State(_): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
