use crate::error::store_error;
use crate::open::SqlStore;
use crate::row::Columns;
use crate::script::Script;
use async_trait::async_trait;
use weir_base::Text;
use weir_store::{BLOB_THRESHOLD, Blobs, RunKey, StoreError, blob_hash};

const INSERT: (&str, usize, &str) =
    ("INSERT INTO blobs (hash, bytes) SELECT * FROM", 2, "WHERE column1 IS NOT NULL ON CONFLICT (hash) DO NOTHING");
const REFER: (&str, usize, &str) = (
    "INSERT INTO blob_refs (rid, hash) SELECT * FROM",
    2,
    "WHERE column1 IS NOT NULL ON CONFLICT (rid, hash) DO NOTHING",
);

/// The large values of a batch, on their way to the blob table.
#[derive(Default)]
pub struct Spilled {
    bytes: Vec<(Text, Vec<u8>)>,
    refs: Vec<(RunKey, Text)>,
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

    pub fn add(&mut self, run: RunKey, bytes: Vec<u8>) -> Text {
        let hash = blob_hash(&bytes);
        self.bytes.push((hash.clone(), bytes));
        self.refs.push((run, hash.clone()));
        hash
    }

    pub fn insert(self, script: &mut Script) {
        script.add_rows(INSERT, self.bytes, |binder, (hash, bytes)| {
            binder.value(hash).value(bytes);
        });
        script.add_rows(REFER, self.refs, |binder, (run, hash)| {
            binder.value(run.0).value(hash);
        });
    }
}

#[async_trait]
impl Blobs for SqlStore {
    async fn put_blob(&self, run: Option<RunKey>, bytes: Vec<u8>) -> Result<Text, StoreError> {
        let mut spilled = Spilled::default();
        let hash = spilled.add(run.unwrap_or_default(), bytes);
        let mut script = Script::new(2);
        spilled.insert(&mut script);
        let mut writer = self.writer().await;
        writer.prepare(true).await?;
        writer.run(script).await.map_err(store_error)?;
        Ok(hash)
    }

    async fn blob(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query("SELECT bytes FROM blobs WHERE hash = $1").bind(hash.to_owned());
        let row = query.fetch_optional(self.readers()).await.map_err(store_error)?;
        row.map(|row| Columns(&row).get(0)).transpose()
    }
}
