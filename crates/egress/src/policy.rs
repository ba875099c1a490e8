use crate::EgressError;
use crate::address::is_global;
use std::net::IpAddr;
use url::{Host, Url};
use weir_kind::EgressPolicy;

/// Through which of the two resolvers a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Only addresses of the open internet.
    Global,
    /// The flow names this very host as private: any address.
    Private,
}

/// Decides whether a flow may go to `url`.
pub(crate) fn route(policy: &EgressPolicy, url: &Url) -> Result<Route, EgressError> {
    let (host, port) = place(url)?;
    if policy.private.iter().any(|entry| matches(entry, &host, port, false)) {
        return Ok(Route::Private);
    }
    if let Some(address) = literal(&host).filter(|address| !is_global(*address)) {
        return Err(EgressError::PrivateAddress { host: host.to_string(), address });
    }
    let allowed = policy.hosts.iter().any(|entry| matches(entry, &host, port, false))
        || policy.allow.iter().any(|entry| matches(entry, &host, port, true));
    if allowed { Ok(Route::Global) } else { Err(EgressError::Denied { host: host.to_string() }) }
}

/// Host and port of an http or https URL that carries no user name.
pub(crate) fn place(url: &Url) -> Result<(Host<String>, u16), EgressError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(EgressError::InvalidUrl(format!("`{}` is not http or https", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EgressError::InvalidUrl("a URL may not hold a user name or password; use `auth`".to_owned()));
    }
    let host = url.host().ok_or_else(|| EgressError::InvalidUrl("the URL has no host".to_owned()))?.to_owned();
    Ok((host, url.port_or_known_default().unwrap_or(0)))
}

fn literal(host: &Host<String>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(address) => Some((*address).into()),
        Host::Ipv6(address) => Some((*address).into()),
        Host::Domain(_) => None,
    }
}

/// Whether an entry of a policy means this host and port.
fn matches(entry: &str, host: &Host<String>, port: u16, patterns: bool) -> bool {
    let (name, entry_port) = split(entry.trim());
    if entry_port.is_some_and(|wanted| wanted != port) {
        return false;
    }
    match (name.strip_prefix("*."), host) {
        _ if patterns && name == "*" => true,
        (Some(suffix), Host::Domain(domain)) if patterns => is_below(domain, suffix),
        _ => same_host(name, host),
    }
}

fn is_below(domain: &str, suffix: &str) -> bool {
    let domain = domain.trim_end_matches('.');
    let Some(at) = domain.len().checked_sub(suffix.len()) else { return false };
    at > 1 && domain.is_char_boundary(at) && domain[at..].eq_ignore_ascii_case(suffix) && domain[..at].ends_with('.')
}

/// Compares as a browser would: `127.1` and `0x7f000001` are both `127.0.0.1`, and names have no case.
fn same_host(name: &str, host: &Host<String>) -> bool {
    let written = if name.contains(':') && !name.starts_with('[') { format!("[{name}]") } else { name.to_owned() };
    match (Host::parse(&written), host) {
        (Ok(Host::Domain(written)), Host::Domain(domain)) => {
            written.trim_end_matches('.') == domain.trim_end_matches('.')
        }
        (Ok(written), host) => written == *host,
        (Err(_), _) => false,
    }
}

/// `host`, `host:port`, `[v6]:port` or a bare v6 address, taken apart.
fn split(entry: &str) -> (&str, Option<u16>) {
    let Some((name, port)) = entry.rsplit_once(':') else { return (entry, None) };
    let is_v6 = name.contains(':') && !name.ends_with(']');
    match port.parse() {
        Ok(port) if !is_v6 => (name, Some(port)),
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> EgressPolicy {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        EgressPolicy {
            hosts: list(&["api.test", "127.0.0.1", "2130706433"]),
            allow: list(&["*.example.com", "one.test:8443", "Big.Test."]),
            private: list(&["localhost:3000", "10.0.0.5", "[::1]:80", "fd00::7"]),
        }
    }

    fn check(url: &str, expected: &str) {
        let found = match route(&policy(), &Url::parse(url).unwrap()) {
            Ok(route) => format!("{route:?}"),
            Err(EgressError::Denied { .. }) => "denied".to_owned(),
            Err(EgressError::PrivateAddress { .. }) => "private".to_owned(),
            Err(other) => other.to_string(),
        };
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn only_declared_hosts_are_reached() {
        check("https://api.test/x", "Global");
        check("https://API.test:9999/x", "Global");
        check("https://api.test./x", "Global");
        check("https://other.test/", "denied");
        check("https://a.b.example.com/", "Global");
        check("https://example.com/", "denied");
        check("https://notexample.com/", "denied");
        check("https://one.test:8443/", "Global");
        check("https://one.test/", "denied");
        check("https://big.test/", "Global");
        check("ftp://api.test/", "`ftp` is not http or https");
        check("https://user:pw@api.test/", "a URL may not hold a user name or password; use `auth`");
    }

    #[test]
    fn private_addresses_need_a_word_of_their_own() {
        let spellings = ["127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1."];
        for spelling in spellings.iter().chain(&[
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "169.254.169.254",
            "[fe80::1]",
            "0",
            "[::]",
        ]) {
            check(&format!("http://{spelling}/"), "private");
        }
        check("http://localhost:3000/", "Private");
        check("http://localhost:3001/", "denied");
        check("http://10.0.0.5/", "Private");
        check("http://0xa.0.0.5/", "Private");
        check("http://10.0.0.6/", "private");
        check("http://[::1]/", "Private");
        check("http://[::1]:81/", "private");
        check("http://[fd00::7]:81/", "Private");
    }
}
