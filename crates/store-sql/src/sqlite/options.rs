use std::time::Duration;

/// How a commit reaches the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// A durable batch is on the disk before it is acknowledged.
    #[default]
    Full,
    /// The operating system writes when it likes. For data that may be lost.
    Off,
}

/// Settings of a [`crate::SqlStore`].
#[derive(Clone, Debug)]
pub struct SqlOptions {
    pub synchronous: Synchronous,
    /// How many connections read beside the one that writes; at least 1.
    pub readers: u32,
    /// Page cache of each connection, in KiB.
    pub cache_kib: u32,
    /// The log is written back to the database after so many pages of 4 KiB.
    pub checkpoint_pages: u32,
    /// The log file is cut to this size once it has been written back.
    pub log_bytes: u64,
    /// How long to wait for another process that is writing.
    pub busy: Duration,
    /// Name of a registered SQLite file layer; the usual one if there is none.
    pub vfs: Option<String>,
}

impl Default for SqlOptions {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            readers: 2,
            cache_kib: 4 * 1024,
            checkpoint_pages: 2_000,
            log_bytes: 16 * 1024 * 1024,
            busy: Duration::from_secs(5),
            vfs: None,
        }
    }
}
