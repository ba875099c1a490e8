//! A whole server on loopback with data of its own, and a clock that a test can put forward.
#![allow(dead_code)]

#[path = "../../../cli/src/serve/house.rs"]
mod keeping;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use weir_base::{Duration, Micros};
use weir_control::{Ambient, Control, FlowMemory, Mail, NoMail, Options, Outbox, Parts, Post, Provider, Web};
use weir_runtime::{Clock, Runtime, SystemClock};
use weir_server::App;
use weir_store_sql::{SqlOptions, SqlStore};
use weir_vault::keyring::Keyring;

/// The machine's clock, put forward, and numbers nobody needs to guess.
#[derive(Default)]
pub struct Ahead {
    by: AtomicI64,
    chance: AtomicU64,
}

impl Ahead {
    pub fn pass(&self, span: Duration) {
        self.by.fetch_add(span.micros(), Ordering::SeqCst);
    }

    /// It is this time now, and goes on from there.
    pub fn set(&self, now: Micros) {
        self.by.store(now - SystemClock.now(), Ordering::SeqCst);
    }

    pub fn back(&self, span: Duration) {
        self.by.fetch_sub(span.micros(), Ordering::SeqCst);
    }
}

impl Ambient for Ahead {
    fn now(&self) -> Micros {
        SystemClock.now() + self.by.load(Ordering::SeqCst)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let number = self.chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (number >> 56) as u8 ^ (number >> 17) as u8;
        }
    }
}

/// What a server is made with; the address is known first, since others are told of it.
pub struct Plan {
    pub providers: Vec<Provider>,
    pub web: Arc<dyn Web>,
    /// Where letters go; without, none leave.
    pub post: Option<Arc<dyn Post>>,
    pub tier: &'static str,
    pub clerk: Option<weir_vault::Secret>,
    pub server: weir_server::Options,
}

impl Plan {
    pub fn new(web: Arc<dyn Web>) -> Self {
        let server = weir_server::Options { listen: ([127, 0, 0, 1], 0).into(), ..weir_server::Options::default() };
        Self { providers: Vec::new(), web, post: None, tier: "enterprise", clerk: None, server }
    }
}

pub struct House {
    pub url: String,
    pub control: Arc<Control>,
    pub clock: Arc<Ahead>,
    _data: tempfile::TempDir,
}

impl House {
    /// Builds it; `plan` is asked once the address is known.
    pub async fn open(plan: impl FnOnce(&str) -> Plan) -> House {
        let reserved = weir_server::listen(&Plan::new(Arc::new(weir_control::NoWeb)).server).await.unwrap();
        let url = format!("http://{}", reserved.address);
        let plan = plan(&url);
        let data = tempfile::tempdir().unwrap();
        let store = Arc::new(SqlStore::open(data.path(), &SqlOptions::default()).await.unwrap());
        let egress = Arc::new(weir_egress::Client::new(weir_egress::Options::default()));
        let mut registry = weir_kinds::registry(egress).unwrap();
        let keeping = Arc::new(keeping::House::default());
        let port: Arc<dyn weir_kind::Housekeeping> = keeping.clone();
        weir_kinds::system(&port).into_iter().for_each(|kind| registry.add(kind).unwrap());
        let catalog = Arc::new(registry.catalog().clone());
        let parts = weir_runtime::Parts::new(store.clone(), registry);
        let runtime = Arc::new(Runtime::open(weir_runtime::Options::default(), parts).await.unwrap());
        let clock = Arc::new(Ahead::default());
        let keyring = Arc::new(Keyring::parse(&"7a01".repeat(16)).unwrap());
        let mail: Arc<dyn Mail> = match plan.post {
            None => Arc::new(NoMail),
            Some(post) => Arc::new(Outbox::new(store.clone(), runtime.clone(), keyring.clone(), clock.clone(), post)),
        };
        let memory = FlowMemory::of(store.clone(), store.clone(), clock.clone(), &Options::default());
        let control = Arc::new(Control::new(Parts {
            documents: store.clone(),
            store,
            runs: runtime,
            catalog,
            ambient: clock.clone(),
            mail,
            web: plan.web,
            keyring,
            memory,
            options: Options {
                public_url: url.clone(),
                sign_in: plan.providers,
                tier: plan.tier.to_owned(),
                clerk_secret: plan.clerk,
                passwords: weir_vault::password::Options { memory_kib: 8, passes: 1, lanes: 1 },
                ..Options::default()
            },
        }));
        keeping.enter(&control);
        let app = Arc::new(App::new(control.clone(), plan.server));
        let router = weir_server::router(app.clone());
        tokio::spawn(reserved.serve(app, router, std::future::pending()));
        House { url, control, clock, _data: data }
    }
}
