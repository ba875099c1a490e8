use crate::auth::bearer;
use crate::endpoint::Endpoint;
use crate::metrics::{self, Scrape};
use crate::problem::Problem;
use crate::state::{App, Phase};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use weir_vault::Secret;

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/metrics", "metrics", "Numbers for Prometheus, for this machine or with the token for it")
            .open()
            .gives_text(200, "OpenMetrics text", metrics::MEDIA_TYPE)
            .or(&[401])
            .handler(read),
    ]
}

async fn read(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    check(app.options.metrics_token.as_ref(), from, request.headers())?;
    let load = app.control.load();
    let measures = match app.control.measures(&load).await {
        Ok(measures) => Some(measures),
        Err(error) => {
            tracing::warn!("numbers of the database are left out: {error}");
            None
        }
    };
    let mut readings = Vec::new();
    for source in &app.readings {
        readings.extend(source.read().await);
    }
    let scrape = Scrape {
        load,
        measures,
        http: app.http.read(),
        subscribers: app.subscribers.load(Ordering::Relaxed),
        ready: app.phase() == Phase::Serving,
        readings,
    };
    let code = "UNAVAILABLE";
    let broken = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, "the numbers cannot be written down");
    let text = metrics::text(scrape).map_err(broken)?;
    Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response())
}

/// They name tenants and flows, so they are not for everybody.
fn check(token: Option<&Secret>, from: Option<SocketAddr>, headers: &HeaderMap) -> Result<(), Problem> {
    if let (Some(token), Some(given)) = (token, bearer(headers))
        && *token == Secret::new(given)
    {
        return Ok(());
    }
    // A proxy on this machine speaks for others.
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    match from.is_some_and(|from| from.ip().to_canonical().is_loopback()) && !forwarded && bearer(headers).is_none() {
        true => Ok(()),
        false => {
            let detail = "the numbers are for this machine, and for whoever sends the token of `metricsToken`";
            Err(Problem::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_read_them() {
        let token = Secret::new("t0ken");
        let cases = [
            (None, "127.0.0.1:5", "", true),
            (None, "[::1]:5", "", true),
            (None, "[::ffff:127.0.0.1]:5", "", true),
            (None, "10.0.0.7:5", "", false),
            (None, "10.0.0.7:5", "authorization: Bearer t0ken", false),
            (None, "127.0.0.1:5", "x-forwarded-for: 10.0.0.7", false),
            (Some(&token), "10.0.0.7:5", "authorization: Bearer t0ken", true),
            (Some(&token), "10.0.0.7:5", "authorization: Bearer t0ke", false),
            (Some(&token), "127.0.0.1:5", "authorization: Bearer wrong", false),
            (Some(&token), "127.0.0.1:5", "", true),
            (Some(&token), "10.0.0.7:5", "", false),
        ];
        for (token, from, header, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header.split_once(": ") {
                headers.insert(header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
            }
            let found = check(token, Some(from.parse().unwrap()), &headers);
            assert_eq!(found.is_ok(), expected, "{from} {header}");
        }
        assert!(check(None, None, &HeaderMap::new()).is_err(), "whoever comes from nowhere is not of this machine");
    }
}
