//! The client against a server on loopback: what it refuses, follows, bounds and remembers.

#[path = "support/stand_in.rs"]
mod stand_in;

use stand_in::{Answer, Seen, StandIn, reply};
use weir_base::Duration;
use weir_egress::{Client, EgressError, Options, Request};
use weir_kind::EgressPolicy;

fn allowing(private: &[String]) -> EgressPolicy {
    EgressPolicy { private: private.to_vec(), allow: vec!["*".into()], ..EgressPolicy::default() }
}

async fn get(client: &Client, url: &str, policy: &EgressPolicy) -> Result<(u16, String), EgressError> {
    let mut response = client.send(Request::new("GET", url)?, policy).await?;
    let body = response.body.bytes().await?;
    Ok((response.status, String::from_utf8_lossy(&body).into_owned()))
}

fn code(result: Result<(u16, String), EgressError>) -> String {
    result.map_or_else(|error| error.code().to_owned(), |(status, body)| format!("{status} {body}"))
}

#[tokio::test]
async fn private_places_are_reached_only_when_named() {
    let server = StandIn::start(|_, _| reply(200, &[], "in")).await;
    let (client, port) = (Client::new(Options::default()), server.address.port());
    let open = allowing(&[]);
    for host in ["127.0.0.1", "2130706433", "0x7f000001", "0177.1", "[::ffff:127.0.0.1]", "localhost"] {
        let url = format!("http://{host}:{port}/");
        assert_eq!(code(get(&client, &url, &open).await), "EGRESS_PRIVATE_ADDRESS", "{host}");
        assert_eq!(
            code(get(&client, &url, &EgressPolicy::default()).await),
            if host.starts_with('l') { "EGRESS_DENIED" } else { "EGRESS_PRIVATE_ADDRESS" },
            "{host}"
        );
    }
    assert!(server.seen().is_empty(), "nothing went out");
    let named = allowing(&[format!("127.0.0.1:{port}"), format!("localhost:{port}")]);
    assert_eq!(code(get(&client, &server.url("/"), &named).await), "200 in");
    assert_eq!(code(get(&client, &format!("http://localhost:{port}/"), &named).await), "200 in");
    // The pool of one permission is never lent to a flow without it.
    assert_eq!(code(get(&client, &format!("http://localhost:{port}/"), &open).await), "EGRESS_PRIVATE_ADDRESS");
}

#[tokio::test]
async fn the_message_says_what_to_write() {
    let client = Client::new(Options::default());
    let error = get(&client, "http://localhost:1/", &allowing(&[])).await.unwrap_err();
    assert!(error.to_string().ends_with("to allow it, add `localhost` to `settings.egress.private`"), "{error}");
    let error = get(&client, "https://api.test/", &EgressPolicy::default()).await.unwrap_err();
    assert!(error.to_string().ends_with("to allow it, add `api.test` to `settings.egress.allow`"), "{error}");
}

#[tokio::test]
async fn redirects_are_checked_hop_by_hop() {
    let inner = StandIn::start(|_, _| reply(200, &[], "inner")).await;
    let target = inner.url("/secret");
    let outer = StandIn::start(move |_, seen: &Seen| match seen.target.as_str() {
        "/same" => reply(302, &[("location", "/done")], ""),
        "/other" => reply(307, &[("location", &target)], ""),
        "/round" => reply(302, &[("location", "/round")], ""),
        _ => reply(200, &[], "done"),
    })
    .await;
    let client = Client::new(Options::default());
    let named = allowing(&[outer.address.to_string()]);
    assert_eq!(code(get(&client, &outer.url("/same"), &named).await), "200 done");
    assert_eq!(code(get(&client, &outer.url("/other"), &named).await), "EGRESS_PRIVATE_ADDRESS");
    assert!(inner.seen().is_empty());
    assert_eq!(code(get(&client, &outer.url("/round"), &named).await), "EGRESS_TOO_MANY_REDIRECTS");

    let both = allowing(&[outer.address.to_string(), inner.address.to_string()]);
    let mut request = Request::new("POST", &outer.url("/other")).unwrap();
    request.header("authorization", "Bearer t").unwrap();
    request.header("x-plain", "p").unwrap();
    request.body = "data".into();
    client.send(request, &both).await.unwrap();
    let seen = &inner.seen()[0];
    assert_eq!((seen.method.as_str(), seen.body.as_str()), ("POST", "data"));
    assert_eq!((seen.header("authorization"), seen.header("x-plain")), (None, Some("p")));
}

