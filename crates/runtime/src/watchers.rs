use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use weir_base::Text;
use weir_runs::{Progress, ProgressBody, Watch};

/// Events a slow watcher may lag behind before it misses some.
const BUFFER: usize = 4_096;

/// Who watches which run. A run is forgotten with the last one who watches it.
#[derive(Default)]
pub(crate) struct Watchers(Arc<Watched>);

#[derive(Default)]
struct Watched {
    /// Spares the lock where nobody watches anything.
    count: AtomicUsize,
    runs: Mutex<HashMap<Text, Sender<Progress>>>,
}

impl Watched {
    fn runs(&self) -> MutexGuard<'_, HashMap<Text, Sender<Progress>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_count(&self, runs: &HashMap<Text, Sender<Progress>>) {
        self.count.store(runs.len(), Ordering::Release);
    }

    fn forget(&self, run: &str, runs: &mut HashMap<Text, Sender<Progress>>) {
        runs.remove(run);
        self.note_count(runs);
    }
}

impl Watchers {
    pub fn watches(&self, run: &str) -> bool {
        self.0.count.load(Ordering::Acquire) > 0 && self.0.runs().contains_key(run)
    }

    pub fn watch(&self, run: &str) -> Watch {
        let mut runs = self.0.runs();
        let receiver = runs.entry(run.into()).or_insert_with(|| channel(BUFFER).0).subscribe();
        self.0.note_count(&runs);
        let watching = Watching { run: run.into(), receiver: Some(receiver), watched: self.0.clone() };
        Watch::new(futures::stream::unfold(Some(watching), next))
    }

    pub fn tell(&self, progress: Progress) {
        if self.0.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut runs = self.0.runs();
        let Some(sender) = runs.get(&progress.run) else { return };
        let last = is_last(&progress);
        let (run, unheard) = (progress.run.clone(), sender.send(progress).is_err());
        if last || unheard {
            self.0.forget(&run, &mut runs);
        }
    }
}

/// One who watches a run.
struct Watching {
    run: Text,
    /// There until it is dropped.
    receiver: Option<Receiver<Progress>>,
    watched: Arc<Watched>,
}

impl Watching {
    async fn receive(&mut self) -> Result<Progress, RecvError> {
        match &mut self.receiver {
            Some(receiver) => receiver.recv().await,
            None => Err(RecvError::Closed),
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut runs = self.watched.runs();
        // Under the lock, so that of several who leave at once the last one knows it.
        drop(self.receiver.take());
        if runs.get(&self.run).is_some_and(|sender| sender.receiver_count() == 0) {
            self.watched.forget(&self.run, &mut runs);
        }
    }
}

async fn next(state: Option<Watching>) -> Option<(Progress, Option<Watching>)> {
    let mut watching = state?;
    match watching.receive().await {
        Ok(progress) if is_last(&progress) => Some((progress, None)),
        Ok(progress) => Some((progress, Some(watching))),
        Err(RecvError::Lagged(missed)) => {
            let progress = Progress { run: watching.run.clone(), at: 0, body: ProgressBody::Missed(missed) };
            Some((progress, Some(watching)))
        }
        Err(RecvError::Closed) => None,
    }
}

fn is_last(progress: &Progress) -> bool {
    matches!(&progress.body, ProgressBody::Status { status, .. } if status.is_final())
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_base::Value;
    use weir_engine::Status;

    fn status(run: &str, status: Status) -> Progress {
        let body = ProgressBody::Status { status, waiting: Vec::new(), output: Value::Null, error: None };
        Progress { run: run.into(), at: 0, body }
    }

    #[tokio::test]
    async fn a_run_is_forgotten_with_the_last_one_who_watches_it() {
        let watchers = Watchers::default();
        let (mut one, other, another) = (watchers.watch("r"), watchers.watch("r"), watchers.watch("s"));
        drop(other);
        watchers.tell(status("r", Status::Running));
        assert!(one.next().await.is_some() && watchers.watches("r"));
        drop(one);
        assert!(!watchers.watches("r") && watchers.watches("s"));
        drop(another);
        assert_eq!((watchers.0.count.load(Ordering::Relaxed), watchers.0.runs().len()), (0, 0));
    }

    #[tokio::test]
    async fn whoever_comes_after_the_end_is_not_put_off_by_who_was_there_before() {
        let watchers = Watchers::default();
        let mut before = watchers.watch("r");
        watchers.tell(status("r", Status::Succeeded));
        let after = watchers.watch("r");
        assert!(before.next().await.is_some() && before.next().await.is_none());
        drop(before);
        assert!(watchers.watches("r"));
        drop(after);
        assert!(!watchers.watches("r"));
    }
}
