//! What a flow gets to see of a request that starts it.

use crate::problem::Problem;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use weir_base::{Map, Text, Value};

type Answer<T> = Result<T, Problem>;

/// What lets somebody in is nobody else's to read.
const KEPT_BACK: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];

/// A request from outside, with its body whole.
pub struct Incoming<'a> {
    pub method: &'a str,
    pub headers: &'a HeaderMap,
    pub uri: &'a Uri,
    pub body: &'a [u8],
    /// The client's address.
    pub client: &'a Text,
}

impl Incoming<'_> {
    /// Method, query, headers, client and body.
    pub fn input(&self) -> Answer<Value> {
        Ok(Value::from(self.members()?))
    }

    pub fn members(&self) -> Answer<Map> {
        let members = [
            ("method", self.method.into()),
            ("query", pairs(self.uri.query().unwrap_or_default().as_bytes())),
            ("headers", Value::from(self.shown_headers())),
            ("client", self.client.clone().into()),
            ("body", read_body(self.headers, self.body)?),
        ];
        Ok(members.into_iter().map(|(name, value)| (Text::from(name), value)).collect())
    }

    fn shown_headers(&self) -> Map {
        let header = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
            (Text::from(name.as_str()), Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
        };
        self.headers.iter().filter(|(name, _)| !KEPT_BACK.contains(&name.as_str())).map(header).collect()
    }
}

/// A field that comes twice counts as it came last.
fn pairs(text: &[u8]) -> Value {
    let fields = url::form_urlencoded::parse(text);
    Value::from(fields.map(|(name, value)| (Text::from(&*name), Value::from(&*value))).collect::<Map>())
}

/// JSON and forms as values, other text as text, everything else in base64. A whole number that would lose digits is
/// text too: its sender cannot be asked to write it otherwise.
fn read_body(headers: &HeaderMap, body: &[u8]) -> Answer<Value> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let text = std::str::from_utf8(body).ok();
    let wrong = |code: &str, detail: String| Problem::new(StatusCode::BAD_REQUEST, code, detail);
    match &*essence {
        "application/x-www-form-urlencoded" if !looks_like_json(body) => Ok(pairs(body)),
        "multipart/form-data" => {
            crate::resources::multipart::read(kind, body).map_err(|detail| wrong("INVALID_MULTIPART", detail))
        }
        essence if essence == "application/json" || essence.ends_with("+json") => {
            let text = text.ok_or_else(|| wrong("NOT_UTF8", "the body is not UTF-8".to_owned()))?;
            Value::from_foreign_json(text).map_err(|error| wrong("JSON_SYNTAX", format!("the body: {error}")))
        }
        // Nobody said what it is: JSON if it is JSON.
        "" | "application/x-www-form-urlencoded" => {
            Ok(text.and_then(|text| Value::from_foreign_json(text).ok()).unwrap_or_else(|| raw(body)))
        }
        _ => Ok(raw(body)),
    }
}

/// curl calls whatever it sends a form.
fn looks_like_json(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte))
}

pub(crate) fn raw(body: &[u8]) -> Value {
    use base64::Engine;
    match std::str::from_utf8(body) {
        Ok(text) => Value::from(text),
        Err(_) => Value::object([("base64", base64::engine::general_purpose::STANDARD.encode(body).into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, body: &[u8], expected: Result<&str, &str>) {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        let found = read_body(&headers, body).map(|value| value.to_json()).map_err(|problem| problem.code);
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{kind}");
    }

    #[test]
    fn bodies() {
        check("application/json", br#"{"a": 1}"#, Ok(r#"{"a":1}"#));
        check("application/vnd.x+json; charset=utf-8", b"[1]", Ok("[1]"));
        check("application/json", br#"{"id":9007199254740993}"#, Ok(r#"{"id":"9007199254740993"}"#));
        check("application/json", b"{", Err("JSON_SYNTAX"));
        check("application/json", b"\"\xff\"", Err("NOT_UTF8"));
        check("application/x-www-form-urlencoded", b"a=1&b=x+y%21&c", Ok(r#"{"a":"1","b":"x y!","c":""}"#));
        check("application/x-www-form-urlencoded", br#"{"a":1}"#, Ok(r#"{"a":1}"#));
        check("text/plain", b"hello", Ok("\"hello\""));
        check("application/octet-stream", b"\xff\x00", Ok(r#"{"base64":"/wA="}"#));
        check("", br#"{"a":1}"#, Ok(r#"{"a":1}"#));
        check("", b"hello", Ok("\"hello\""));
        check("", b"", Ok("null"));
    }

    #[test]
    fn percent_signs() {
        for (text, expected) in [
            ("x=a%20b", "a b"),
            ("x=%", "%"),
            ("x=%2", "%2"),
            ("x=%zz", "%zz"),
            ("x=%C3%BC", "ü"),
            ("x=ü%41+", "üA "),
            ("x=1&&x=2&", "2"),
            ("x", ""),
        ] {
            assert_eq!(pairs(text.as_bytes()).get("x").and_then(Value::as_str), Some(expected), "{text}");
        }
        assert_eq!(pairs(b"").to_json(), "{}");
    }
}
