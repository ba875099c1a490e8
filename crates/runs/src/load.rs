use std::sync::atomic::{AtomicU64, Ordering};
use weir_base::Text;
use weir_engine::Status;

/// Upper bounds for durations, in microseconds: from a fast commit to a long run.
pub const DURATIONS: [u64; 19] = [
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    60_000_000,
    600_000_000,
    3_600_000_000,
];

/// Upper bounds for how many of something went together.
pub const AMOUNTS: [u64; 10] = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 8_192, 16_384];

/// Counts how often a number fell between which bounds. Recording takes no lock and no memory.
#[derive(Debug)]
pub struct Meter {
    bounds: &'static [u64],
    /// One more than there are bounds, for what is above them all.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Meter {
    pub fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }

    /// For microseconds.
    pub fn of_durations() -> Self {
        Self::new(&DURATIONS)
    }

    pub fn record(&self, number: u64) {
        let at = self.bounds.partition_point(|bound| *bound < number);
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(number, Ordering::Relaxed);
    }

    pub fn read(&self) -> Distribution {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Distribution { bounds: self.bounds, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// What a [`Meter`] has counted so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    pub bounds: &'static [u64],
    /// For each bound those above the bound before it, and last those above all.
    pub counts: Vec<u64>,
    pub sum: u64,
}

impl Distribution {
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// How busy a runtime is, and what it has done since it was started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    /// Runs on disk that wait for their turn.
    pub pending: u64,
    /// Runs in memory.
    pub held: u64,
    /// Runs that hold a place, by tenant.
    pub open: Vec<(Text, u32)>,
    /// Rows that were handed in and are not written yet.
    pub backlog: u64,
    /// How long commits took, in microseconds.
    pub commits: Distribution,
    pub rows_per_commit: Distribution,
    pub failed_commits: u64,
    pub flows: Vec<FlowLoad>,
    /// How long runs took, in microseconds, by how they ended.
    pub runs: Vec<(Status, Distribution)>,
    /// How long steps took with all their attempts, in microseconds.
    pub steps: Vec<StepLoad>,
    /// Why nothing can be written any more.
    pub failure: Option<String>,
    /// Why nothing can be written at present. It is tried again and again, and runs wait.
    pub stalled: Option<String>,
    /// How often that was so.
    pub stalls: u64,
    /// Why the newest commit failed, for a while after it did.
    pub trouble: Option<String>,
    /// Runs from before the start are still being taken up.
    pub recovering: bool,
}

/// What the runs of one flow have come to. Flows beyond a number are counted as one that is named `other`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowLoad {
    pub tenant: Text,
    pub project: Text,
    pub flow: Text,
    pub started: u64,
    pub ended: Vec<(Status, u64)>,
    /// Records written to journals.
    pub messages: u64,
    /// Attempts that have begun and are not over.
    pub under_way: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StepLoad {
    pub kind: Text,
    pub failed: bool,
    pub durations: Distribution,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_at_the_first_bound_that_holds_it() {
        let meter = Meter::new(&[1, 10]);
        for number in [0, 1, 2, 10, 11, 500] {
            meter.record(number);
        }
        let found = meter.read();
        assert_eq!((found.counts.clone(), found.sum, found.count()), (vec![2, 2, 2], 524, 6));
    }
}
