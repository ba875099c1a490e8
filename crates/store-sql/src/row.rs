use crate::error::{corrupt, store_error};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};
use weir_base::{Text, Value};
use weir_store::StoreError;

/// Reads the columns of a row by their place. A value that cannot be what was written is corrupt.
pub struct Columns<'r>(pub &'r SqliteRow);

impl<'r> Columns<'r> {
    pub fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, column: usize) -> Result<T, StoreError> {
        self.0.try_get(column).map_err(store_error)
    }

    pub fn text(&self, column: usize) -> Result<Text, StoreError> {
        Ok(self.get::<&str>(column)?.into())
    }

    pub fn optional_text(&self, column: usize) -> Result<Option<Text>, StoreError> {
        Ok(self.get::<Option<&str>>(column)?.map(Text::from))
    }

    pub fn count(&self, column: usize) -> Result<u64, StoreError> {
        u64::try_from(self.get::<i64>(column)?).map_err(corrupt)
    }

    pub fn small(&self, column: usize) -> Result<u32, StoreError> {
        u32::try_from(self.get::<i64>(column)?).map_err(corrupt)
    }

    pub fn json(&self, column: usize) -> Result<Value, StoreError> {
        Value::from_json(self.get::<&str>(column)?).map_err(corrupt)
    }
}

/// All rows, read one by one.
pub fn read_all<T>(
    rows: &[SqliteRow],
    read: impl Fn(Columns<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read(Columns(row))).collect()
}

/// A limit as SQL takes it.
pub fn limit(limit: u32) -> i64 {
    i64::from(limit)
}
