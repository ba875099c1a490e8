use std::borrow::Cow;
use std::fmt::Display;
use weir_base::{Text, Value};
use weir_store::StoreError;

/// The columns of a row, by their place.
pub trait Cells {
    fn number(&self, column: usize) -> Result<Option<i64>, StoreError>;

    fn str(&self, column: usize) -> Result<Option<Cow<'_, str>>, StoreError>;

    fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Reads the columns of a row. A value that cannot be what was written is corrupt.
pub struct Columns<'r, R>(pub &'r R);

impl<'r, R: Cells> Columns<'r, R> {
    pub fn number(&self, column: usize) -> Result<i64, StoreError> {
        self.0.number(column)?.ok_or_else(|| missing(column))
    }

    pub fn optional_number(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.0.number(column)
    }

    pub fn str(&self, column: usize) -> Result<Cow<'r, str>, StoreError> {
        self.0.str(column)?.ok_or_else(|| missing(column))
    }

    pub fn optional_str(&self, column: usize) -> Result<Option<Cow<'r, str>>, StoreError> {
        self.0.str(column)
    }

    pub fn text(&self, column: usize) -> Result<Text, StoreError> {
        Ok(self.str(column)?.into())
    }

    pub fn optional_text(&self, column: usize) -> Result<Option<Text>, StoreError> {
        Ok(self.0.str(column)?.map(Text::from))
    }

    pub fn string(&self, column: usize) -> Result<String, StoreError> {
        Ok(self.str(column)?.into_owned())
    }

    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.0.bytes(column)?.ok_or_else(|| missing(column))
    }

    /// A text in one column, or else its bytes as a blob in another.
    pub fn text_or_blob(&self, column: usize, blob: usize) -> Result<Option<String>, StoreError> {
        match self.0.str(column)? {
            Some(text) => Ok(Some(text.into_owned())),
            None => self.0.bytes(blob)?.map(String::from_utf8).transpose().map_err(corrupt),
        }
    }

    pub fn count(&self, column: usize) -> Result<u64, StoreError> {
        u64::try_from(self.number(column)?).map_err(corrupt)
    }

    pub fn small(&self, column: usize) -> Result<u32, StoreError> {
        u32::try_from(self.number(column)?).map_err(corrupt)
    }

    pub fn json(&self, column: usize) -> Result<Value, StoreError> {
        Value::from_json(&self.str(column)?).map_err(corrupt)
    }
}

/// All rows, read one by one.
pub fn read_all<R: Cells, T>(
    rows: &[R],
    read: impl Fn(Columns<'_, R>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read(Columns(row))).collect()
}

/// A stored value that is not what was written.
pub fn corrupt(what: impl Display) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

fn missing(column: usize) -> StoreError {
    corrupt(format!("column {column} has no value"))
}
