//! What runtimes are made of here: the built-in kinds and those of `lab.rs`, a store in a folder, and flows that are called by name.

use crate::case::Ready;
use crate::lab;
use anyhow::{Result, anyhow};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use weir_base::{Diagnostic, Micros, Text};
use weir_catalog::Catalog;
use weir_control::{Ambient, FlowMemory};
use weir_ir::Flow;
use weir_kind::memory::MemorySecrets;
use weir_kind::{Memory, Registry, Secrets};
use weir_runs::FlowSource;
use weir_runtime::{Clock, FlowFinder, SystemClock};
use weir_store::Place;
use weir_store_sql::{SqlOptions, SqlStore};

pub fn catalog() -> Result<Catalog> {
    let mut catalog = weir_kinds::catalog().map_err(|problem| broken(&problem))?;
    catalog.embed(lab::RECORD).map_err(|problem| broken(&problem))?;
    Ok(catalog)
}

pub fn registry() -> Result<Registry> {
    let egress = Arc::new(weir_egress::Client::new(weir_egress::Options::default()));
    let mut registry = weir_kinds::registry(egress).map_err(|problem| broken(&problem))?;
    lab::registrations().into_iter().try_for_each(|one| registry.add(one)).map_err(|problem| broken(&problem))?;
    Ok(registry)
}

fn broken(problem: &Diagnostic) -> anyhow::Error {
    anyhow!("a record is broken: {}", problem.message)
}

/// One secret, which only kinds of Weir's own can open: the environment of generated workers has none.
pub fn secrets() -> Arc<dyn Secrets> {
    let secrets = MemorySecrets::default();
    secrets.put("lab", "seventeen letters");
    Arc::new(secrets)
}

pub async fn store(folder: &Path) -> Result<Arc<SqlStore>> {
    std::fs::create_dir_all(folder)?;
    Ok(Arc::new(SqlStore::open(folder, &SqlOptions::default()).await?))
}

pub fn memory(store: &Arc<SqlStore>) -> Arc<dyn Memory> {
    Arc::new(FlowMemory::new(store.clone(), store.clone(), Arc::new(Machine), None))
}

struct Machine;

impl Ambient for Machine {
    fn now(&self) -> Micros {
        SystemClock.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system has randomness");
    }
}

/// The flows beside a case's own.
pub struct Library(BTreeMap<Text, Flow>);

impl Library {
    pub fn of(ready: &Ready) -> Arc<Self> {
        Arc::new(Self(ready.library.clone()))
    }
}

#[async_trait]
impl FlowFinder for Library {
    async fn find(&self, _: &Place, name: &str) -> Option<Arc<FlowSource>> {
        let flow = self.0.get(name).cloned()?;
        Some(Arc::new(FlowSource { flow: Flow { name: name.to_owned(), ..flow }, files: Vec::new() }))
    }
}
