use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use weir_base::Text;
use weir_runs::Request;
use weir_store::{InboxKey, RunKey};

/// A request that was left in the inbox.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub key: InboxKey,
    /// What it goes by where the run is.
    pub id: String,
    pub request: Request,
}

/// What is asked of runs elsewhere and cannot be passed on at once: one queue for each run, in the order of the inbox.
#[derive(Default)]
pub(crate) struct Mail {
    state: Mutex<State>,
    /// Told when there is nothing more in the inbox.
    read: Notify,
}

#[derive(Default)]
struct State {
    /// Up to where the inbox was read, and whether all that was there at the beginning was.
    read: InboxKey,
    caught_up: bool,
    /// Runs whose letters somebody passes on.
    queues: HashMap<RunKey, Queue>,
    /// Letters that were left by this process and not read yet.
    left: HashMap<RunKey, BTreeSet<InboxKey>>,
}

#[derive(Default)]
struct Queue {
    letters: VecDeque<Letter>,
    told: Arc<Notify>,
}

impl Mail {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A letter was left that whoever reads the inbox has still to find.
    pub fn note_left(&self, run: RunKey, key: InboxKey) {
        let mut state = self.state();
        if key > state.read {
            state.left.entry(run).or_default().insert(key);
        }
    }

    /// The inbox was read up to here, and this one was none to be queued.
    pub fn note_read(&self, run: RunKey, key: InboxKey) {
        self.state().note_read(run, key);
    }

    /// There is nothing more in the inbox.
    pub fn note_all_read(&self) {
        self.state().caught_up = true;
        self.read.notify_waiters();
    }

    /// Waits until all is read that was there at the beginning.
    pub async fn all_read(&self) {
        loop {
            let told = self.read.notified();
            if self.state().caught_up {
                return;
            }
            told.await;
        }
    }

    /// Queues a letter; what to tell whoever passes on, where nobody does that for this run yet.
    pub fn push(&self, run: RunKey, letter: Letter) -> Option<Arc<Notify>> {
        let mut state = self.state();
        state.note_read(run, letter.key);
        let is_new = !state.queues.contains_key(&run);
        let queue = state.queues.entry(run).or_default();
        queue.letters.push_back(letter);
        // A run that has not begun may be told to be cancelled behind other things.
        queue.told.notify_one();
        is_new.then(|| queue.told.clone())
    }

    /// The first letter of a run; after the last one, whoever passes on is not there any more.
    pub fn first(&self, run: RunKey) -> Option<Letter> {
        let mut state = self.state();
        let first = state.queues.get(&run).and_then(|queue| queue.letters.front().cloned());
        if first.is_none() {
            state.queues.remove(&run);
        }
        first
    }

    /// Why a run is to be cancelled, if that is among what was asked of it.
    pub fn cancel_of(&self, run: RunKey) -> Option<Text> {
        let state = self.state();
        state.queues.get(&run)?.letters.iter().find_map(|letter| match &letter.request {
            Request::Cancel { reason } => Some(reason.clone()),
            _ => None,
        })
    }

    /// The first letter need not be passed on any more.
    pub fn done(&self, run: RunKey) {
        if let Some(queue) = self.state().queues.get_mut(&run) {
            queue.letters.pop_front();
        }
    }

    /// Whether what is asked of a run now has to stand behind what was asked before.
    pub fn is_behind(&self, run: RunKey) -> bool {
        let state = self.state();
        !state.caught_up || state.queues.contains_key(&run) || state.left.contains_key(&run)
    }

    /// The row of a run has changed.
    pub fn tell(&self, run: RunKey) {
        if let Some(queue) = self.state().queues.get(&run) {
            queue.told.notify_one();
        }
    }
}

impl State {
    fn note_read(&mut self, run: RunKey, key: InboxKey) {
        self.read = self.read.max(key);
        if let Some(left) = self.left.get_mut(&run) {
            left.remove(&key);
            if left.is_empty() {
                self.left.remove(&run);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: RunKey = RunKey(1);

    fn letter(key: i64) -> Letter {
        Letter { key: InboxKey(key), id: key.to_string(), request: Request::Pause }
    }

    #[test]
    fn nobody_overtakes_a_letter_that_was_left() {
        let mail = Mail::default();
        assert!(mail.is_behind(RUN), "nobody has looked what there is");
        mail.note_all_read();
        assert!(!mail.is_behind(RUN));
        mail.note_left(RUN, InboxKey(1));
        assert!(mail.is_behind(RUN) && !mail.is_behind(RunKey(2)), "it has still to be found");
        assert!(mail.push(RUN, letter(1)).is_some() && mail.push(RUN, letter(2)).is_none(), "one passes on");
        for key in [1, 2] {
            assert!(mail.is_behind(RUN));
            assert_eq!(mail.first(RUN).map(|letter| letter.key), Some(InboxKey(key)));
            mail.done(RUN);
        }
        assert!(mail.first(RUN).is_none() && !mail.is_behind(RUN));
    }

    #[test]
    fn one_that_was_found_at_once_is_not_waited_for() {
        let mail = Mail::default();
        mail.note_all_read();
        mail.push(RUN, letter(3));
        mail.note_left(RUN, InboxKey(3));
        mail.done(RUN);
        assert!(mail.first(RUN).is_none() && !mail.is_behind(RUN));
        mail.note_left(RUN, InboxKey(4));
        mail.note_read(RUN, InboxKey(4));
        assert!(!mail.is_behind(RUN), "thrown away");
    }
}
