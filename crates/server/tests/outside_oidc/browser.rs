//! A browser as far as signing in needs one: it keeps cookies by origin and goes where it is sent.

use std::collections::BTreeMap;
use url::Url;
use weir_base::Value;
use weir_egress::{Client, Options, Request};
use weir_kind::EgressPolicy;

#[derive(Default)]
pub struct Browser {
    /// By origin and name.
    cookies: BTreeMap<(String, String), String>,
    pub csrf: String,
}

pub struct Page {
    pub status: u16,
    /// Where it sends the browser.
    pub location: Option<String>,
    pub body: String,
}

impl Page {
    pub fn json(&self) -> Value {
        Value::from_json(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A problem's code.
    pub fn code(&self) -> String {
        self.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

impl Browser {
    /// As if it had never been there.
    pub fn forget(&mut self, origin: &str) {
        self.cookies.retain(|(of, _), _| of != origin);
    }

    pub async fn get(&mut self, url: &str) -> Page {
        self.send("GET", url, None).await
    }

    pub async fn send(&mut self, method: &str, url: &str, body: Option<&str>) -> Page {
        let mut request = Request::new(method, url).unwrap();
        let origin = request.url_mut().origin().ascii_serialization();
        let mine = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let cookies: Vec<String> = mine.map(|((_, name), value)| format!("{name}={value}")).collect();
        request.header("cookie", &cookies.join("; ")).unwrap();
        request.header("x-csrf-token", &self.csrf).unwrap();
        if let Some(body) = body {
            request.header("content-type", "application/json").unwrap();
            request.body = body.to_owned().into();
        }
        request.follow_redirects = false;
        let own = vec!["127.0.0.1".to_owned()];
        let policy = EgressPolicy { hosts: own.clone(), private: own, ..EgressPolicy::default() };
        let mut response = Client::new(Options::default()).send(request, &policy).await.unwrap();
        for (_, cookie) in response.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
            let key = (origin.clone(), name.trim().to_owned());
            match value.trim() {
                "" => drop(self.cookies.remove(&key)),
                value => drop(self.cookies.insert(key, value.to_owned())),
            }
        }
        let location = response.header("location").map(|to| Url::parse(url).unwrap().join(to).unwrap().to_string());
        let body = String::from_utf8(response.body.bytes().await.unwrap().to_vec()).unwrap();
        Page { status: response.status, location, body }
    }

    /// Goes where it is sent, but stops before `stop`, which it gives back.
    pub async fn follow(&mut self, url: &str, stop: &str) -> String {
        let mut at = url.to_owned();
        for _ in 0..10 {
            if at.contains(stop) {
                return at;
            }
            let page = self.get(&at).await;
            at = page.location.unwrap_or_else(|| panic!("{at} answers {}: {}", page.status, page.body));
        }
        panic!("sent around in circles, last to {at}")
    }
}
