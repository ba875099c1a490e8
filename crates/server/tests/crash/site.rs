//! The flow that is fired, and the server around it.

use crate::probe::{Outside, registry};
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use weir_base::Micros;
use weir_control::model::{FlowFile, WebhookAnswer};
use weir_control::{Ambient, Caller, Control, FlowMemory, NewFlow, NewTrigger, NoMail, NoWeb, Parts};
use weir_runtime::{Clock, Faults, Runtime, SystemClock};
use weir_store::{Documents, Store, StoreError};
use weir_store_sql::{PgOptions, PgStore, SqlOptions, SqlStore};
use weir_vault::keyring::Keyring;

/// Three steps that call the witness, one of them twice, and an answer that says which request it was.
const FLOW: &str = r#"{
  "ir": 1, "name": "fired", "dialect": "ir",
  "root": {"id": "m", "sequence": {"children": [
    {"id": "a", "task": {"kind": "test.call", "params": {"do": "echo"}}},
    {"id": "b", "task": {"kind": "test.call", "params": {"do": "flaky", "times": 1}, "retry": {"strategy": "exponential-backoff", "maxAttempts": 3, "initial": 1, "coefficient": 1}}},
    {"id": "c", "task": {"kind": "test.call", "params": {"do": "echo", "value": "{{ input.body.request }}"}}}
  ]}}
}"#;

/// Paths of the steps every run calls the witness from.
pub const STEPS: [&str; 3] = ["m/a", "m/b", "m/c"];

/// The clock of the machine and numbers nobody needs to guess.
pub struct Here(AtomicU64);

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

/// Where a server has its data.
#[derive(Clone)]
pub enum Data {
    Folder(PathBuf, SqlOptions),
    /// The address of a database.
    Database(String),
}

/// A store as both the runtime and the control plane know it.
pub struct Opened {
    pub store: Arc<dyn Store>,
    documents: Arc<dyn Documents>,
}

impl Opened {
    fn new<S: Store + Documents>(store: S) -> Self {
        let store = Arc::new(store);
        Self { store: store.clone(), documents: store }
    }
}

impl Data {
    pub async fn open(&self) -> Result<Opened, StoreError> {
        Ok(match self {
            Data::Folder(folder, options) => Opened::new(SqlStore::open(folder, options).await?),
            Data::Database(url) => Opened::new(PgStore::open(url, &patience()).await?),
        })
    }

    /// To see what is there, whoever owns it.
    pub async fn visit(&self) -> Result<Opened, StoreError> {
        Ok(match self {
            Data::Folder(folder, options) => Opened::new(SqlStore::visit(folder, options).await?),
            Data::Database(url) => Opened::new(PgStore::visit(url, &patience()).await?),
        })
    }
}

/// Short, so that a database that is gone is soon said to be.
fn patience() -> PgOptions {
    let (busy, handover) = (std::time::Duration::from_millis(500), std::time::Duration::from_secs(20));
    PgOptions { busy, handover, ..PgOptions::default() }
}

/// A control plane on this data, and the runtime below it.
pub struct Site {
    pub control: Arc<Control>,
    pub runtime: Arc<Runtime>,
    pub store: Arc<dyn Store>,
}

pub async fn open(
    opened: Opened,
    outside: &Arc<dyn Outside>,
    faults: Arc<dyn Faults>,
    seed: u64,
) -> Result<Site, String> {
    let Opened { store, documents } = opened;
    let registry = registry(outside);
    let catalog = Arc::new(weir_catalog::Catalog::clone(registry.catalog()));
    let mut parts = weir_runtime::Parts::new(store.clone(), registry);
    parts.faults = faults;
    let options = weir_runtime::Options {
        drain: weir_base::Duration::from_millis(100),
        park_after: weir_base::Duration::from_millis(5),
        ..weir_runtime::Options::default()
    };
    let runtime = Runtime::open(options, parts).await.map_err(|error| format!("the runtime: {error}"))?;
    let runtime = Arc::new(runtime);
    let ambient = Arc::new(Here(AtomicU64::new(seed)));
    let memory = FlowMemory::of(documents.clone(), store.clone(), ambient.clone(), &weir_control::Options::default());
    let control = Control::new(Parts {
        documents,
        store: store.clone(),
        runs: runtime.clone(),
        catalog,
        ambient,
        mail: Arc::new(NoMail),
        web: Arc::new(NoWeb),
        keyring: Arc::new(Keyring::parse(&"0123456789abcdef".repeat(4)).map_err(|error| error.to_string())?),
        memory,
        options: weir_control::Options {
            passwords: weir_vault::password::Options { memory_kib: 8, passes: 1, lanes: 1 },
            ..weir_control::Options::default()
        },
    });
    Ok(Site { control: Arc::new(control), runtime, store })
}

/// Makes the account, the flow and its webhook; the path of the webhook.
pub async fn furnish(site: &Site) -> Result<String, String> {
    let control = &site.control;
    let told = |error: weir_control::ControlError| format!("furnishing: {error:?}");
    let (_, tenant) = control.first_start("owner@localhost", "a-long-passphrase").await.map_err(told)?;
    let caller = Caller::system(tenant.id, "test");
    let new = NewFlow {
        project: "default".into(),
        service: "default".into(),
        name: Some("fired".into()),
        files: vec![FlowFile { name: "flow.json".into(), text: FLOW.into() }],
        ..NewFlow::default()
    };
    let flow = control.create_flow(&caller, new).await.map_err(told)?;
    control.start_flow(&caller, &flow.id, None).await.map_err(told)?;
    let webhook = NewTrigger::Webhook { answer: WebhookAnswer::AtOnce, deadline: None, signature: None, secret: None };
    let trigger = control.create_trigger(&caller, &flow.id, "hook", webhook).await.map_err(told)?;
    let url = control.webhook_url(&trigger).ok_or("a webhook has an address")?;
    let base = &control.options().public_url;
    Ok(url.strip_prefix(base.as_str()).unwrap_or(&url).to_owned())
}

/// Nobody hears anything; for the time in which nothing is called.
pub struct Nobody;

#[async_trait]
impl Outside for Nobody {
    async fn call(&self, _: crate::notes::Call) {}
    async fn call_at_once(&self, _: crate::notes::Call) {}
    async fn acknowledge(&self, _: &str) {}
    async fn acknowledged(&self) -> std::collections::BTreeSet<String> {
        Default::default()
    }
}

/// A new installation; the path of its webhook.
pub async fn found(data: &Data, seed: u64) -> Result<String, String> {
    let opened = data.open().await.map_err(|error| error.to_string())?;
    let nobody: Arc<dyn Outside> = Arc::new(Nobody);
    let site = open(opened, &nobody, Arc::new(weir_runtime::NoFaults), seed).await?;
    let path = furnish(&site).await?;
    site.runtime.stop().await.map_err(|error| error.to_string())?;
    site.store.close().await.map_err(|error| error.to_string())?;
    Ok(path)
}