#[tokio::test]
async fn size_and_time_are_bounded() {
    let server = StandIn::start(|_, seen: &Seen| match seen.target.as_str() {
        "/told" => reply(200, &[], &"x".repeat(2_000)),
        "/untold" => {
            Answer::Raw(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(2_000)).into_bytes())
        }
        "/cut" => Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf".to_vec()),
        _ => Answer::Silence,
    })
    .await;
    let client = Client::new(Options { max_response: 1_000, ..Options::default() });
    let named = allowing(&[server.address.to_string()]);
    assert_eq!(code(get(&client, &server.url("/told"), &named).await), "EGRESS_TOO_LARGE");
    assert_eq!(code(get(&client, &server.url("/untold"), &named).await), "EGRESS_TOO_LARGE");
    assert_eq!(code(get(&client, &server.url("/cut"), &named).await), "EGRESS_INTERRUPTED");
    let mut request = Request::new("GET", &server.url("/silent")).unwrap();
    request.timeout = Duration::from_millis(30);
    assert_eq!(client.send(request, &named).await.unwrap_err().code(), "EGRESS_TIMEOUT");
}

#[tokio::test]
async fn a_failing_host_is_left_alone() {
    let server = StandIn::start(|_, _| reply(503, &[], "")).await;
    let client = Client::new(Options { breaker_failures: 2, ..Options::default() });
    let named = allowing(&[server.address.to_string()]);
    let codes =
        [code(get(&client, &server.url("/"), &named).await), code(get(&client, &server.url("/"), &named).await)];
    assert_eq!(codes, ["503 ", "503 "]);
    assert_eq!(code(get(&client, &server.url("/"), &named).await), "EGRESS_BREAKER_OPEN");
    assert_eq!(server.seen().len(), 2);
    let mut request = Request::new("GET", &server.url("/")).unwrap();
    request.scope = "another tenant".into();
    assert_eq!(client.send(request, &named).await.unwrap().status, 503);
    let mut request = Request::new("GET", &server.url("/")).unwrap();
    request.sensitive_header("x-api-key", "another credential").unwrap();
    assert_eq!(client.send(request, &named).await.unwrap().status, 503);
}

/// Tries after failures wait for their budget; what succeeds adds to it, and first tries need none.
#[tokio::test]
async fn tries_after_failures_have_a_budget() {
    let server = StandIn::start(|_, _| reply(200, &[], "")).await;
    let client = Client::new(Options { retries: 1.0, ..Options::default() });
    let named = allowing(&[server.address.to_string()]);
    let send = async |attempt, millis| {
        let mut request = Request::new("GET", &server.url("/")).unwrap();
        (request.attempt, request.timeout) = (attempt, Duration::from_millis(millis));
        client
            .send(request, &named)
            .await
            .map_or_else(|error| error.code().to_owned(), |answer| answer.status.to_string())
    };
    assert_eq!(send(2, 10_000).await, "200", "there is room for one");
    assert_eq!(send(2, 1).await, "EGRESS_TIMEOUT", "and not for two");
    for _ in 0..10 {
        assert_eq!(send(1, 10_000).await, "200", "first tries are not held up");
    }
    assert_eq!(send(2, 10_000).await, "200", "they have made room");
}

#[tokio::test]
async fn a_closed_port_is_a_network_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error =
        get(&Client::new(Options::default()), &format!("http://{address}/"), &allowing(&[address])).await.unwrap_err();
    assert_eq!(error.code(), "EGRESS_CONNECT");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn what_belongs_to_the_connection_cannot_be_set() {
    let mut request = Request::new("GET", "http://a.test/").unwrap();
    for (name, value) in
        [("Host", "b.test"), ("content-length", "5"), ("proxy-authorization", "x"), ("a b", "c"), ("x", "a\r\nb: c")]
    {
        let error = request.header(name, value).unwrap_err();
        assert_eq!(error.code(), "EGRESS_INVALID_REQUEST", "{name}");
    }
    assert_eq!(Request::new("GET", "not a url").unwrap_err().code(), "EGRESS_INVALID_URL");
    assert_eq!(Request::new("G T", "http://a.test/").unwrap_err().code(), "EGRESS_INVALID_REQUEST");
}
