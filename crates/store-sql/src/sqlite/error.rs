use weir_store::StoreError;

/// What an error of SQLite means to the caller, by its primary result code.
pub fn store_error(error: sqlx::Error) -> StoreError {
    let text = error.to_string();
    match primary_code(&error) {
        Some(5 | 6 | 9) => StoreError::Busy(text),
        Some(11 | 26) => StoreError::Corrupt(text),
        Some(13) => StoreError::Full(text),
        Some(_) => StoreError::Io(text),
        None => without_code(error, text),
    }
}

fn without_code(error: sqlx::Error, text: String) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => StoreError::Busy(text),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Corrupt(text),
        _ => StoreError::Io(text),
    }
}

/// The low byte of the extended result code: 5 busy, 11 corrupt, 13 full, 18 too big, 19 constraint.
pub fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
}
