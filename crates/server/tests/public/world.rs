//! A whole server on data of its own: the real store, runtime and kinds, reached through its router.

use crate::counted::{Count, Counted};
use crate::house::House;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt;
use weir_base::{Micros, Text};
use weir_control::{
    Ambient, Caller, Control, FlowMemory, Letter, Mail, NewKey, Parts, ProjectInterfaces, Role, SecretVault,
};
use weir_engine::Status;
use weir_kind::{FlowContext, Housekeeping, PortError, Secrets};
use weir_runs::RunsPort;
use weir_runtime::{Clock, Runtime, SystemClock};
use weir_server::{App, Options};
use weir_store::{Documents, Store};
use weir_store_sql::{PgOptions, PgStore, SqlOptions, SqlStore};
use weir_testkit::postgres::Database;
use weir_vault::keyring::Keyring;

pub const MASTER_KEY: &str = "5eed0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab";
pub const PASSWORD: &str = "four plain words make one";

/// Every test of this list, on every store.
macro_rules! on_every_store {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::world::Data::sqlite()).await })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::world::Data::postgres().await).await })*
        }
    };
}
pub(crate) use on_every_store;

/// Where a world's rows are; it outlives restarts.
pub enum Data {
    Sqlite(tempfile::TempDir),
    Postgres(Box<Database>),
}

impl Data {
    pub fn sqlite() -> Data {
        Data::Sqlite(tempfile::tempdir().expect("a folder"))
    }

    pub async fn postgres() -> Data {
        Data::Postgres(Box::new(Database::fresh().await))
    }

    async fn open(&self) -> (Arc<dyn Store>, Arc<dyn Documents>) {
        match self {
            Data::Sqlite(folder) => {
                let store = SqlStore::open(folder.path(), &SqlOptions::default()).await.expect("a store");
                let store = Arc::new(store);
                (store.clone(), store)
            }
            Data::Postgres(database) => {
                let store = PgStore::open(&database.url(), &PgOptions::default()).await.expect("a store");
                let store = Arc::new(store);
                (store.clone(), store)
            }
        }
    }
}

/// The machine's clock, moved; and chance that repeats.
pub struct Weather {
    moved: AtomicI64,
    chance: AtomicU64,
}

impl Weather {
    pub fn pass(&self, seconds: i64) {
        self.moved.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Ambient for Weather {
    fn now(&self) -> Micros {
        SystemClock.now() + self.moved.load(Ordering::SeqCst)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut number = self.chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (number >> 56) as u8;
        }
    }
}

/// Letters as they were given up.
#[derive(Default)]
pub struct Letters(Mutex<Vec<Letter>>);

impl Letters {
    pub fn all(&self) -> Vec<Letter> {
        self.0.lock().expect("no panic").clone()
    }

    /// The token at the end of the link in the newest letter to somebody.
    pub fn token(&self, to: &str) -> String {
        let letters = self.all();
        let letter = letters.iter().rev().find(|letter| &*letter.to == to).expect("a letter");
        let line = letter.text.lines().find(|line| line.contains('#')).expect("a link");
        line.split_once('#').expect("a token").1.to_owned()
    }
}

#[async_trait]
impl Mail for Letters {
    fn leaves(&self) -> bool {
        true
    }

    async fn send(&self, letter: Letter) -> Result<(), String> {
        self.0.lock().expect("no panic").push(letter);
        Ok(())
    }
}

/// What the installation does for itself, while nobody holds it back.
struct Gated {
    house: Arc<House>,
    gate: Arc<tokio::sync::Mutex<()>>,
}

#[async_trait]
impl Housekeeping for Gated {
    fn is_own(&self, flow: &FlowContext) -> bool {
        self.house.is_own(flow)
    }

    async fn perform(
        &self,
        flow: &FlowContext,
        work: &str,
        params: &weir_base::Value,
    ) -> Result<weir_base::Value, weir_kind::TaskError> {
        drop(self.gate.lock().await);
        self.house.perform(flow, work, params).await
    }
}

struct OfProjects(SecretVault);

#[async_trait]
impl Secrets for OfProjects {
    async fn get(&self, flow: &FlowContext, name: &str) -> Result<Option<Text>, PortError> {
        let found = self.0.value(&flow.tenant, &flow.project, name).await;
        found.map_err(|error| PortError::Reject(error.to_string()))
    }
}

/// How a world differs from the usual one.
#[derive(Clone)]
pub struct Settings {
    pub control: weir_control::Options,
    pub server: Options,
    /// How long a run that only waits stays in memory.
    pub park_after: weir_base::Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let control = weir_control::Options {
            passwords: weir_vault::password::Options { memory_kib: 8, passes: 1, lanes: 1 },
            ..weir_control::Options::default()
        };
        Self { control, server: Options::default(), park_after: weir_runtime::Options::default().park_after }
    }
}

