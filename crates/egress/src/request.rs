use crate::{Body, EgressError};
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use std::hash::BuildHasher;
use url::Url;
use weir_base::Duration;

/// Headers that belong to the connection, not to the caller.
const OWN_HEADERS: [&str; 9] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect", "keep-alive"];

/// One request. Make it with [`Request::new`], then set the fields that matter.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub body: Bytes,
    /// From sending to the last byte of the response.
    pub timeout: Duration,
    pub follow_redirects: bool,
    /// Hosts are remembered per scope, such as a tenant, so that one cannot close a host to another.
    pub scope: String,
    /// 1 for the first time this is sent; more for a try after a failure, which the host's budget must have room for.
    pub attempt: u32,
}

impl Request {
    pub fn new(method: &str, url: &str) -> Result<Self, EgressError> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| EgressError::InvalidRequest(format!("`{method}` is not an HTTP method")))?;
        let url = Url::parse(url).map_err(|error| EgressError::InvalidUrl(format!("not a URL: {error}")))?;
        let (headers, body, timeout) = (HeaderMap::new(), Bytes::new(), Duration::from_secs(30));
        Ok(Self { method, url, headers, body, timeout, follow_redirects: true, scope: String::new(), attempt: 1 })
    }

    pub fn url_mut(&mut self) -> &mut Url {
        &mut self.url
    }

    /// Sets a header, in place of an earlier one of the same name.
    pub fn header(&mut self, name: &str, value: &str) -> Result<(), EgressError> {
        let (name, value) = parse_header(name, value)?;
        self.headers.insert(name, value);
        Ok(())
    }

    /// Sets a header that is not sent on to another host after a redirect.
    pub fn sensitive_header(&mut self, name: &str, value: &str) -> Result<(), EgressError> {
        let (name, mut value) = parse_header(name, value)?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    /// Stands for what the request authorises itself with, and tells nothing about it; none without.
    pub(crate) fn credential(&self, hasher: &impl BuildHasher) -> Option<u64> {
        let own = |(name, value): &(&HeaderName, &HeaderValue)| {
            value.is_sensitive() || **name == AUTHORIZATION || **name == COOKIE
        };
        let mut all: Vec<_> =
            self.headers.iter().filter(own).map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        all.sort_unstable();
        (!all.is_empty()).then(|| hasher.hash_one(all))
    }

    pub fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), EgressError> {
    let wrong = |what: &str| EgressError::InvalidRequest(format!("header `{}` {what}", name.escape_debug()));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("is not a header name"))?;
    if OWN_HEADERS.contains(&parsed.as_str()) || parsed.as_str().starts_with("proxy-") {
        return Err(wrong("is set by the connection and cannot be given"));
    }
    let value = HeaderValue::from_str(value).map_err(|_| wrong("has a value with characters that are not allowed"))?;
    Ok((parsed, value))
}

/// An answer: its head, and its body still to be read.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// Where the answer came from, after redirects.
    pub url: String,
    pub body: Body,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
