use weir_store::StoreError;

/// Too many connections or too little memory, a conflict, a deadlock, a lock not had in time, a server that only
/// reads at present.
const PASSING: [&str; 8] = ["53000", "53200", "53300", "40001", "40P01", "55P03", "57014", "25006"];

/// A page or an index that cannot be right.
const DAMAGED: [&str; 2] = ["XX001", "XX002"];

/// What an error of PostgreSQL means to the caller, by its SQLSTATE.
pub fn store_error(error: sqlx::Error) -> StoreError {
    let text = said(&error);
    if is_lost(&error) {
        return StoreError::Busy(text);
    }
    match state(&error).as_deref() {
        Some(state) if PASSING.contains(&state) => StoreError::Busy(text),
        Some(state) if DAMAGED.contains(&state) => StoreError::Corrupt(text),
        Some("53100") => StoreError::Full(text),
        Some(_) => StoreError::Io(text),
        None => without_state(error, text),
    }
}

fn without_state(error: sqlx::Error, text: String) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => StoreError::Busy("the database does not answer".into()),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Corrupt(text),
        _ => StoreError::Io(text),
    }
}

/// Whether the connection is gone, so that nobody knows what became of the statement.
pub fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        _ => state(error).is_some_and(|state| state.starts_with("08") || state.starts_with("57P")),
    }
}

/// Whether a row was refused because there is one like it.
pub fn is_taken(error: &sqlx::Error) -> bool {
    state(error).as_deref() == Some("23505")
}

/// Whether the values are such that no database could take them, or this one cannot.
pub fn is_invalid(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Encode(_))
        || state(error).is_some_and(|state| ["22", "23", "54"].iter().any(|class| state.starts_with(class)))
}

fn state(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// What the database said, without the words around it.
fn said(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    }
}
