use weir_store::StoreError;

/// What an error of SQLite means to the caller.
pub fn store_error(error: sqlx::Error) -> StoreError {
    let text = error.to_string();
    match code(&error) {
        Some(code) => of_code(code, text),
        None => without_code(error, text),
    }
}

/// SQLITE_IOERR_SHMSIZE: the file that connections share beside the database cannot be made larger.
const NO_ROOM_TO_SHARE: i32 = 4_874;

fn of_code(code: i32, text: String) -> StoreError {
    match (code, code & 0xff) {
        (NO_ROOM_TO_SHARE, _) => StoreError::Full(format!("`weir.db-shm` cannot grow: {text}")),
        (_, 5 | 6 | 9) => StoreError::Busy(text),
        (_, 11 | 26) => StoreError::Corrupt(text),
        (_, 13) => StoreError::Full(text),
        _ => StoreError::Io(text),
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
    code(error).map(|code| code & 0xff)
}

/// The extended result code.
fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: i32, expected: &str) {
        assert_eq!(of_code(code, "why".into()).to_string(), expected);
    }

    #[test]
    fn codes_say_what_can_be_done() {
        check(5, "the store is busy: why");
        check(517, "the store is busy: why");
        check(11, "the stored data is damaged: why");
        check(13, "the disk is full: why");
        check(4_874, "the disk is full: `weir.db-shm` cannot grow: why");
        check(778, "the store failed: why");
    }
}
