//! Forms that several resources share.

use crate::problem::Problem;
use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weir_base::Micros;
use weir_control::{Kept, Listed};

/// A time as RFC 3339 in UTC.
pub fn time(at: Micros) -> String {
    let bound = if at < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(at).unwrap_or(bound).to_string()
}

/// Reads what [`time`] writes, in any zone.
pub fn read_time(text: &str) -> Option<Micros> {
    text.parse::<Timestamp>().ok().map(|time| time.as_microsecond())
}

/// Both ends of a time range, as they stand in a query.
pub fn since_until(since: Option<&str>, until: Option<&str>) -> Result<(Option<Micros>, Option<Micros>), Problem> {
    let read = |text: &str| {
        let detail = "`since` and `until` are times such as 2026-11-28T17:00:00Z";
        read_time(text).ok_or_else(|| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_TIME_RANGE", detail))
    };
    Ok((since.map(read).transpose()?, until.map(read).transpose()?))
}

/// Part of a list. `next` is what to send as `after` for the part that follows; absent at the end.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub fn of<U>(listed: Listed<U>, view: impl FnMut(U) -> T) -> Json<Self> {
        let listed = listed.map(view);
        Json(Self { items: listed.items, next: listed.next.map(|next| next.to_string()) })
    }
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The `next` of the part before.
    pub after: Option<String>,
    /// 1 to 200; 50 where absent.
    pub limit: Option<u32>,
}

/// The revision of what is shown, to be sent back as `If-Match` with a change of it.
pub fn etag<T>(kept: &Kept<T>) -> HeaderMap {
    etag_of(kept.revision)
}

/// As [`etag`], of what is no record of the control plane.
pub fn etag_of(revision: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        headers.insert(header::ETAG, value);
    }
    headers
}
