use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use weir_base::Text;
use weir_runs::{Progress, ProgressBody, Watch};

/// Events a slow watcher may lag behind before it misses some.
const BUFFER: usize = 4_096;

/// Who watches which run.
#[derive(Default)]
pub(crate) struct Watchers {
    /// Spares the lock where nobody watches anything.
    count: AtomicUsize,
    runs: Mutex<HashMap<Text, Sender<Progress>>>,
}

impl Watchers {
    fn runs(&self) -> MutexGuard<'_, HashMap<Text, Sender<Progress>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn watches(&self, run: &str) -> bool {
        self.count.load(Ordering::Acquire) > 0 && self.runs().contains_key(run)
    }

    pub fn watch(&self, run: &str) -> Watch {
        let mut runs = self.runs();
        runs.retain(|_, sender| sender.receiver_count() > 0);
        let receiver = runs.entry(run.into()).or_insert_with(|| channel(BUFFER).0).subscribe();
        self.count.store(runs.len(), Ordering::Release);
        Watch::new(futures::stream::unfold(Some((Text::from(run), receiver)), next))
    }

    pub fn tell(&self, progress: Progress) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut runs = self.runs();
        let Some(sender) = runs.get(&progress.run) else { return };
        let last = is_last(&progress);
        let (run, unheard) = (progress.run.clone(), sender.send(progress).is_err());
        if last || unheard {
            runs.remove(&run);
            self.count.store(runs.len(), Ordering::Release);
        }
    }
}

type Watching = (Text, Receiver<Progress>);

async fn next(state: Option<Watching>) -> Option<(Progress, Option<Watching>)> {
    let (run, mut receiver) = state?;
    match receiver.recv().await {
        Ok(progress) if is_last(&progress) => Some((progress, None)),
        Ok(progress) => Some((progress, Some((run, receiver)))),
        Err(RecvError::Lagged(missed)) => {
            let progress = Progress { run: run.clone(), at: 0, body: ProgressBody::Missed(missed) };
            Some((progress, Some((run, receiver))))
        }
        Err(RecvError::Closed) => None,
    }
}

fn is_last(progress: &Progress) -> bool {
    matches!(&progress.body, ProgressBody::Status { status, .. } if status.is_final())
}
