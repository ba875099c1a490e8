use crate::problem::Problem;
use crate::state::App;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use weir_base::Text;
use weir_control::PageOf;

/// A JSON body. An empty one counts as `{}`, so that what needs no words takes none.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<App>) -> Result<Self, Problem> {
        let bytes = body_of(request, state).await?;
        let read = read_body(&bytes)?;
        refuse_lost_digits(&bytes)?;
        Ok(Body(read))
    }
}

/// A JSON body with a flow: a number of too many digits is something to be told of that, not of the request. The flow
/// itself is taken as it is written, since a value has rounded such a number already.
pub struct FlowBody {
    pub json: serde_json::Value,
    bytes: Bytes,
}

impl FlowBody {
    /// The whole of it as something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        read_body(&self.bytes)
    }
}

impl FromRequest<Arc<App>> for FlowBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<App>) -> Result<Self, Problem> {
        let bytes = body_of(request, state).await?;
        Ok(FlowBody { json: read_body(&bytes)?, bytes })
    }
}

async fn body_of(request: Request, state: &Arc<App>) -> Result<Bytes, Problem> {
    check_type(request.headers())?;
    let bytes = whole_body(request, state).await?;
    Ok(if bytes.iter().all(u8::is_ascii_whitespace) { Bytes::from_static(b"{}") } else { bytes })
}

fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let code = if error.is_data() { "INVALID_BODY" } else { "JSON_SYNTAX" };
        Problem::new(StatusCode::BAD_REQUEST, code, format!("the body: {error}"))
    })
}

/// Who writes to this interface can write a number otherwise; to round it would be to take another one.
fn refuse_lost_digits(body: &[u8]) -> Result<(), Problem> {
    match std::str::from_utf8(body).ok().and_then(weir_base::lost_digits) {
        Some(lost) => Err(Problem::new(StatusCode::BAD_REQUEST, "NUMBER_PRECISION", format!("the body: {lost}"))),
        None => Ok(()),
    }
}

/// A body that says it is something else is not guessed at.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(given) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // What curl sends where nobody said anything.
    let taken = ["application/json", "application/x-www-form-urlencoded", "text/plain"].contains(&&*essence);
    match taken || essence.ends_with("+json") {
        true => Ok(()),
        false => {
            let detail = format!("a body of type `{essence}` is not read here; send application/json");
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", detail))
        }
    }
}

/// A compressed body could grow without bound, so it is taken as it is or not at all.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    match codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        true => Ok(()),
        false => {
            let detail = "compressed bodies are not taken; send it without Content-Encoding";
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "COMPRESSED_BODY", detail))
        }
    }
}

/// The body, if it came whole, in time, and is not too large.
pub async fn whole_body(request: Request, state: &Arc<App>) -> Result<Bytes, Problem> {
    check_encoding(request.headers())?;
    let reading = Bytes::from_request(request, state);
    match tokio::time::timeout(state.options.patience, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(rejection)) => Err(broken(&rejection)),
        Err(_) => {
            let detail = "the body did not arrive in time";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", detail))
        }
    }
}

fn broken(rejection: &BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "the body is larger than is read here")
        }
        status => Problem::new(status, "INVALID_BODY", "the body broke off"),
    }
}

/// What stands after the question mark.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<App>) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Params(value)).map_err(|rejection: QueryRejection| {
            Problem::new(StatusCode::BAD_REQUEST, "INVALID_QUERY", rejection.body_text())
        })
    }
}

/// What stands in the path. What does not fit names nothing.
pub struct Place<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Place<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<App>) -> Result<Self, Problem> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(value)| Place(value)).map_err(|_: PathRejection| {
            Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing at this path")
        })
    }
}

/// The revision a change was made from: `If-Match`. Without one nothing is overwritten unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(pub Option<u64>);

impl FromRequestParts<Arc<App>> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        match MaybeSeen::read(&parts.headers)? {
            Some(seen) => Ok(seen),
            None => Err(revision_needed()),
        }
    }
}

/// What a change of something that is there is told that has not said what it has seen.
pub fn revision_needed() -> Problem {
    let detail = "say which revision you have seen: `If-Match: \"N\"` with the ETag of the answer that showed it, or `If-Match: *` to change whatever is there";
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "REVISION_NEEDED", detail)
}

/// As [`Seen`], where it may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaybeSeen(pub Option<u64>);

impl MaybeSeen {
    fn read(headers: &HeaderMap) -> Result<Option<Seen>, Problem> {
        let Some(given) = headers.get(header::IF_MATCH) else { return Ok(None) };
        let text = given.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Some(Seen(None)));
        }
        let number = text.trim_start_matches("W/").trim_matches('"').parse();
        let wrong = || {
            let detail = "If-Match holds one revision in quotes, as the ETag has it, or `*`";
            Problem::new(StatusCode::BAD_REQUEST, "INVALID_REVISION", detail)
        };
        number.map(|number| Some(Seen(Some(number)))).map_err(|_| wrong())
    }
}

impl FromRequestParts<Arc<App>> for MaybeSeen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        Ok(MaybeSeen(Self::read(&parts.headers)?.and_then(|seen| seen.0)))
    }
}

/// As [`Seen`] for what may not be there yet: without `If-Match` it is made, and what is there stays. 0 stands for
/// having seen that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenOrNew(pub Option<u64>);

impl FromRequestParts<Arc<App>> for SeenOrNew {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        Ok(SeenOrNew(MaybeSeen::read(&parts.headers)?.map_or(Some(0), |seen| seen.0)))
    }
}

/// `Idempotency-Key`: the same key is the same start.
pub struct Key(pub Option<Text>);

impl FromRequestParts<Arc<App>> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let Some(given) = parts.headers.get("idempotency-key") else { return Ok(Key(None)) };
        let text = given.to_str().unwrap_or_default().trim();
        match !text.is_empty() && text.len() <= 255 {
            true => Ok(Key(Some(text.into()))),
            false => {
                let detail = "Idempotency-Key holds 1 to 255 visible ASCII characters";
                Err(Problem::new(StatusCode::BAD_REQUEST, "INVALID_IDEMPOTENCY_KEY", detail))
            }
        }
    }
}

/// The most a page of a list holds, and what it holds where nobody said.
pub const PAGE_LIMIT: u32 = 200;
pub const PAGE_USUAL: u32 = 50;

pub fn page(after: Option<String>, limit: Option<u32>) -> PageOf {
    PageOf { after: after.map(Text::from), limit: limit.unwrap_or(PAGE_USUAL).clamp(1, PAGE_LIMIT) }
}