pub struct World {
    pub data: Data,
    pub settings: Settings,
    pub weather: Arc<Weather>,
    pub letters: Arc<Letters>,
    pub count: Count,
    pub control: Arc<Control>,
    pub app: Arc<App>,
    pub router: Router,
    pub documents: Arc<dyn Documents>,
    pub store: Arc<dyn Store>,
    /// Held while nothing the installation does for itself is to go on.
    pub gate: Arc<tokio::sync::Mutex<()>>,
    runtime: Arc<Runtime>,
}

impl World {
    pub async fn open(data: Data) -> World {
        Self::with(data, Settings::default()).await
    }

    pub async fn with(data: Data, settings: Settings) -> World {
        let weather = Arc::new(Weather { moved: AtomicI64::new(0), chance: AtomicU64::new(7) });
        Self::start(data, settings, weather, Arc::default()).await
    }

    /// Ends the server in good order and starts another on the same data.
    pub async fn restart(self) -> World {
        let World { data, settings, weather, letters, control, app, router, documents, store, runtime, .. } = self;
        runtime.stop().await.expect("it stops");
        drop((control, app, router, documents, runtime));
        store.close().await.expect("it closes");
        drop(store);
        Self::start(data, settings, weather, letters).await
    }

    async fn start(data: Data, settings: Settings, weather: Arc<Weather>, letters: Arc<Letters>) -> World {
        let (store, documents) = data.open().await;
        let egress = weir_egress::Options::default();
        let mut registry =
            weir_kinds::registry(Arc::new(weir_egress::Client::new(egress))).expect("the kinds are sound");
        let catalog = Arc::new(registry.catalog().clone());
        let (house, gate) = (Arc::new(House::default()), Arc::default());
        let gated: Arc<dyn Housekeeping> = Arc::new(Gated { house: house.clone(), gate: Arc::clone(&gate) });
        weir_kinds::system(&gated).into_iter().for_each(|kind| registry.add(kind).expect("a sound kind"));
        let keyring = Arc::new(Keyring::parse(MASTER_KEY).expect("a key"));
        let mut parts = weir_runtime::Parts::new(store.clone(), registry);
        parts.secrets = Arc::new(OfProjects(SecretVault { documents: documents.clone(), keyring: keyring.clone() }));
        parts.interfaces = Arc::new(ProjectInterfaces { documents: documents.clone(), ambient: weather.clone() });
        let memory = FlowMemory::of(documents.clone(), store.clone(), weather.clone(), &settings.control);
        parts.memory = memory.clone();
        let (drain, park_after) = (weir_base::Duration::from_millis(50), settings.park_after);
        let options = weir_runtime::Options { drain, park_after, ..Default::default() };
        let runtime = Arc::new(Runtime::open(options, parts).await.expect("a runtime"));
        let count = Count::default();
        let counted = Arc::new(Counted { store: store.clone(), documents: documents.clone(), count: count.clone() });
        let control = Arc::new(Control::new(Parts {
            documents: counted.clone(),
            store: counted,
            runs: runtime.clone(),
            catalog,
            ambient: weather.clone(),
            mail: letters.clone(),
            web: Arc::new(crate::web::GuardedWeb::new()),
            keyring,
            memory,
            options: settings.control.clone(),
        }));
        house.enter(&control);
        let app = Arc::new(App::new(control.clone(), settings.server.clone()));
        let router = weir_server::router(app.clone());
        World { data, settings, weather, letters, count, control, app, router, documents, store, gate, runtime }
    }

    /// Waits until nothing is left to do of what the installation does for itself.
    pub async fn at_rest(&self) {
        let open = weir_store::RunFilter {
            system: Some(true),
            statuses: vec![Status::Pending, Status::Running, Status::Waiting],
            ..weir_store::RunFilter::default()
        };
        let page = weir_store::PageRequest { before: None, limit: 1 };
        let settling = async {
            let mut seen = 0;
            while !self.store.list_runs(&open, page).await.expect("a list").items.is_empty() {
                seen = self.runtime.committed(seen).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), settling).await.expect("it comes to rest");
    }

