use crate::http_status::status_error;
use crate::params::{duration, flag, list, optional_text, shortened, shown, text};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use std::sync::Arc;
use url::form_urlencoded::Serializer;
use weir_base::{Map, Text, Value};
use weir_egress::{Client, Request, Response};
use weir_kind::{Category, Kind, TaskContext, TaskError, TaskOutput};

/// How much of an unwanted answer is kept in the error, in characters.
const SHOWN_BODY: usize = 4_096;

/// Makes an HTTP request and maps the answer to `{status, headers, data}`.
pub(crate) struct HttpRequest {
    egress: Arc<Client>,
}

impl HttpRequest {
    pub fn new(egress: Arc<Client>) -> Self {
        Self { egress }
    }
}

#[async_trait]
impl Kind for HttpRequest {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let request = prepare(cx, &params).await?;
        let (response, body) = self.send(cx, request).await.map_err(|error| repeatable(error, &params))?;
        if is_expected(response.status, list(&params, "expectedStatus")) {
            let data = data(&response, &body, text(&params, "response"))?;
            let (status, headers) = (response.status.into(), headers(&response));
            return Ok(Value::object([("status", status), ("headers", headers), ("data", data)]).into());
        }
        Err(unexpected(cx, &response, &body))
    }
}

impl HttpRequest {
    async fn send(&self, cx: &TaskContext<'_>, request: Request) -> Result<(Response, Bytes), TaskError> {
        let mut response = self.egress.send(request, &cx.flow().egress).await?;
        let body = response.body.bytes().await?;
        Ok((response, body))
    }
}

/// A request that broke off may have been carried out; unless repeating it is harmless, it is not repeated unasked.
fn repeatable(error: TaskError, params: &Value) -> TaskError {
    let harmless = !matches!(text(params, "method"), "POST" | "PATCH") || flag(params, "idempotent");
    let sent = &*error.code == "EGRESS_INTERRUPTED";
    let retryable = error.retryable && (harmless || !sent);
    error.retryable(retryable)
}

async fn prepare(cx: &TaskContext<'_>, params: &Value) -> Result<Request, TaskError> {
    let method = text(params, "method");
    let mut request = Request::new(method, text(params, "url"))?;
    request.scope = cx.flow().tenant.to_string();
    request.attempt = cx.request.attempt;
    request.follow_redirects = flag(params, "followRedirects");
    request.timeout = duration(params, "timeout")?.unwrap_or(request.timeout);
    add_query(&mut request, params.get("query"));
    add_body(&mut request, params)?;
    for (name, value) in params.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = shown(value);
        if cx.holds_secret(&value) {
            request.sensitive_header(name, &value)?;
        } else {
            request.header(name, &value)?;
        }
    }
    if let Some(auth) = params.get("auth").filter(|auth| !auth.is_null()) {
        authorize(cx, &mut request, auth).await?;
    }
    if !matches!(method, "GET" | "HEAD" | "OPTIONS") && !request.has_header("idempotency-key") {
        request.header("idempotency-key", &key_header(&cx.request.key))?;
    }
    Ok(request)
}

/// The step's key in characters a header may hold.
fn key_header(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    key.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn add_query(request: &mut Request, query: Option<&Value>) {
    let members = query.and_then(Value::as_object).into_iter().flatten();
    let pairs: Vec<(Text, String)> = members.flat_map(|(name, value)| pairs(name, value)).collect();
    if !pairs.is_empty() {
        request.url_mut().query_pairs_mut().extend_pairs(pairs);
    }
}

/// One pair per value of a list; none for null.
fn pairs(name: &Text, value: &Value) -> Vec<(Text, String)> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().map(|item| (name.clone(), shown(item))).collect(),
        other => vec![(name.clone(), shown(other))],
    }
}

fn add_body(request: &mut Request, params: &Value) -> Result<(), TaskError> {
    let Some(body) = params.get("body").filter(|body| !body.is_null()) else { return Ok(()) };
    let default = if body.as_str().is_some() { "text" } else { "json" };
    let (content_type, bytes) = match optional_text(params, "bodyType").unwrap_or(default) {
        "form" => ("application/x-www-form-urlencoded", form(body)?.into_bytes()),
        "text" => ("text/plain; charset=utf-8", shown(body).into_bytes()),
        "base64" => ("application/octet-stream", binary(body)?),
        _ => ("application/json", body.to_json().into_bytes()),
    };
    request.body = bytes.into();
    Ok(request.header("content-type", content_type)?)
}

