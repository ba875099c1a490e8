//! A server on a disk of its own, reached through its router as a client would, with the built-in kinds.

#![allow(dead_code)]

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tower::ServiceExt;
use weir_base::Micros;
use weir_control::{Ambient, Caller, Control, FlowMemory, NewKey, NoMail, NoWeb, Parts, Role};
use weir_runtime::{Clock, Runtime, SystemClock};
use weir_server::{App, Options};
use weir_store::Store;
use weir_store_sql::{SqlOptions, SqlStore};
use weir_vault::keyring::Keyring;

/// As good as any that nobody else has.
const KEY: &str = "7a1f0c93e2b8d64515c7aa0e39f42d8be16b50d7c4827f93a6e10b5d48fc2397";

/// The clock of the machine and numbers nobody needs to guess.
struct Here(AtomicU64);

impl Ambient for Here {
    fn now(&self) -> Micros {
        SystemClock.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (number >> 56) as u8 ^ (number >> 17) as u8;
        }
    }
}

pub struct Door {
    router: Router,
    pub control: Arc<Control>,
    pub store: Arc<SqlStore>,
    pub runtime: Arc<Runtime>,
    /// A key of an owner of the first organisation.
    pub key: String,
    _folder: tempfile::TempDir,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The body, where the status is this one.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// A problem with this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let body = self.is(status);
        assert_eq!(body["code"], code, "{body:#}");
        body
    }
}

impl Door {
    pub async fn open() -> Door {
        Self::open_with(Arc::new(Here(AtomicU64::new(7))), weir_control::Options::default()).await
    }

    /// With another clock, or other settings.
    pub async fn open_with(ambient: Arc<dyn Ambient>, options: weir_control::Options) -> Door {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(SqlStore::open(folder.path(), &SqlOptions::default()).await.expect("a store"));
        let egress = Arc::new(weir_egress::Client::new(weir_egress::Options::default()));
        let registry = weir_kinds::registry(egress).expect("the kinds are sound");
        let catalog = Arc::new(registry.catalog().clone());
        let whole: Arc<dyn Store> = store.clone();
        let memory = FlowMemory::of(store.clone(), whole.clone(), ambient.clone(), &options);
        let mut parts = weir_runtime::Parts::new(whole.clone(), registry);
        parts.memory = memory.clone();
        let runtime = Arc::new(Runtime::open(weir_runtime::Options::default(), parts).await.expect("a runtime"));
        let control = Arc::new(Control::new(Parts {
            documents: store.clone(),
            store: whole,
            runs: runtime.clone(),
            catalog,
            ambient,
            mail: Arc::new(NoMail),
            web: Arc::new(NoWeb),
            keyring: Arc::new(Keyring::parse(KEY).expect("a key")),
            memory,
            options,
        }));
        let router = weir_server::router(Arc::new(App::new(control.clone(), Options::default())));
        let mut door = Door { router, control, store, runtime, key: String::new(), _folder: folder };
        door.key = door.tenant("One").await;
        door
    }

    /// Makes an organisation with a project `default`; a key of its owner.
    pub async fn tenant(&self, name: &str) -> String {
        let email = format!("{}@example.org", name.to_lowercase()).as_str().into();
        let (_, tenant) = self.control.create_tenant(name, &email, None).await.expect("an organisation");
        self.key_as(&tenant.id, Role::Owner).await
    }

    pub async fn key_as(&self, tenant: &str, role: Role) -> String {
        let new = NewKey { name: "test".into(), service: true, role: Some(role), scopes: None, expires_at: None };
        self.control.create_key(&Caller::system(tenant, "test"), new).await.expect("a key").text
    }

    pub async fn send(&self, key: &str, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !key.is_empty() {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(&self.key, "GET", path, &[], String::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(&self.key, "POST", path, &[], body.to_string()).await
    }

    pub async fn put(&self, path: &str, revision: &str, body: Value) -> Reply {
        self.send(&self.key, "PUT", path, &[("if-match", revision)], body.to_string()).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(&self.key, "DELETE", path, &[("if-match", "*")], String::new()).await
    }

    /// Keeps a flow; its id.
    pub async fn flow(&self, source: &str) -> String {
        let flow = self.post("/api/flows", json!({"source": source})).await.is(201);
        flow["id"].as_str().expect("an id").to_owned()
    }

    /// Runs a draft to its end; the run's id.
    pub async fn ran(&self, flow: &str, input: Value) -> String {
        let begun = self.post(&format!("/api/flows/{flow}/try"), json!({"input": input})).await.is(201);
        self.ended(begun["run"].as_str().expect("an id")).await
    }

    /// Publishes a flow as it is, and switches it on.
    pub async fn switch_on(&self, flow: &str) {
        self.send(&self.key, "POST", &format!("/api/flows/{flow}/versions"), &[("if-match", "*")], "{}".into())
            .await
            .is(201);
        self.post(&format!("/api/flows/{flow}/start"), json!({})).await.is(200);
    }

    /// Runs what is switched on to its end; the run's id.
    pub async fn fired(&self, flow: &str, input: Value) -> String {
        let begun = self.post(&format!("/api/triggers/{flow}/inject"), json!({"input": input})).await.is(201);
        self.ended(begun["run"].as_str().expect("an id")).await
    }

    /// Waits for the end of a run; its id.
    pub async fn ended(&self, run: &str) -> String {
        let ended = self.get(&format!("/api/runs/{run}?wait=60")).await.is(200);
        assert!(ended["endedAt"].is_string(), "{ended:#}");
        run.to_owned()
    }
}
