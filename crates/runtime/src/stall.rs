use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::watch;
use weir_runs::RunsError;

/// Whether anything can be written at present, known to everybody: the disk may be full, or the database gone.
///
/// During a stall runs wait, and whoever asks for something new is told why there is nothing to be had.
pub(crate) struct Stall {
    is_on: AtomicBool,
    count: AtomicU64,
    why: watch::Sender<Option<String>>,
}

impl Default for Stall {
    fn default() -> Self {
        Self { is_on: AtomicBool::new(false), count: AtomicU64::new(0), why: watch::channel(None).0 }
    }
}

impl Stall {
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Acquire)
    }

    /// How many there have been.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub fn why(&self) -> Option<String> {
        self.why.borrow().clone()
    }

    /// What a request for something new is answered with, if there is a stall.
    pub fn check(&self) -> Result<(), RunsError> {
        match self.is_on() {
            true => Err(RunsError::Unavailable(self.why().unwrap_or_default())),
            false => Ok(()),
        }
    }

    pub fn begin(&self, why: String) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.why.send_replace(Some(why));
        self.is_on.store(true, Ordering::Release);
    }

    pub fn end(&self) {
        self.is_on.store(false, Ordering::Release);
        self.why.send_replace(None);
    }

    /// Waits until there is none.
    pub async fn over(&self) {
        if self.is_on() {
            let _ = self.why.subscribe().wait_for(Option::is_none).await;
        }
    }

    /// Waits until there is one; what a request is then answered with.
    pub async fn begun(&self) -> RunsError {
        let mut why = self.why.subscribe();
        let found = why.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        RunsError::Unavailable(found.unwrap_or_default())
    }
}
