use crate::openapi;
use crate::problem::Problem;
use crate::state::App;
use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// The page is one file and asks for nothing but the document beside it.
const PAGE: &str = include_str!("docs.html");

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/openapi.json", get(document))
        .route("/api/docs", get(page))
        .route("/docs/errors/{code}", get(error_page))
}

async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi::document()).into_response()
}

async fn page() -> Response {
    let policy = "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(PAGE)).into_response()
}

async fn error_page(Path(code): Path<String>) -> Response {
    let found = ERRORS.iter().find(|(name, _)| *name == code);
    match found {
        Some((_, text)) => ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], *text).into_response(),
        None => Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is no page for this code").into_response(),
    }
}

include!(concat!(env!("OUT_DIR"), "/errors.rs"));
