use crate::ClientError;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use std::error::Error;
use std::time::Duration;
use url::{Host, Url};
use weir_base::Value;

/// How often a call that may be repeated is tried, and how long one waits at most between two of them.
const TRIES: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(250);
/// After so long without a byte nothing more is waited for. A server takes at most a minute for what it is asked to wait
/// for; the rest is for one that is busy.
const LONGEST_SILENCE: Duration = Duration::from_secs(300);

/// A server, and the key to speak to it with.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    key: Option<String>,
    silence: Duration,
}

/// Part of a list: its items, and where the part that follows begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    pub items: Vec<Value>,
    pub next: Option<String>,
}

impl List {
    /// As the server says it.
    pub fn to_value(&self) -> Value {
        let items = Value::from(self.items.clone());
        match &self.next {
            Some(next) => Value::object([("items", items), ("next", next.as_str().into())]),
            None => Value::object([("items", items)]),
        }
    }
}

/// One call that is put together.
pub(crate) struct Call<'a> {
    client: &'a Client,
    method: Method,
    path: Vec<&'a str>,
    query: Vec<(&'static str, String)>,
    headers: HeaderMap,
    body: Option<String>,
    repeatable: bool,
}

/// What came back.
pub(crate) struct Answer {
    pub headers: HeaderMap,
    pub body: Value,
}

impl Client {
    /// `server` is `http://HOST:PORT` or `https://HOST`, with a path where it is served below one.
    pub fn new(server: &str, key: Option<&str>) -> Result<Self, ClientError> {
        Self::patient(server, key, LONGEST_SILENCE)
    }