fn form(body: &Value) -> Result<String, TaskError> {
    let members = body.as_object().ok_or_else(|| {
        TaskError::input("INVALID_BODY", format!("a form needs an object as `body`, not {}", body.type_name()))
    })?;
    let pairs = members.iter().flat_map(|(name, value)| pairs(name, value));
    Ok(Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn binary(body: &Value) -> Result<Vec<u8>, TaskError> {
    let wrong = |reason: String| TaskError::input("INVALID_BODY", format!("`body` is not base64: {reason}"));
    let text = body.as_str().ok_or_else(|| wrong(body.type_name().to_owned()))?;
    STANDARD.decode(text).map_err(|error| wrong(error.to_string()))
}

async fn authorize(cx: &TaskContext<'_>, request: &mut Request, auth: &Value) -> Result<(), TaskError> {
    match text(auth, "type") {
        "basic" => {
            let password = credential(cx, auth, "password").await?;
            let pair = STANDARD.encode(format!("{}:{password}", text(auth, "username")));
            request.sensitive_header("authorization", &format!("Basic {pair}"))?;
        }
        "apiKey" => {
            let (name, value) =
                (optional_text(auth, "name").unwrap_or("x-api-key"), credential(cx, auth, "value").await?);
            if text(auth, "in") == "query" {
                request.url_mut().query_pairs_mut().append_pair(name, &value);
            } else {
                request.sensitive_header(name, &value)?;
            }
        }
        _ => {
            let token = credential(cx, auth, "token").await?;
            request.sensitive_header("authorization", &format!("Bearer {token}"))?;
        }
    }
    Ok(())
}

/// The secret the flow names, else the value it computed.
async fn credential(cx: &TaskContext<'_>, auth: &Value, field: &str) -> Result<Text, TaskError> {
    if let Some(name) = optional_text(auth, "secret") {
        return cx.secret(name).await;
    }
    let missing =
        || TaskError::input("INVALID_AUTH", format!("`auth` needs `secret`, the name of a secret, or `{field}`"));
    optional_text(auth, field).map(Text::from).ok_or_else(missing)
}

fn is_expected(status: u16, expected: &[Value]) -> bool {
    expected.iter().any(|entry| match entry {
        Value::String(class) => class.strip_suffix("xx").and_then(|digit| digit.parse().ok()) == Some(status / 100),
        other => other.as_u64() == Some(status.into()),
    })
}

/// Names in lower case; a name that came several times has its values joined.
fn headers(response: &Response) -> Value {
    let mut joined = Map::default();
    for (name, value) in &response.headers {
        let glue = if name == "set-cookie" { "\n" } else { ", " };
        let earlier =
            joined.get(name.as_str()).and_then(Value::as_str).map(|earlier| format!("{earlier}{glue}{value}"));
        joined.insert(name.as_str().into(), earlier.unwrap_or_else(|| value.clone()).into());
    }
    Value::from(joined)
}

fn data(response: &Response, body: &[u8], form: &str) -> Result<Value, TaskError> {
    let is_json = response.header("content-type").is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        essence.ends_with("/json") || essence.ends_with("+json")
    });
    match (form, std::str::from_utf8(body)) {
        ("base64", _) => Ok(STANDARD.encode(body).into()),
        (_, _) if body.is_empty() => Ok(Value::Null),
        ("text", _) => Ok(String::from_utf8_lossy(body).into_owned().into()),
        ("json", _) => json(body),
        (_, _) if is_json => json(body),
        (_, Ok(text)) => Ok(text.into()),
        (_, Err(_)) => Ok(STANDARD.encode(body).into()),
    }
}

fn json(body: &[u8]) -> Result<Value, TaskError> {
    Value::from_foreign_json(&String::from_utf8_lossy(body)).map_err(|error| {
        let message = format!("the answer is not JSON: {error}");
        TaskError::new(Category::Upstream, "HTTP_INVALID_JSON", message)
    })
}

fn unexpected(cx: &TaskContext<'_>, response: &Response, body: &[u8]) -> TaskError {
    let text = String::from_utf8_lossy(body);
    let data = if text.len() <= SHOWN_BODY { data(response, body, "auto").ok() } else { None };
    let data = data.unwrap_or_else(|| shortened(&text, SHOWN_BODY).into());
    let detail = Value::object([("status", response.status.into()), ("headers", headers(response)), ("data", data)]);
    let host =
        url::Url::parse(&response.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let message = format!("`{host}` answered with status {}", response.status);
    status_error("HTTP_STATUS", message, response, cx.request.now).detail(detail)
}
