use std::time::Duration;

/// Settings of a [`crate::PgStore`].
#[derive(Clone, Debug)]
pub struct PgOptions {
    /// How many connections there are beside the one that writes batches; at least 1.
    pub connections: u32,
    /// How long a call waits for a database that does not answer, for a free connection, and for rows that others
    /// are changing, before it says that the store is busy.
    pub busy: Duration,
    /// How long to wait for an owner that is just letting go.
    pub handover: Duration,
}

impl Default for PgOptions {
    fn default() -> Self {
        Self { connections: 4, busy: Duration::from_secs(5), handover: Duration::from_secs(2) }
    }
}
