//! This program was built without Temporal.

use crate::args::Run;
use crate::args::temporal::Worker;
use crate::exit::{Exit, UsageError};
use crate::serve::connections::Connections as Given;
use std::sync::Arc;
use tokio::task::JoinHandle;
use weir_base::Value;
use weir_kind::{Interfaces, Memory, Secrets};
use weir_runs::{FlowSource, NoCarrier};
use weir_runtime::Runtime;

const CODE: &str = "TEMPORAL_NOT_BUILT";

pub fn worker(_: &Worker) -> anyhow::Result<Exit> {
    Err(absent())
}

pub fn run(_: &Run, _: Option<FlowSource>, _: Value) -> anyhow::Result<Exit> {
    Err(absent())
}

/// Whatever was asked for needs another program.
fn absent() -> anyhow::Error {
    let message = "this program was built without Temporal; take a release, or build it with `--features temporal`";
    UsageError(format!("{CODE}: {message}")).into()
}

/// A server's connections: there are none.
pub type Connections = NoCarrier;

/// What connections would need.
#[allow(dead_code)]
pub struct Hosting {
    pub runtime: Arc<Runtime>,
    pub secrets: Arc<dyn Secrets>,
    pub interfaces: Arc<dyn Interfaces>,
    pub memory: Arc<dyn Memory>,
}

/// A server that is told of connections does not begin without what they need.
pub async fn connections(given: &Given, _: &[String]) -> anyhow::Result<Arc<Connections>> {
    match given.is_empty() {
        true => Ok(Arc::new(NoCarrier)),
        false => Err(absent()),
    }
}

/// As those of a program with Temporal.
pub trait Hosts {
    fn begin(&self, _: &Hosting) -> Vec<JoinHandle<()>> {
        Vec::new()
    }

    #[allow(async_fn_in_trait)]
    async fn stop(&self, _: Vec<JoinHandle<()>>) {}
}

impl Hosts for NoCarrier {}
