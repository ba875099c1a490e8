use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Cases at work at the same time. Most of a case is waiting for a disk or a process.
const WORKERS: u64 = 4;

/// Which cases to run.
pub struct Seeds {
    pub first: u64,
    pub count: u64,
}

impl Seeds {
    /// Fifty cases from seed 1 on, unless the environment says otherwise.
    pub fn from_environment() -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        match number("CRASH_SEED") {
            Some(first) => Self { first, count: 1 },
            None => Self { first: 1, count: number("CRASH_CASES").unwrap_or(50) },
        }
    }

    /// Runs a case for every seed, several at a time.
    pub fn run(&self, case: impl Fn(u64) -> Outcome + Sync) -> Outcome {
        let (next, total) = (AtomicU64::new(0), Mutex::new(Outcome::default()));
        std::thread::scope(|scope| {
            for _ in 0..WORKERS.min(self.count) {
                scope.spawn(|| {
                    while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|n| *n < self.count) {
                        let outcome = case(self.first + number);
                        total.lock().unwrap().add(outcome);
                    }
                });
            }
        });
        let mut total = total.into_inner().unwrap();
        total.last = format!("seeds {}..={}", self.first, self.first + self.count - 1);
        total
    }
}

/// What came of one case, or of many.
#[derive(Default)]
pub struct Outcome {
    pub counts: BTreeMap<String, u64>,
    /// Seed and what is wrong.
    pub failures: Vec<(u64, String)>,
    pub last: String,
}

impl Outcome {
    pub fn count(&mut self, name: impl Into<String>, by: u64) {
        *self.counts.entry(name.into()).or_default() += by;
    }

    fn add(&mut self, other: Outcome) {
        other.counts.into_iter().for_each(|(name, count)| self.count(name, count));
        self.failures.extend(other.failures);
    }

    /// One line on the suite, and what to type for each case that failed. Whether all is well.
    pub fn print(mut self, suite: &str) -> bool {
        let package = env!("CARGO_PKG_NAME");
        self.failures.sort();
        for (seed, text) in &self.failures {
            println!("\nseed {seed}: {text}");
            println!("again: CRASH_SEED={seed} cargo test --package {package} --test crash -- {suite}");
        }
        let counts: Vec<String> = self.counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let (date, version) = (jiff::Timestamp::now().to_string(), env!("CARGO_PKG_VERSION"));
        let failed = format!(
            "failed {}",
            self.failures.iter().map(|(seed, _)| seed).collect::<std::collections::BTreeSet<_>>().len()
        );
        println!("crash: {suite}: {failed}, {}, {}, {}, weir {version}", counts.join(", "), self.last, &date[..10]);
        self.failures.is_empty()
    }
}
