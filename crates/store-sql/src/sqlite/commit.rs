use crate::blobs::Spilled;
use crate::sqlite::error::{primary_code, store_error};
use crate::sqlite::open::Sqlite;
use crate::sqlite::rows;
use crate::sqlite::script::{Piece, Script};
use crate::sqlite::work::query;
use crate::sqlite::writer::Writer;
use crate::suspects::Suspects;
use sqlx::sqlite::SqliteArguments;
use weir_store::{Batch, CommitError, StoreError};

/// Fails the whole transaction unless the epoch is the newest.
const GUARD: &str = "INSERT INTO stale_owner (epoch) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM owner WHERE epoch = ?)";

/// Something to write, so that there is something to wait for.
const SYNC: &str = "UPDATE owner SET synced = synced + 1 WHERE id = 1";

impl Sqlite {
    pub(super) async fn write(&self, mut batch: Batch) -> Result<(), CommitError> {
        batch.normalise()?;
        let suspects = Suspects::of(&batch);
        let durable = batch.durable;
        let plan = Plan::of(batch);
        let mut writer = self.writer().await;
        writer.prepare(durable).await?;
        if let Some(lost) = writer.take_lost() {
            return Err(CommitError::Lost(lost));
        }
        match plan.run(&mut writer).await {
            Ok(()) => {
                writer.note_newest(suspects.newest());
                Ok(())
            }
            Err(Failed::Stale) => Err(CommitError::StaleOwner { epoch: suspects.epoch }),
            Err(Failed::Sql(error)) => Err(explain(suspects, &mut writer, error).await),
        }
    }
}

/// How a batch is written.
enum Plan {
    Nothing,
    /// Nothing to write; only the disk is waited for.
    Sync,
    /// Journal rows only, the usual step: one statement, no BEGIN, no COMMIT.
    Rows(Piece, u64),
    Script(Script),
}

enum Failed {
    Stale,
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Failed::Sql(error)
    }
}

impl Plan {
    fn of(batch: Batch) -> Self {
        if batch.is_empty() {
            return if batch.durable { Plan::Sync } else { Plan::Nothing };
        }
        if batch.len() == batch.records.len() && rows::fits_one_statement(&batch.records) {
            let rows = batch.records.len() as u64;
            return Plan::Rows(rows::guarded_journal(batch.records, batch.epoch), rows);
        }
        Plan::Script(script(batch))
    }

    async fn run(self, writer: &mut Writer) -> Result<(), Failed> {
        match self {
            Plan::Nothing => Ok(()),
            Plan::Sync => Ok(sync(writer).await?),
            Plan::Rows(piece, rows) => match writer.run_alone(piece).await? {
                written if written == rows => Ok(()),
                _ => Err(Failed::Stale),
            },
            Plan::Script(script) => Ok(writer.run(script).await?),
        }
    }
}

async fn sync(writer: &mut Writer) -> Result<(), sqlx::Error> {
    if !writer.is_unsynced() {
        return Ok(());
    }
    let piece = Piece { sql: SYNC.to_owned(), arguments: SqliteArguments::default() };
    writer.run_alone(piece).await.map(drop)
}

fn script(batch: Batch) -> Script {
    let mut script = Script::new(batch.len());
    script.add(GUARD, |binder| {
        binder.value(batch.epoch.0);
    });
    let mut spilled = Spilled::default();
    rows::runs(&mut script, batch.runs);
    rows::updates(&mut script, batch.updates, &mut spilled);
    rows::journal(&mut script, batch.records, &mut spilled);
    rows::attempts(&mut script, batch.attempts);
    rows::attempts_done(&mut script, batch.attempts_done);
    rows::effects(&mut script, batch.effects);
    rows::observations(&mut script, batch.observations);
    rows::snapshots(&mut script, batch.snapshots);
    rows::inbox_done(&mut script, batch.inbox_done);
    rows::blobs(&mut script, spilled);
    script
}

/// Says which row a broken constraint is about. The database only names the columns.
async fn explain(suspects: Suspects, writer: &mut Writer, error: sqlx::Error) -> CommitError {
    let text = error.to_string();
    match primary_code(&error) {
        Some(18) => CommitError::Invalid(text),
        Some(19) if text.contains("stale_owner") || text.contains("epoch") => {
            CommitError::StaleOwner { epoch: suspects.epoch }
        }
        Some(19) => match find(suspects, writer).await {
            Ok(Some(conflict)) => conflict,
            Ok(None) => CommitError::Invalid(text),
            Err(error) => error.into(),
        },
        _ => store_error(error).into(),
    }
}

async fn find(suspects: Suspects, writer: &mut Writer) -> Result<Option<CommitError>, StoreError> {
    for (question, meaning) in suspects.questions::<Sqlite>() {
        let row = query(question).fetch_optional(writer.connection()?).await.map_err(store_error)?;
        if row.is_some() {
            return Ok(Some(meaning));
        }
    }
    Ok(None)
}
