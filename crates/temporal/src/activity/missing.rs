//! A journal of which the store lacks a part, as after a backup was put back: the run itself still has it.

use super::Keeper;
use crate::TemporalError;
use crate::client::Cluster;
use crate::wire::{Row, RunEnd, Shipment};
use async_trait::async_trait;
use thiserror::Error;
use weir_base::Value;
use weir_engine::{Status, StepError};
use weir_store::StoreError;

/// Why a part of a journal was not kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotKept {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What comes before it is not here.
    #[error("records are missing from {from} on")]
    Missing { from: u64 },
    /// It counts as cancelled here, and goes on there.
    #[error("the run was cancelled before it was known to have begun")]
    Cancelled,
}

/// Where a run's own journal is read.
#[async_trait]
pub trait Original: Send + Sync {
    /// Records from this number on, as many as come together; nothing where they are gone.
    async fn rows(&self, run: &str, from: u64) -> Result<Vec<Row>, TemporalError>;

    /// The flow it runs, as JSON; [`TemporalError::Wrong`] where it cannot tell.
    async fn flow(&self, run: &str) -> Result<String, TemporalError>;

    /// Cancels a run that is over here.
    async fn end(&self, run: &str, reason: &str) -> Result<(), TemporalError>;
}

#[async_trait]
impl Original for Cluster {
    async fn rows(&self, run: &str, from: u64) -> Result<Vec<Row>, TemporalError> {
        let newest = self.journal(run, None, from, u64::MAX).await?;
        if newest.first <= from {
            return Ok(newest.rows);
        }
        for link in newest.before.iter().rev() {
            let page = self.journal(run, Some(link), from, u64::MAX).await?;
            if page.first <= from {
                return Ok(page.rows);
            }
        }
        Ok(Vec::new())
    }

    async fn flow(&self, run: &str) -> Result<String, TemporalError> {
        self.flow_of(run).await
    }

    async fn end(&self, run: &str, reason: &str) -> Result<(), TemporalError> {
        self.cancel(run, reason).await
    }
}

/// A run that is not there any more is over as well.
async fn end(run: &str, original: &dyn Original) -> Result<(), StoreError> {
    tracing::warn!(run, "a run that was cancelled before it was known to have begun is cancelled where it is");
    match original.end(run, &NotKept::Cancelled.to_string()).await {
        Ok(()) | Err(TemporalError::NotFound(_)) => Ok(()),
        Err(error) => Err(StoreError::Busy(format!("{run} is to be cancelled: {error}"))),
    }
}

impl Keeper {
    /// Keeps a part of a journal, and what is missing before it. Where that is gone for good, the run has failed here.
    pub async fn keep_whole(&self, shipment: &Shipment, original: &dyn Original) -> Result<(), StoreError> {
        loop {
            match self.keep(shipment).await {
                Ok(()) => return Ok(()),
                Err(NotKept::Store(error)) => return Err(error),
                Err(NotKept::Missing { from }) => self.fetch(shipment, from, original).await?,
                Err(NotKept::Cancelled) => return end(&shipment.run, original).await,
            }
        }
    }

    /// Keeps some of what is missing: at least one record, if there is one.
    async fn fetch(&self, shipment: &Shipment, from: u64, original: &dyn Original) -> Result<(), StoreError> {
        let run = &*shipment.run;
        let mut rows = match original.rows(run, from).await {
            Ok(rows) => rows,
            Err(TemporalError::NotFound(_)) => Vec::new(),
            Err(error) => {
                return Err(StoreError::Busy(format!("records of {run} from {from} on are missing: {error}")));
            }
        };
        let sent = shipment.rows.first().map_or(u64::MAX, |row| row.seq);
        rows.retain(|row| (from..sent).contains(&row.seq));
        if rows.first().is_none_or(|row| row.seq != from) {
            return self.give_up(shipment, from).await;
        }
        tracing::warn!(run, from, count = rows.len(), "records that were missing here are fetched from the run");
        let flow = self.lost_flow(shipment, original).await?;
        let part = Shipment { flow, rows, logs: Vec::new(), end: None, ..shipment.clone() };
        self.keep_only(&part).await
    }

    /// The flow, if it is lost here as well. A run that cannot tell it, as one of an earlier version cannot, is kept
    /// without; one that does not answer is asked again, as nobody asks once its records are here.
    async fn lost_flow(&self, shipment: &Shipment, original: &dyn Original) -> Result<Option<String>, StoreError> {
        let Shipment { run, version, place, .. } = shipment;
        if shipment.flow.is_some() || self.store.flow_version(&place.tenant, version).await?.is_some() {
            return Ok(shipment.flow.clone());
        }
        match original.flow(run).await {
            Ok(flow) => Ok(Some(flow)),
            Err(error @ (TemporalError::NotFound(_) | TemporalError::Wrong(_))) => {
                tracing::warn!(run = &**run, "the run's flow is not kept here: {error}");
                Ok(None)
            }
            Err(error) => Err(StoreError::Busy(format!("the flow of {run} is missing: {error}"))),
        }
    }

    async fn give_up(&self, shipment: &Shipment, from: u64) -> Result<(), StoreError> {
        let run = &shipment.run;
        let message = format!(
            "the journal of `{run}` is kept here up to record {} only, and its Temporal cluster does not have what follows any more; what it does there is in the cluster's own history. Fork it from a record here, or start it again",
            from - 1
        );
        tracing::error!(run = &**run, from, "a journal cannot be put together any more");
        let error = StepError::new("JOURNAL_INCOMPLETE", "internal", message);
        let at = shipment.rows.last().map_or(shipment.created_at, |row| row.at);
        let end = RunEnd { status: Status::Failed, output: Value::Null, error: Some(error), at };
        self.keep_only(&Shipment { rows: Vec::new(), logs: Vec::new(), end: Some(end), ..shipment.clone() }).await
    }

    /// What follows what is here.
    async fn keep_only(&self, shipment: &Shipment) -> Result<(), StoreError> {
        self.keep(shipment).await.map_err(|error| match error {
            NotKept::Store(error) => error,
            missing => StoreError::Busy(missing.to_string()),
        })
    }
}