    fn patient(server: &str, key: Option<&str>, silence: Duration) -> Result<Self, ClientError> {
        let wrong = || ClientError::Address(server.to_owned());
        let base = Url::parse(server.trim_end_matches('/')).map_err(|_| wrong())?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong());
        }
        Ok(Self { http: http(is_here(&base), silence)?, base, key: key.map(str::to_owned), silence })
    }

    /// The address without a slash at its end.
    pub fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub(crate) fn get<'a>(&'a self, path: &[&'a str]) -> Call<'a> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post<'a>(&'a self, path: &[&'a str]) -> Call<'a> {
        self.call(Method::POST, path)
    }

    pub(crate) fn put<'a>(&'a self, path: &[&'a str]) -> Call<'a> {
        self.call(Method::PUT, path)
    }

    pub(crate) fn delete<'a>(&'a self, path: &[&'a str]) -> Call<'a> {
        self.call(Method::DELETE, path)
    }

    fn call<'a>(&'a self, method: Method, path: &[&'a str]) -> Call<'a> {
        let repeatable = method == Method::GET;
        let (query, headers) = (Vec::new(), HeaderMap::new());
        Call { client: self, method, path: path.to_vec(), query, headers, body: None, repeatable }
    }

    /// At most so many items of a list, from as many pages as that takes.
    pub(crate) async fn list(
        &self,
        path: &[&str],
        query: &[(&'static str, Option<String>)],
        limit: u32,
    ) -> Result<List, ClientError> {
        let mut list = List::default();
        let mut after = query.iter().find(|(name, _)| *name == "after").and_then(|(_, value)| value.clone());
        loop {
            let wanted = (limit as usize - list.items.len()).min(200);
            let mut call = self.get(path).query("limit", Some(wanted)).query("after", after.take());
            for (name, value) in query.iter().filter(|(name, _)| *name != "after") {
                call = call.query(name, value.clone());
            }
            let body = call.send().await?;
            let items = body.get("items").and_then(Value::as_array).unwrap_or_default();
            list.items.extend(items.iter().cloned());
            list.next = body.get("next").and_then(Value::as_str).map(str::to_owned);
            match &list.next {
                Some(next) if list.items.len() < limit as usize && !items.is_empty() => after = Some(next.clone()),
                _ => return Ok(list),
            }
        }
    }

    pub(crate) fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        let silent = error.is_timeout() && !error.is_connect();
        let reason = if silent { self.unheard() } else { innermost(error) };
        ClientError::Unreachable { server: self.server().to_owned(), reason }
    }

    fn unheard(&self) -> String {
        format!(
            "nothing was heard of it for {} s; what was asked of it may still have been done",
            self.silence.as_secs()
        )
    }

    pub(crate) fn strange(&self, reason: impl Into<String>) -> ClientError {
        ClientError::Strange { server: self.server().to_owned(), reason: reason.into() }
    }
}

impl<'a> Call<'a> {
    pub fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").with_body(body.to_json())
    }

    fn with_body(self, body: String) -> Self {
        Self { body: Some(body), ..self }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The revision that was seen; whatever is there for `None`.
    pub fn seen(self, revision: Option<u64>) -> Self {
        let seen = revision.map_or_else(|| "*".to_owned(), |revision| format!("\"{revision}\""));
        self.header("if-match", &seen)
    }

    /// Once, however often it is sent.
    pub fn once(self, key: &str) -> Self {
        Self { repeatable: true, ..self.header("idempotency-key", key) }
    }

    pub async fn send(self) -> Result<Value, ClientError> {
        Ok(self.answer().await?.body)
    }

    pub async fn answer(self) -> Result<Answer, ClientError> {
        let client = self.client;
        let response = self.respond().await?;
        let headers = response.headers().clone();
        let bytes = response.bytes().await.map_err(|error| client.unreachable(&error))?;
        let body = read(&bytes).ok_or_else(|| client.strange("it is not JSON"))?;
        Ok(Answer { headers, body })
    }

    /// The answer with its body still to come; problems are read and told.
    pub async fn respond(self) -> Result<reqwest::Response, ClientError> {
        let mut tries = 1;
        loop {
            let result = self.request()?.send().await;
            let again = self.repeatable && tries < TRIES;
            let pause = match &result {
                Ok(response) => again.then(|| pause_asked(response)).flatten(),
                Err(error) => (again && !error.is_connect() && !error.is_timeout()).then_some(PAUSE),
            };
            if let Some(pause) = pause {
                tries += 1;
                tokio::time::sleep(pause).await;
                continue;
            }
            let response = result.map_err(|error| self.client.unreachable(&error))?;
            if response.status().is_success() {
                return Ok(response);
            }
            return Err(self.client.problem(response).await);
        }
    }

    fn request(&self) -> Result<reqwest::RequestBuilder, ClientError> {
        let mut url = self.client.base.clone();
        let wrong = || ClientError::Address(self.client.server().to_owned());
        url.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().extend(&self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = self.client.http.request(self.method.clone(), url).headers(self.headers.clone());
        if let Some(key) = &self.client.key {
            request = request.bearer_auth(key);
        }
        Ok(match &self.body {
            Some(body) => request.body(body.clone()),
            None => request,
        })
    }
}

impl Client {
    async fn problem(&self, response: reqwest::Response) -> ClientError {
        let status = response.status();
        let bytes = match response.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => return self.unreachable(&error),
        };
        let whole = read(&bytes).unwrap_or_default();
        let member = |name: &str| whole.get(name).and_then(Value::as_str).map(str::to_owned);
        match (member("code"), member("detail")) {
            (Some(code), Some(detail)) => {
                ClientError::Problem { status: status.as_u16(), code, detail, whole: Box::new(whole) }
            }
            _ => self.strange(format!("status {status} without a problem; is there a Weir at this address?")),
        }
    }
}

/// How long the server wants to be left alone, where it could not answer just now.
fn pause_asked(response: &reqwest::Response) -> Option<Duration> {
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&response.status());
    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let pause = seconds.map_or(PAUSE, Duration::from_secs);
    (busy && pause <= LONGEST_PAUSE).then_some(pause)
}

/// An empty body is null.
fn read(bytes: &Bytes) -> Option<Value> {
    if bytes.is_empty() {
        return Some(Value::Null);
    }
    Value::from_json(std::str::from_utf8(bytes).ok()?).ok()
}

fn is_here(base: &Url) -> bool {
    match base.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn http(here: bool, silence: Duration) -> Result<reqwest::Client, ClientError> {
    // The provider may have been set by another part of the process; either way there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(silence)
            .redirect(reqwest::redirect::Policy::none());
        if here { builder.no_proxy() } else { builder }
    };
    // Without certificates of the system, plain http still works and https fails with a reason.
    let client = builder().build().or_else(|_| builder().tls_certs_only([]).build());
    client.map_err(|error| ClientError::Unreachable { server: "a server".to_owned(), reason: innermost(&error) })
}

/// The reason at the bottom of an error, which is what helps.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["http://127.0.0.1:7878", "https://weir.example.org/", "http://h/below"] {
            assert_eq!(Client::new(good, None).unwrap().server(), good.trim_end_matches('/'));
        }
        for wrong in ["", "127.0.0.1:7878", "ftp://h", "http://"] {
            assert!(matches!(Client::new(wrong, None), Err(ClientError::Address(_))), "{wrong}");
        }
    }

    /// One takes what it is sent and says nothing, the other stops in the middle of its answer.
    #[tokio::test]
    async fn a_server_that_falls_silent_is_not_waited_for_for_ever() {
        for begins in ["", "HTTP/1.1 200 Said\r\ncontent-length: 9\r\n\r\n{"] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let server = format!("http://{}", listener.local_addr().unwrap());
            std::thread::spawn(move || {
                let mut kept = Vec::new();
                for mut stream in listener.incoming().map_while(Result::ok) {
                    let _ = std::io::Write::write_all(&mut stream, begins.as_bytes());
                    kept.push(stream);
                }
            });
            let client = Client::patient(&server, None, Duration::from_secs(1)).unwrap();
            let error = client.get(&["api", "runs"]).send().await.unwrap_err().to_string();
            assert!(error.starts_with(&server) && error.contains("nothing was heard of it for 1 s"), "{error}");
        }
    }

    #[test]
    fn what_stands_in_a_path_cannot_leave_it() {
        let client = Client::new("http://h/below", Some("k")).unwrap();
        let call = client.get(&["api", "runs", "a/b?c#d"]).query("limit", Some(2)).query("after", None::<u32>);
        let request = call.request().unwrap().build().unwrap();
        assert_eq!(request.url().as_str(), "http://h/below/api/runs/a%2Fb%3Fc%23d?limit=2");
        assert_eq!(request.headers()["authorization"], "Bearer k");
    }
}
