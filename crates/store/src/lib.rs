//! The persistence port: what a store keeps and what it promises, one module per aggregate.
//!
//! There is no database here, no file and no clock: adapters implement these traits, and one
//! conformance suite judges them all. Nothing here interprets a journal; a record is an opaque row.
//! Everything a running engine writes goes through one door, [`Store::commit`] with a [`Batch`];
//! the other traits read, and write what no run waits for. What people change by hand goes through another,
//! [`Documents::change`]. Start with `store.rs`, then `batch.rs` and `documents.rs`.

mod attempts;
mod batch;
mod blobs;
mod documents;
mod effects;
mod error;
mod flows;
mod histories;
mod inbox;
mod journal;
mod observations;
mod queue;
mod retention;
mod runs;
mod snapshots;
mod store;
mod variables;

pub use attempts::{Attempt, Attempts};
pub use batch::Batch;
pub use blobs::{BLOB_THRESHOLD, Blobs, blob_hash};
pub use documents::{Change, ChangeError, Document, DocumentFilter, DocumentPage, Documents, Scope, Table};
pub use effects::{Effect, Effects};
pub use error::{CommitError, StoreError};
pub use flows::{FlowVersion, Flows, SourceFile};
pub use histories::{Histories, History};
pub use inbox::{Inbox, InboxKey, Message, NewMessage};
pub use journal::{Entry, Journal, NumberedEntry, TenantEntries, check_dense};
pub use observations::{NewObservation, Observation, Observations};
pub use queue::{interleave, rotate};
pub use retention::{Retention, RetentionPolicy, Swept};
pub use runs::{
    Claim, ELSEWHERE, EndedCount, EndedFilter, Page, PageRequest, Place, QueueId, Run, RunCursor, RunFilter, RunKey,
    RunUpdate, Runs, SYSTEM_PROJECT, elsewhere_key,
};
pub use snapshots::{Snapshot, Snapshots};
pub use store::{Epoch, Store};
pub use variables::{
    MAX_VARIABLE_BYTES, Variable, VariableChange, VariableFault, VariableOp, VariableRefusal, VariableScope,
    VariableSet, VariableWrite, Variables, apply_change, check_seen,
};
