use crate::postgres::error::{is_invalid, is_taken, store_error};
use crate::postgres::open::Postgres;
use crate::postgres::rows::Rows;
use crate::postgres::work::query;
use crate::postgres::writer::{Ran, Writer};
use crate::suspects::Suspects;
use weir_store::{Batch, CommitError, StoreError};

impl Postgres {
    pub(super) async fn write(&self, mut batch: Batch) -> Result<(), CommitError> {
        batch.normalise()?;
        if batch.is_empty() {
            return self.write_nothing(batch.durable).await;
        }
        let suspects = Suspects::of(&batch);
        let rows = Rows::of(batch);
        let mut writer = self.writer().await;
        match writer.run(&rows).await? {
            Ran::Written => Ok(()),
            Ran::Stale => Err(CommitError::StaleOwner { epoch: suspects.epoch }),
            Ran::Lost(lost) => Err(CommitError::Lost(lost)),
            Ran::Refused(error) => Err(explain(suspects, &mut writer, error).await),
        }
    }

    /// Nothing to write; only the disk is waited for, where that is asked.
    async fn write_nothing(&self, durable: bool) -> Result<(), CommitError> {
        if !durable {
            return Ok(());
        }
        let mut writer = self.writer().await;
        writer.sync().await?;
        writer.take_lost().map_or(Ok(()), |lost| Err(CommitError::Lost(lost)))
    }
}

/// Says which row a broken constraint is about.
async fn explain(suspects: Suspects, writer: &mut Writer, error: sqlx::Error) -> CommitError {
    if !is_taken(&error) {
        let invalid = is_invalid(&error);
        let error = store_error(error);
        return if invalid { CommitError::Invalid(error.to_string()) } else { error.into() };
    }
    match find(suspects, writer).await {
        Ok(Some(conflict)) => conflict,
        Ok(None) => CommitError::Invalid(store_error(error).to_string()),
        Err(error) => error.into(),
    }
}

async fn find(suspects: Suspects, writer: &mut Writer) -> Result<Option<CommitError>, StoreError> {
    for (question, meaning) in suspects.questions::<Postgres>() {
        let question = query(question).map_err(store_error)?;
        let row = question.fetch_optional(writer.ready().await?).await.map_err(store_error)?;
        if row.is_some() {
            return Ok(Some(meaning));
        }
    }
    Ok(None)
}
