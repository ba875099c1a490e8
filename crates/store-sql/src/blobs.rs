use crate::database::{Database, Sql, Work};
use crate::statement::{Arg, Statement};
use async_trait::async_trait;
use weir_base::Text;
use weir_engine::StepError;
use weir_store::{BLOB_THRESHOLD, Blobs, RunKey, StoreError, blob_hash};

const KEEP: &str = "INSERT INTO blobs (hash, bytes) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";
const REFER: &str = "INSERT INTO blob_refs (rid, hash) VALUES ($1, $2) ON CONFLICT (rid, hash) DO NOTHING";

/// The large values of a batch, on their way to the blob table.
#[derive(Default)]
pub struct Spilled {
    pub bytes: Vec<(Text, Vec<u8>)>,
    pub refs: Vec<(RunKey, Text)>,
}

impl Spilled {
    /// The text to keep in the row, or else the name of the blob to keep there.
    pub fn take(&mut self, run: RunKey, text: String) -> (Option<String>, Option<Text>) {
        if text.len() <= BLOB_THRESHOLD {
            return (Some(text), None);
        }
        let hash = self.add(run, text.into_bytes());
        (None, Some(hash))
    }

    fn add(&mut self, run: RunKey, bytes: Vec<u8>) -> Text {
        let hash = blob_hash(&bytes);
        self.bytes.push((hash.clone(), bytes));
        self.refs.push((run, hash.clone()));
        hash
    }
}

/// A run's error as its row keeps it.
pub fn error_json(error: &StepError) -> String {
    serde_json::to_string(error).unwrap_or_default()
}

/// What a run waits for as its row keeps it.
pub fn waits_json(waits: &[Text]) -> Option<String> {
    (!waits.is_empty()).then(|| serde_json::to_string(waits).unwrap_or_default())
}

#[async_trait]
impl<D: Database> Blobs for Sql<D> {
    /// No batch is written meanwhile, and nothing is forgotten that this one is about to refer to.
    async fn put_blob(&self, run: Option<RunKey>, bytes: Vec<u8>) -> Result<Text, StoreError> {
        let hash = blob_hash(&bytes);
        let mut work = self.db.begin_alone().await?;
        let kept = put::<D>(&mut work, run.unwrap_or_default(), &hash, bytes).await;
        work.end(kept).await?;
        Ok(hash)
    }

    async fn blob(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_one(Statement::fixed("SELECT bytes FROM blobs WHERE hash = $1").with(hash), |row| row.bytes(0)).await
    }
}

async fn put<D: Database>(work: &mut D::Work, run: RunKey, hash: &Text, bytes: Vec<u8>) -> Result<(), StoreError> {
    let keep = Statement::fixed(KEEP).with(hash.clone()).with(Arg::Bytes(bytes));
    work.execute(keep).await.map_err(D::error)?;
    let refer = Statement::fixed(REFER).with(run.0).with(hash.clone());
    work.execute(refer).await.map_err(D::error)?;
    Ok(())
}