    /// Waits until no run is in memory.
    pub async fn all_parked(&self) {
        while self.runtime.held_runs() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// An organisation with its owner, who is signed in.
    pub async fn tenant(&self, name: &str) -> Tenant {
        let email: Text = format!("{}@example.org", name.to_lowercase()).into();
        let (_, tenant) = self.control.create_tenant(name, &email, None).await.expect("an organisation");
        self.control.ask_for_reset(&email, &"".into()).await.expect("a letter");
        self.at_rest().await;
        let token = self.letters.token(&email);
        self.control.reset_password(&token, PASSWORD).await.expect("a password");
        let owner = self.sign_in(&email).await;
        let key = self.key(&tenant.id, Role::Owner, None).await;
        Tenant { id: tenant.id.to_string(), owner, key }
    }

    /// A new member of a tenant, signed in.
    pub async fn member(&self, tenant: &str, email: &str, role: Role) -> Client {
        self.control.invite(&Caller::system(tenant, "test"), email, role).await.expect("invited");
        let body = json!({"token": self.letters.token(email), "password": PASSWORD});
        self.send(&Client::default(), "POST", "/api/invitations/accept", &body).await.is(204);
        self.sign_in(email).await
    }

    pub async fn sign_in(&self, email: &str) -> Client {
        let body = json!({"email": email, "password": PASSWORD});
        let reply = self.send(&Client::default(), "POST", "/api/session", &body).await;
        Client::browser(&reply)
    }

    pub async fn key(&self, tenant: &str, role: Role, scopes: Option<Vec<weir_control::Permission>>) -> Client {
        let new = NewKey { name: "test".into(), service: true, role: Some(role), scopes, expires_at: None };
        let made = self.control.create_key(&Caller::system(tenant, "test"), new).await.expect("a key");
        Client::key(&made.text)
    }

    pub async fn raw(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    pub fn request(client: &Client, method: &str, path: &str, body: Body) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &client.headers {
            request = request.header(name, value);
        }
        request.body(body).expect("a request")
    }

    /// The answer; of a stream of events only its head.
    pub async fn send(&self, client: &Client, method: &str, path: &str, body: &Value) -> Reply {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        Reply::read(self.raw(Self::request(client, method, path, Body::from(text))).await).await
    }

    pub async fn get(&self, client: &Client, path: &str) -> Reply {
        self.send(client, "GET", path, &Value::Null).await
    }

    pub async fn post(&self, client: &Client, path: &str, body: Value) -> Reply {
        self.send(client, "POST", path, &body).await
    }

    /// Keeps a flow; its id.
    pub async fn flow(&self, client: &Client, name: &str, source: &str) -> String {
        let made = self.post(client, "/api/flows", json!({"name": name, "source": source})).await.is(201);
        text(&made["id"])
    }

    /// Keeps a flow and switches it on; its id.
    pub async fn running(&self, client: &Client, name: &str, source: &str) -> String {
        let flow = self.flow(client, name, source).await;
        self.post(client, &format!("/api/flows/{flow}/start"), Value::Null).await.is(200);
        flow
    }

    /// A webhook of a flow: its path.
    pub async fn hook(&self, client: &Client, flow: &str, name: &str, spec: Value) -> Hook {
        let mut whole = json!({"type": "webhook"});
        whole.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        let made = self
            .post(client, &format!("/api/flows/{flow}/triggers"), json!({"name": name, "spec": whole}))
            .await
            .is(201);
        Hook { id: text(&made["id"]), path: self.path_of(&made["url"]) }
    }

    pub fn path_of(&self, url: &Value) -> String {
        let url = text(url);
        url.strip_prefix(self.control.options().public_url.as_str()).expect("an address here").to_owned()
    }

    /// Waits for the end of a run; what it came to.
    pub async fn ended(&self, client: &Client, run: &str) -> Value {
        let ended = self.get(client, &format!("/api/runs/{run}?wait=60")).await.is(200);
        assert!(ended["endedAt"].is_string(), "{ended:#}");
        ended
    }
}

pub struct Hook {
    pub id: String,
    pub path: String,
}

pub struct Tenant {
    pub id: String,
    /// Its owner, in a browser.
    pub owner: Client,
    /// A service key that may do everything.
    pub key: Client,
}

/// Who asks: the headers he sends.
#[derive(Clone, Default)]
pub struct Client {
    pub headers: Vec<(String, String)>,
}

impl Client {
    pub fn key(text: &str) -> Client {
        Client::default().with("authorization", &format!("Bearer {text}"))
    }

    /// With the cookie that an answer sets, and the token that goes with it.
    pub fn browser(reply: &Reply) -> Client {
        let session = reply.clone().is(200);
        let cookie =
            reply.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
        Client::default().with("cookie", &cookie).with("x-csrf-token", session["csrf"].as_str().expect("a token"))
    }

    pub fn with(&self, name: &str, value: &str) -> Client {
        let mut headers = self.headers.clone();
        headers.push((name.to_owned(), value.to_owned()));
        Client { headers }
    }

    pub fn without(&self, name: &str) -> Client {
        Client { headers: self.headers.iter().filter(|(known, _)| known != name).cloned().collect() }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub async fn read(response: Response) -> Reply {
        let (mut parts, body) = response.into_parts();
        // No two requests have the same, and each uses some of what a key may.
        for name in ["x-request-id", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
            parts.headers.remove(name);
        }
        let stream = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = if stream { Default::default() } else { body.collect().await.expect("a body").to_bytes() };
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Reply { status: parts.status, headers: parts.headers, text }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The body, where the status is this one.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// A problem of this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let kind = self.headers.get("content-type").cloned();
        let body = self.is(status);
        assert_eq!(
            (kind.as_ref().and_then(|kind| kind.to_str().ok()), &body["code"]),
            (Some("application/problem+json"), &json!(code)),
            "{body:#}"
        );
        body
    }
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is text")).to_owned()
}
