use crate::{EgressError, Request};
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE};
use url::Url;

/// The request that follows `request` after a redirect to `location`. It is checked anew before it is sent.
///
/// Credentials stay behind when host, port or scheme change.
pub(crate) fn follow(mut request: Request, status: u16, location: &str) -> Result<Request, EgressError> {
    let target = request.url.join(location);
    let target =
        target.map_err(|error| EgressError::InvalidUrl(format!("redirect to something that is no URL: {error}")))?;
    if !same_origin(&request.url, &target) {
        drop_credentials(&mut request);
    }
    let to_get = status == 303 && request.method != Method::HEAD
        || matches!(status, 301 | 302) && request.method == Method::POST;
    if to_get {
        request.method = Method::GET;
        request.body = Bytes::new();
        for header in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
            request.headers.remove(header);
        }
    }
    request.url = target;
    Ok(request)
}

fn same_origin(a: &Url, b: &Url) -> bool {
    (a.scheme(), a.host(), a.port_or_known_default()) == (b.scheme(), b.host(), b.port_or_known_default())
}

fn drop_credentials(request: &mut Request) {
    let kept = request
        .headers
        .iter()
        .filter(|(name, value)| !value.is_sensitive() && **name != AUTHORIZATION && **name != COOKIE);
    request.headers = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` is `METHOD url headers`.
    fn check(method: &str, status: u16, location: &str, expected: &str) {
        let mut request = Request::new(method, "https://a.test/x?q=1").unwrap();
        request.sensitive_header("x-key", "k").unwrap();
        request.header("authorization", "Bearer t").unwrap();
        request.header("content-type", "text/plain").unwrap();
        let next = follow(request, status, location).unwrap();
        let headers: Vec<&str> = next.headers.keys().map(|name| name.as_str()).collect();
        assert_eq!(format!("{} {} {}", next.method, next.url, headers.join(",")), expected);
    }

    #[test]
    fn methods_and_credentials_follow_the_rules() {
        check("POST", 303, "/y", "GET https://a.test/y x-key,authorization");
        check("POST", 302, "/y", "GET https://a.test/y x-key,authorization");
        check("POST", 307, "y", "POST https://a.test/y x-key,authorization,content-type");
        check("PUT", 301, "//a.test:443/y", "PUT https://a.test/y x-key,authorization,content-type");
        check("GET", 302, "https://b.test/", "GET https://b.test/ content-type");
        check("GET", 308, "http://a.test/", "GET http://a.test/ content-type");
        check("GET", 308, "https://a.test:444/", "GET https://a.test:444/ content-type");
    }
}
