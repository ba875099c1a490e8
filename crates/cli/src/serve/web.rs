use async_trait::async_trait;
use weir_base::Duration;
use weir_control::{Web, WebAnswer, WebRequest};
use weir_egress::{Client, Options, Request};
use weir_kind::EgressPolicy;

/// The way out to servers that sign people in: the guarded client, which reads little and waits not long.
pub struct GuardedWeb(Client);

impl GuardedWeb {
    pub fn new() -> Self {
        Self(Client::new(Options { max_response: 256 << 10, ..Options::default() }))
    }
}

#[async_trait]
impl Web for GuardedWeb {
    async fn send(&self, asked: WebRequest) -> Result<WebAnswer, String> {
        let mut request = Request::new(asked.method, &asked.url).map_err(|error| error.to_string())?;
        let url = request.url_mut();
        if url.scheme() != "https" && !asked.private {
            return Err("it is reached over https alone, unless it is configured as `privateNetwork`".to_owned());
        }
        let policy = policy(url.host_str().unwrap_or_default(), asked.private);
        for (name, value) in &asked.headers {
            request.sensitive_header(name, value).map_err(|error| error.to_string())?;
        }
        request.body = asked.body.into();
        request.timeout = Duration::from_secs(10);
        request.follow_redirects = false;
        request.scope = "sign-in".to_owned();
        let mut response = self.0.send(request, &policy).await.map_err(|error| said(&error))?;
        let body = response.body.bytes().await.map_err(|error| said(&error))?;
        let body = String::from_utf8(body.to_vec()).map_err(|_| "its answer is not UTF-8".to_owned())?;
        Ok(WebAnswer { status: response.status, body })
    }
}

/// This very host and no other.
fn policy(host: &str, private: bool) -> EgressPolicy {
    let (hosts, own) = (vec![host.to_owned()], if private { vec![host.to_owned()] } else { Vec::new() });
    EgressPolicy { hosts, private: own, ..EgressPolicy::default() }
}

/// The client speaks of a flow's settings; here it is the server's.
fn said(error: &weir_egress::EgressError) -> String {
    match error {
        weir_egress::EgressError::PrivateAddress { host, address } => {
            format!("`{host}` is at the private address {address}; to allow it, set `privateNetwork` of the provider")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str, private: bool) -> String {
        let request = WebRequest { private, ..WebRequest::get(url) };
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        threads.block_on(GuardedWeb::new().send(request)).err().unwrap_or_default()
    }

    #[test]
    fn only_open_and_encrypted_places_are_asked_unless_it_is_configured() {
        assert!(refused("http://127.0.0.1:1/", false).contains("https alone"));
        assert!(refused("https://127.0.0.1:1/", false).contains("private address 127.0.0.1"));
        assert!(refused("https://localhost:1/", false).contains("private address"));
        assert!(refused("https://169.254.169.254/latest", false).contains("private address"));
        assert!(refused("http://127.0.0.1:1/", true).contains("cannot reach"));
    }
}
