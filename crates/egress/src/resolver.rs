use crate::address::is_global;
use crate::policy::Route;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Resolves names and gives only addresses that may be connected to, so that a name cannot be pointed
/// somewhere else between a check and the connection.
pub(crate) struct Resolver(pub Route);

/// A name whose every address is private.
#[derive(Debug)]
pub(crate) struct Refused(pub IpAddr);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is a private address", self.0)
    }
}

impl Error for Refused {}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let route = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let usable = select(&found, route)?;
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

fn select(found: &[SocketAddr], route: Route) -> Result<Vec<SocketAddr>, Refused> {
    let usable: Vec<SocketAddr> =
        found.iter().filter(|address| route == Route::Private || is_global(address.ip())).copied().collect();
    match (usable.is_empty(), found.first()) {
        (true, Some(refused)) => Err(Refused(refused.ip())),
        _ => Ok(usable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_left_out_and_alone_refused() {
        let parse = |text: &str| text.split(' ').map(|one| one.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let mixed = parse("10.0.0.1:0 1.1.1.1:0 [::1]:0");
        assert_eq!(select(&mixed, Route::Global).unwrap(), parse("1.1.1.1:0"));
        assert_eq!(select(&mixed, Route::Private).unwrap(), mixed);
        assert_eq!(select(&parse("127.0.0.1:0"), Route::Global).unwrap_err().0.to_string(), "127.0.0.1");
        assert!(select(&[], Route::Global).unwrap().is_empty());
    }
}
