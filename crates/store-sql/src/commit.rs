use crate::error::{primary_code, store_error};
use crate::open::SqlStore;
use crate::script::{Piece, Script};
use crate::writer::Writer;
use crate::{attempts, blobs, effects, inbox, journal, observations, runs, snapshots};
use sqlx::Row;
use sqlx::sqlite::SqliteArguments;
use weir_base::Text;
use weir_store::{Batch, CommitError, Epoch, RunKey, StoreError};

/// Fails the whole transaction unless the epoch is the newest.
const GUARD: &str = "INSERT INTO stale_owner (epoch) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM owner WHERE epoch = ?)";

/// Something to write, so that there is something to wait for.
const SYNC: &str = "UPDATE owner SET synced = synced + 1 WHERE id = 1";

/// What a batch is looked through for when the database has refused it.
struct Suspects {
    epoch: Epoch,
    ids: Vec<Text>,
    firsts: Vec<(RunKey, u64)>,
}

impl SqlStore {
    pub(crate) async fn write(&self, mut batch: Batch) -> Result<(), CommitError> {
        batch.normalise()?;
        let suspects = Suspects::of(&batch);
        let durable = batch.durable;
        let plan = Plan::of(batch);
        let mut writer = self.writer().await;
        writer.prepare(durable).await?;
        match plan.run(&mut writer).await {
            Ok(()) => Ok(()),
            Err(Failed::Stale) => Err(CommitError::StaleOwner { epoch: suspects.epoch }),
            Err(Failed::Sql(error)) => Err(suspects.explain(&mut writer, error).await),
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
        if batch.len() == batch.records.len() && journal::fits_one_statement(&batch.records) {
            let rows = batch.records.len() as u64;
            return Plan::Rows(journal::guarded(batch.records, batch.epoch), rows);
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
    let mut spilled = blobs::Spilled::default();
    runs::insert(&mut script, batch.runs);
    runs::update(&mut script, batch.updates, &mut spilled);
    journal::insert(&mut script, batch.records, &mut spilled);
    attempts::upsert(&mut script, batch.attempts);
    attempts::delete(&mut script, batch.attempts_done);
    effects::insert(&mut script, batch.effects);
    observations::insert(&mut script, batch.observations);
    snapshots::replace(&mut script, batch.snapshots);
    inbox::delete(&mut script, batch.inbox_done);
    spilled.insert(&mut script);
    script
}

impl Suspects {
    fn of(batch: &Batch) -> Self {
        let firsts = batch.records.iter().map(|entry| (entry.run, entry.record.seq)).collect();
        Self { epoch: batch.epoch, ids: batch.runs.iter().map(|run| run.id.clone()).collect(), firsts }
    }

    /// Says which row a broken constraint is about. The database only names the columns.
    async fn explain(&self, writer: &mut Writer, error: sqlx::Error) -> CommitError {
        let text = error.to_string();
        match primary_code(&error) {
            Some(18) => CommitError::Invalid(text),
            Some(19) if text.contains("stale_owner") || text.contains("epoch") => {
                CommitError::StaleOwner { epoch: self.epoch }
            }
            Some(19) => match self.find(writer).await {
                Ok(Some(conflict)) => conflict,
                Ok(None) => CommitError::Invalid(text),
                Err(error) => error.into(),
            },
            _ => store_error(error).into(),
        }
    }

    async fn find(&self, writer: &mut Writer) -> Result<Option<CommitError>, StoreError> {
        for id in &self.ids {
            let query = sqlx::query("SELECT 1 FROM runs WHERE id = $1").bind(id.clone());
            if found(writer, query).await? {
                return Ok(Some(CommitError::RunExists { id: id.clone() }));
            }
        }
        for &(run, seq) in &self.firsts {
            let query = sqlx::query("SELECT 1 FROM journal WHERE rid = $1 AND seq = $2").bind(run.0).bind(seq as i64);
            if found(writer, query).await? {
                return Ok(Some(CommitError::SeqTaken { run, seq }));
            }
        }
        Ok(None)
    }
}

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

async fn found(writer: &mut Writer, query: Query) -> Result<bool, StoreError> {
    let row = query.fetch_optional(writer.connection()?).await.map_err(store_error)?;
    Ok(row.is_some_and(|row| !row.is_empty()))
}
