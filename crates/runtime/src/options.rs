use std::path::PathBuf;
use weir_base::Duration;
use weir_ir::Durability;

/// Settings of a [`crate::Runtime`].
#[derive(Clone, Debug)]
pub struct Options {
    /// How many loops carry runs. With a virtual clock there is always one.
    pub shards: usize,
    /// Open runs of one tenant at the same time; later ones wait in the store.
    pub runs_per_tenant: Option<u32>,
    /// Open runs of one flow of a project at the same time, where the flow names no `concurrency` of its own.
    pub runs_per_flow: Option<u32>,
    /// Runs held in memory at the same time; more wait in the store.
    pub held_runs: usize,
    /// Attempts under way at the same time, in each loop.
    pub attempts_at_once: usize,
    /// Whether runs that were open before are taken up again. Where not, they stay as they are: only what is
    /// started, forked or fixed here is carried, and it does not leave memory before its end.
    pub take_up: bool,
    /// How long a run that only waits stays in memory.
    pub park_after: Duration,
    /// How long a commit waits for others to join it. Commits join anyway while one is under way.
    pub commit_window: Duration,
    /// How long results may stay off the disk where nothing waits for them.
    pub flush_after: Duration,
    /// How long a stop waits for attempts that are under way.
    pub drain: Duration,
    /// For flows that name no durability.
    pub durability: Durability,
    /// For every flow, whatever it names.
    pub force_durability: Option<Durability>,
    /// How often messages of other processes are looked for.
    pub inbox_every: Duration,
    pub retention: RetentionOptions,
    /// What a flow's `files` folder is relative to; no file kind runs without.
    pub files_root: Option<PathBuf>,
    /// Fold events before a snapshot of the state is kept, and again (semantics 5.12).
    pub snapshot_every: u64,
}

/// What is forgotten and when. `None` keeps for ever.
#[derive(Clone, Copy, Debug)]
pub struct RetentionOptions {
    /// Ended runs, counted from their end.
    pub runs: Option<Duration>,
    /// Logs and failed attempts.
    pub observations: Option<Duration>,
    pub every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            shards: 2,
            runs_per_tenant: None,
            runs_per_flow: None,
            held_runs: 10_000,
            attempts_at_once: 4_096,
            take_up: true,
            park_after: Duration::from_secs(2),
            commit_window: Duration::from_millis(0),
            flush_after: Duration::from_millis(50),
            drain: Duration::from_secs(10),
            durability: Durability::Sync,
            force_durability: None,
            inbox_every: Duration::from_millis(200),
            retention: RetentionOptions::default(),
            files_root: None,
            snapshot_every: 1_000,
        }
    }
}

impl Default for RetentionOptions {
    fn default() -> Self {
        Self { runs: None, observations: None, every: Duration::from_secs(3_600) }
    }
}
