//! GitHub's part of a sign-in, as its documentation describes it: no identity token, a code that is exchanged for a
//! token, and an interface that says who somebody is. It checks what it is sent.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use weir_vault::{Secret, pkce};

type Fields = HashMap<String, String>;

#[derive(Default)]
struct Known {
    /// What was asked with the last sign-in.
    asked: Fields,
    addresses: Value,
}

type Shared = Arc<Mutex<Known>>;

pub struct GitHub {
    pub url: String,
    known: Shared,
}

impl GitHub {
    pub async fn start() -> GitHub {
        let known = Shared::default();
        let router = Router::new()
            .route("/login/oauth/authorize", get(authorize))
            .route("/login/oauth/access_token", post(token))
            .route("/api/v3/user", get(user))
            .route("/api/v3/user/emails", get(emails))
            .with_state(known.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, router));
        GitHub { url, known }
    }

    pub fn addresses(&self, addresses: Value) {
        self.known.lock().unwrap().addresses = addresses;
    }
}

async fn authorize(State(known): State<Shared>, Query(asked): Query<Fields>) -> Redirect {
    let to = format!("{}?code=the-code&state={}", asked["redirect_uri"], asked["state"]);
    known.lock().unwrap().asked = asked;
    Redirect::to(&to)
}

async fn token(State(known): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let sent: Fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let asked = known.lock().unwrap().asked.clone();
    let proves = pkce::challenge(&Secret::new(sent["code_verifier"].as_str())) == asked["code_challenge"];
    let same = sent["redirect_uri"] == asked["redirect_uri"] && sent["client_id"] == asked["client_id"];
    let good = proves && same && sent["code"] == "the-code" && sent["client_secret"] == "hush";
    let json = headers.get("accept").is_some_and(|kind| kind == "application/json");
    match good && json {
        true => {
            Json(json!({"access_token": "gho_token", "token_type": "bearer", "scope": asked["scope"]})).into_response()
        }
        false => Json(json!({"error": "bad_verification_code"})).into_response(),
    }
}

fn admitted(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == "Bearer gho_token")
}

async fn user(headers: HeaderMap) -> Response {
    match admitted(&headers) {
        true => Json(json!({"id": 583_231, "login": "octocat", "name": null, "email": null})).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn emails(State(known): State<Shared>, headers: HeaderMap) -> Response {
    match admitted(&headers) {
        true => Json(known.lock().unwrap().addresses.clone()).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn serve(listener: tokio::net::TcpListener, router: Router) {
    use tower::Service;
    while let Ok((stream, _)) = listener.accept().await {
        let router = router.clone();
        let service = hyper::service::service_fn(move |request| router.clone().call(request));
        let connection = hyper::server::conn::http1::Builder::new();
        tokio::spawn(connection.serve_connection(hyper_util::rt::TokioIo::new(stream), service));
    }
}
