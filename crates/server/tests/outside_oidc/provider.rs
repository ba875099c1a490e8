//! The identity provider, which is a process of its own.

use crate::browser::Browser;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use weir_base::Value;

pub struct Issuer {
    pub url: String,
    child: Child,
    /// It ends when this is closed.
    _held: Option<ChildStdin>,
}

impl Issuer {
    pub fn start(callback: &str) -> Issuer {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside_oidc");
        let modules = folder.join("node_modules/oidc-provider");
        assert!(
            modules.is_dir(),
            "npm's `oidc-provider` is not there: `make test` puts it there, as does `npm ci` in {}",
            folder.display()
        );
        let mut command = Command::new("node");
        command.arg(folder.join("provider.mjs")).arg(callback).stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command.stderr(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("Node cannot be started, which this test needs: {error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| line.ok()?.strip_prefix("listening ").map(str::to_owned));
        let port = port.expect("the provider says where it listens");
        Issuer { url: format!("http://127.0.0.1:{port}"), _held: child.stdin.take(), child }
    }

    /// What was asked of it last when a browser came to sign in.
    async fn door(&self, name: &str, body: &str) -> Value {
        Browser::default().send("POST", &format!("{}/test/{name}", self.url), Some(body)).await.json()
    }

    /// Whoever comes now is this person.
    pub async fn person(&self, sub: &str, email: &str, verified: bool) {
        let claims = format!(r#"{{"email":"{email}","email_verified":{verified},"name":"Some Body"}}"#);
        self.door("person", &format!(r#"{{"sub":"{sub}","claims":{claims}}}"#)).await;
    }

    pub async fn nobody(&self) {
        self.door("person", "{}").await;
    }

    /// The next identity token says this instead.
    pub async fn untrue(&self, how: &str) {
        self.door("untrue", how).await;
    }

    /// New keys, and with `issuer` another name.
    pub async fn rotate(&self, how: &str) {
        self.door("rotate", how).await;
    }

    pub async fn asked(&self) -> Value {
        self.door("asked", "{}").await
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
