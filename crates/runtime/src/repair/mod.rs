//! Runs that go on differently: a fork from any record, and an ended run under another version of its flow.
//!
//! Both read the journal and write one record; nothing outside is asked here.

mod fork;
mod rebase;

pub use fork::rehearse_fork;
pub use rebase::rehearse_fix;

use crate::flows::store_failed;
use weir_engine::{Event, Numbered};
use weir_runs::RunsError;
use weir_store::{RunKey, Store};

const PAGE: u32 = 1_000;

/// The whole journal of a run, decoded.
pub(crate) async fn journal(store: &dyn Store, run: RunKey) -> Result<Vec<Numbered>, RunsError> {
    let mut events: Vec<(u64, Event)> = Vec::new();
    loop {
        let from = events.last().map_or(1, |(seq, _)| seq + 1);
        let records = store.records(run, from, PAGE).await.map_err(store_failed)?;
        if records.is_empty() {
            return Ok(events);
        }
        for record in records {
            let event = record.decode().map_err(|error| RunsError::rejected("RUN_UNREADABLE", error.to_string()))?;
            events.push((record.seq, event));
        }
    }
}
