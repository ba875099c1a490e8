use std::net::SocketAddr;
use std::time::Duration;

/// Settings of the server.
#[derive(Clone, Debug)]
pub struct Options {
    pub listen: SocketAddr,
    /// How many further ports are tried where that one is taken; 0 for none.
    pub other_ports: u16,
    /// The largest body of a request, in bytes, other than a webhook's.
    pub body_bytes: usize,
    /// The largest body of a webhook, in bytes.
    pub webhook_bytes: usize,
    /// How long a client may take to send the head of a request, or a body.
    pub patience: Duration,
    /// How many connections are served at the same time.
    pub connections: usize,
    /// How long requests that are under way are waited for at the end.
    pub drain: Duration,
    /// Cookies are sent over TLS alone.
    pub secure_cookies: bool,
    /// How many proxies in front are trusted to name the client in `X-Forwarded-For`.
    pub proxies: usize,
    /// What lets those read `/metrics` who are not on this machine; nobody where there is none.
    pub metrics_token: Option<weir_vault::Secret>,
    /// Signing in by a link that this process has printed.
    pub loopback_links: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7878)),
            other_ports: 20,
            body_bytes: 8 << 20,
            webhook_bytes: 4 << 20,
            patience: Duration::from_secs(10),
            connections: 10_000,
            drain: Duration::from_secs(10),
            secure_cookies: false,
            proxies: 0,
            metrics_token: None,
            loopback_links: true,
        }
    }
}
