//! The interface in the browser: its files, and one page for every address that is no file.

mod files;

use crate::problem::no_such_path;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use files::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;

const UNBUILT: &str = include_str!("unbuilt.html");

/// Nothing is fetched from elsewhere and nothing is evaluated. The editor and the canvas set styles as they go, the
/// editor underlines with pictures of its own, and checks in workers.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Addresses below these are never pages.
const APART: [&str; 5] = ["/api/", "/assets/", "/docs/", "/i/", "/webhooks/"];

/// Answers what no route does.
pub async fn fallback(request: Request) -> Response {
    let path = match request.uri().path() {
        // Asked for by browsers that show something other than a page of ours.
        "/favicon.ico" => "/favicon.svg",
        path => path,
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return no_such_path().await.into_response();
    }
    if let Some(file) = files::find(path.trim_start_matches('/')).filter(|_| path != "/index.html") {
        return file_response(path, &file, request.headers());
    }
    let is_page = path == "/" || accepts(request.headers(), header::ACCEPT, "text/html");
    if !is_page || APART.iter().any(|apart| path.starts_with(apart)) {
        return no_such_path().await.into_response();
    }
    match files::find("index.html") {
        Some(page) => file_response("/index.html", &page, request.headers()),
        None => page_response(UNBUILT.into_response()),
    }
}

fn page_response(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn file_response(path: &str, file: &File, asked: &HeaderMap) -> Response {
    let tag = tag(&file.bytes);
    let known = asked.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let mut response = match known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => body(file, accepts(asked, header::ACCEPT_ENCODING, "br")),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    // What is in `assets/` has its hash in its name.
    let lasting = if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(lasting));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// As it is kept where the browser can read that; browsers take Brotli only where the connection is to be trusted.
fn body(file: &File, brotli: bool) -> Response {
    match (file.compressed, brotli) {
        (false, _) => Body::from(file.bytes.clone()).into_response(),
        (true, true) => {
            let mut response = Body::from(file.bytes.clone()).into_response();
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
            response
        }
        (true, false) => match plain(&file.bytes) {
            Ok(bytes) => Body::from(bytes).into_response(),
            Err(error) => {
                tracing::error!("a file of the interface cannot be read: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        },
    }
}

fn plain(compressed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    brotli_decompressor::Decompressor::new(compressed, 64 * 1024).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn tag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

/// Whether a list such as `gzip, br;q=0.9` names this and does not refuse it.
fn accepts(headers: &HeaderMap, name: header::HeaderName, wanted: &str) -> bool {
    let all = headers.get_all(name);
    let parts = all.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    parts.map(str::trim).any(|part| {
        let (kind, rest) = part.split_once(';').unwrap_or((part, ""));
        kind.trim().eq_ignore_ascii_case(wanted) && !matches!(rest.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "png" => "image/png",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// On to the page where people sign in, which says what was wrong: for browsers that followed a link.
pub fn sign_in_again(asked: &HeaderMap, problem: crate::problem::Problem) -> Response {
    if !accepts(asked, header::ACCEPT, "text/html") {
        return problem.into_response();
    }
    let said: String = url::form_urlencoded::byte_serialize(problem.detail.as_bytes()).collect();
    axum::response::Redirect::to(&format!("/sign-in?problem={said}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn asked(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    /// `hello hello` and a line end, compressed.
    const HELLO: &[u8] =
        &[0x8b, 0x05, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a, 0x03];

    fn hello() -> File {
        File { bytes: Cow::Borrowed(HELLO), compressed: true }
    }

    async fn text(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn text_is_sent_as_it_is_kept_or_as_it_was() {
        let compressed = file_response("/assets/a.js", &hello(), &asked(&[(header::ACCEPT_ENCODING, "gzip, br")]));
        assert_eq!(compressed.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(compressed.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(text(compressed).await, HELLO);
        let plain = file_response("/theme.js", &hello(), &asked(&[(header::ACCEPT_ENCODING, "gzip, br;q=0")]));
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(plain.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(text(plain).await, b"hello hello\n");
    }

    #[tokio::test]
    async fn what_is_known_is_not_sent_again() {
        let first = file_response("/theme.js", &hello(), &HeaderMap::new());
        let tag = first.headers()[header::ETAG].clone();
        let again = file_response("/theme.js", &hello(), &HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(text(again).await.is_empty());
    }

    async fn get(path: &str, accept: &'static str) -> Response {
        let request = Request::builder().uri(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
        fallback(request).await
    }

    #[tokio::test]
    async fn pages_are_for_browsers_and_files_are_there_or_not() {
        for (path, accept, status) in [
            ("/", "*/*", 200),
            ("/flows/1/edit", "text/html,*/*;q=0.8", 200),
            ("/flows/1/edit", "application/json", 404),
            ("/api/nothing", "text/html", 404),
            ("/assets/nothing.js", "text/html", 404),
            ("/../Cargo.toml", "*/*", 404),
            ("/assets/../index.html", "*/*", 404),
            ("/.gitignore", "*/*", 404),
        ] {
            let answer = get(path, accept).await;
            assert_eq!(answer.status(), status, "{path} for {accept}");
            if status == 200 {
                assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
            }
        }
        assert!(!POLICY.contains("unsafe-eval"));
    }

    #[tokio::test]
    async fn a_link_that_does_not_sign_in_leads_to_where_one_can() {
        let problem = || crate::problem::Problem::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "used & gone");
        let page = sign_in_again(&asked(&[(header::ACCEPT, "text/html")]), problem());
        assert_eq!(page.headers()[header::LOCATION], "/sign-in?problem=used+%26+gone");
        assert_eq!(sign_in_again(&HeaderMap::new(), problem()).status(), StatusCode::UNAUTHORIZED);
    }
}
