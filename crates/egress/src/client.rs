use crate::hosts::{Hosts, std_duration};
use crate::policy::{Route, place, route};
use crate::resolver::{Refused, Resolver};
use crate::{Body, EgressError, Request, Response, redirect};
use reqwest::header::LOCATION;
use std::error::Error;
use std::hash::RandomState;
use std::sync::{Arc, OnceLock};
use tokio::time::{Instant, timeout_at};
use weir_base::Duration;
use weir_kind::EgressPolicy;

#[derive(Clone, Debug)]
pub struct Options {
    pub user_agent: String,
    pub connect_timeout: Duration,
    /// The largest response body, in bytes.
    pub max_response: usize,
    pub max_redirects: usize,
    /// Failures in a row after which a host is left alone.
    pub breaker_failures: u32,
    /// For how long.
    pub breaker_cooldown: Duration,
    /// Per host; further requests wait.
    pub requests_per_second: f64,
    /// Requests a host that was quiet may get at once.
    pub burst: f64,
    /// Tries after failures a host may get at once; further ones wait until it has answered others, or a while.
    pub retries: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_agent: concat!("weir/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            max_response: 16 * 1024 * 1024,
            max_redirects: 5,
            breaker_failures: 10,
            breaker_cooldown: Duration::from_secs(30),
            requests_per_second: 200.0,
            burst: 400.0,
            retries: 50.0,
        }
    }
}

/// The outward HTTP client. One serves the whole process.
///
/// It holds two connection pools, one of which can only ever connect to the open internet, so a connection made
/// with one flow's permission to a private place is never lent to another flow. Both are made on first use.
pub struct Client {
    options: Options,
    hosts: Hosts,
    /// Tells credentials apart without keeping them; another for every process.
    hasher: RandomState,
    global: OnceLock<Result<reqwest::Client, String>>,
    private: OnceLock<Result<reqwest::Client, String>>,
}

impl Client {
    pub fn new(options: Options) -> Self {
        let hosts = Hosts::new(&options);
        Self { options, hosts, hasher: RandomState::new(), global: OnceLock::new(), private: OnceLock::new() }
    }

    /// Sends a request and gives the answer, whatever its status; follows redirects, each checked like the first.
    pub async fn send(&self, mut request: Request, policy: &EgressPolicy) -> Result<Response, EgressError> {
        let deadline = Instant::now() + std_duration(request.timeout);
        for _ in 0..=self.options.max_redirects {
            let response = self.hop(&request, policy, deadline).await?;
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let status = response.status().as_u16();
            match location {
                Some(location) if request.follow_redirects && matches!(status, 301 | 302 | 303 | 307 | 308) => {
                    request = redirect::follow(request, status, location)?;
                }
                _ => return self.finish(response, &request, deadline),
            }
        }
        Err(EgressError::TooManyRedirects(self.options.max_redirects))
    }

    async fn hop(
        &self,
        request: &Request,
        policy: &EgressPolicy,
        deadline: Instant,
    ) -> Result<reqwest::Response, EgressError> {
        let route = route(policy, &request.url)?;
        let (host, port) = place(&request.url)?;
        let credential = request.credential(&self.hasher).unwrap_or_default();
        let (host, key) = (host.to_string(), format!("{}|{host}:{port}|{credential:x}", request.scope));
        let client = self.client(route)?;
        let admitted = timeout_at(deadline, self.hosts.admit(&key, &host, request.attempt > 1)).await;
        admitted.map_err(|_| EgressError::Timeout(request.timeout))??;
        let begun = Instant::now();
        let sent = timeout_at(deadline, client.execute(to_reqwest(request))).await;
        let result = match sent {
            Err(_) => Err(EgressError::Timeout(request.timeout)),
            Ok(Err(error)) => Err(explain(&error, &host)),
            Ok(Ok(response)) => Ok(response),
        };
        self.hosts.record(&key, is_healthy(&result));
        log(request, &host, port, begun, &result);
        result
    }

    fn client(&self, route: Route) -> Result<&reqwest::Client, EgressError> {
        let slot = if route == Route::Global { &self.global } else { &self.private };
        let made = slot.get_or_init(|| build(&self.options, route));
        made.as_ref().map_err(|reason| EgressError::Setup(reason.clone()))
    }

    fn finish(
        &self,
        response: reqwest::Response,
        request: &Request,
        deadline: Instant,
    ) -> Result<Response, EgressError> {
        let limit = self.options.max_response;
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(EgressError::TooLarge(limit));
        }
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let (status, headers, url) = (response.status().as_u16(), headers.collect(), response.url().to_string());
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let body = Body { inner: response, host, limit, read: 0, deadline, timeout: request.timeout };
        Ok(Response { status, headers, url, body })
    }
}

/// One line for each hop. Paths, queries, headers and bodies may all hold what is secret, so none of them shows.
fn log(request: &Request, host: &str, port: u16, begun: Instant, result: &Result<reqwest::Response, EgressError>) {
    let (method, tenant, attempt) = (request.method.as_str(), &*request.scope, request.attempt);
    let status = result.as_ref().ok().map(|response| response.status().as_u16());
    let code = result.as_ref().err().map(EgressError::code);
    let (sent, ms) = (request.body.len(), begun.elapsed().as_micros() as f64 / 1_000.0);
    tracing::info!(target: "weir::egress", method, host, port, status, code, ms, sent, attempt, tenant, "request sent");
}

/// A refused address says nothing about the host's health; a gateway that cannot reach its backend does.
fn is_healthy(result: &Result<reqwest::Response, EgressError>) -> bool {
    match result {
        Ok(response) => !matches!(response.status().as_u16(), 502..=504),
        Err(error) => matches!(error, EgressError::PrivateAddress { .. }),
    }
}

fn to_reqwest(request: &Request) -> reqwest::Request {
    let mut out = reqwest::Request::new(request.method.clone(), request.url.clone());
    *out.headers_mut() = request.headers.clone();
    if !request.body.is_empty() {
        *out.body_mut() = Some(request.body.clone().into());
    }
    out
}

fn build(options: &Options, route: Route) -> Result<reqwest::Client, String> {
    // The provider may have been set by another part of the process; either way there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        reqwest::Client::builder()
            .user_agent(&options.user_agent)
            .connect_timeout(std_duration(options.connect_timeout))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(Resolver(route)))
    };
    // Without certificates of the system, plain http still works and https fails with a reason.
    let client = builder().build().or_else(|_| builder().tls_certs_only([]).build());
    client.map_err(|error| innermost(&error))
}

fn explain(error: &reqwest::Error, host: &str) -> EgressError {
    if let Some(refused) = find_refused(error) {
        return EgressError::PrivateAddress { host: host.to_owned(), address: refused.0 };
    }
    let (host, reason) = (host.to_owned(), innermost(error));
    if error.is_connect() { EgressError::Connect { host, reason } } else { EgressError::Interrupted { host, reason } }
}

fn find_refused<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Refused> {
    std::iter::successors(Some(error), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

/// What went wrong at the bottom, which is what a person can act on.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |error| (*error).source()).last();
    last.map_or_else(|| error.to_string(), ToString::to_string)
}
