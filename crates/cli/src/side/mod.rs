//! Runs in a folder of this machine and runs of a server, asked and shown in the same way.

mod local;
mod remote;

pub use local::{Folder, Here, Looking, no_run, stored};
pub use remote::Remote;

use crate::args::Data;
use crate::remote::{Place, place};
use async_trait::async_trait;
use weir_base::{Micros, Text};
use weir_engine::{Record, Status, StepError};
use weir_runs::{Change, Forked, LogView, Offer, ReplayView, Request, RunView};

/// A run in a list.
pub struct Row {
    pub id: Text,
    pub flow: Text,
    pub version: Text,
    pub status: Status,
    pub error: Option<StepError>,
    pub created_at: Micros,
    pub started_at: Option<Micros>,
    pub ended_at: Option<Micros>,
    pub wake_at: Option<Micros>,
    /// `manual`, or a sort of trigger and the trigger's id, such as `webhook/ID`.
    pub cause: Option<Text>,
}

/// Which runs are listed.
#[derive(Default)]
pub struct Wanted {
    pub flow: Option<String>,
    pub statuses: Vec<Status>,
    pub text: Option<String>,
    /// A sort of trigger, or one trigger.
    pub trigger: Option<String>,
    /// Only runs that Weir has made by itself; none of them where not.
    pub system: bool,
    pub limit: u32,
    /// Where an earlier list ended.
    pub before: Option<String>,
}

/// Looks at runs and speaks to them. Nothing is carried here.
#[async_trait]
pub trait Side: Send + Sync {
    /// Runs, the newest first, and where the list goes on.
    async fn list(&self, wanted: &Wanted) -> anyhow::Result<(Vec<Row>, Option<String>)>;
    async fn row(&self, run: &str) -> anyhow::Result<Row>;
    async fn replay(&self, run: &str, to: Option<u64>) -> anyhow::Result<ReplayView>;
    async fn logs(&self, run: &str) -> anyhow::Result<Vec<LogView>>;
    /// Records from one on; none at the end.
    async fn records(&self, run: &str, from: u64) -> anyhow::Result<Vec<Record>>;
    /// The request is on disk when this returns. Whether somebody carries the run now.
    async fn ask(&self, run: &str, request: &Request) -> anyhow::Result<bool>;
    async fn rehearse_fork(&self, run: &str, at: u64, changes: &[Change]) -> anyhow::Result<Vec<Text>>;
}

/// Starts runs anew from others, and goes on with failed ones.
#[async_trait]
pub trait Carrier: Send + Sync {
    async fn fork(&self, run: &str, at: u64, changes: &[Change]) -> anyhow::Result<Forked>;
    async fn fix(&self, run: &str, dry_run: bool, force: bool) -> anyhow::Result<Offer>;
    /// Failed and timed out runs of a flow, the oldest first.
    async fn failed(&self, flow: &str) -> anyhow::Result<Vec<Text>>;
    async fn wait(&self, run: &str) -> anyhow::Result<RunView>;
    async fn replay(&self, run: &str) -> anyhow::Result<ReplayView>;
    async fn logs(&self, run: &str) -> anyhow::Result<Vec<LogView>>;
}

/// The side the arguments and the environment name.
pub async fn side(data: &Data) -> anyhow::Result<Box<dyn Side>> {
    Ok(match place(data)? {
        Place::Folder(folder) => Box::new(Folder::visit(folder).await?),
        Place::Server(client) => Box::new(Remote::new(client)),
    })
}
