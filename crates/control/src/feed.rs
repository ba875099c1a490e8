//! One reader for all who follow the same: what it reads is put into the hands of each of them.
//!
//! Whoever comes reads the store by himself until he has come to where the reader is, and so does whoever is too slow for
//! what is kept of it. So nobody waits for anybody, and what is kept does not grow. Journal rows and observations have
//! numbers of their own, each rising; what is at or below one's own numbers one has had.

use crate::caller::Caller;
use crate::control::Control;
use crate::live::{Cursor, Follower, Happening, Live, Topic};
use crate::{ControlError, Result};
use futures::Stream;
use futures::stream::unfold;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use weir_base::Text;

/// Events that are kept for those who are somewhat behind.
const KEPT_EVENTS: usize = 4_096;
/// Bytes of payloads that are kept, about.
const KEPT_BYTES: usize = 4 << 20;

/// How long the reader rests after it has read: for each who follows, but not for longer or shorter than this. What happens meanwhile is told at once then:
/// telling many of each thing by itself would take all there is of a processor.
const REST_FOR_EACH: Duration = Duration::from_micros(25);
const SHORTEST_REST: Duration = Duration::from_millis(2);
const LONGEST_REST: Duration = Duration::from_millis(50);

/// Events that are told together.
#[derive(Debug, Default)]
pub struct Batch {
    pub events: Vec<Live>,
    /// They are what lies between these two.
    start: Cursor,
    end: Cursor,
    /// Where to go on after the first of them that has a place, and the numbers of the first row and the first
    /// observation.
    first: Option<Cursor>,
    numbers: Cursor,
    bytes: usize,
    /// As they go over the wire.
    text: OnceLock<Arc<[u8]>>,
}

impl Batch {
    fn new(start: Cursor, events: Vec<Live>) -> Self {
        let end = events.iter().filter_map(|live| live.cursor).fold(start, later);
        let bytes = events.iter().map(|live| live.happening.weight()).sum();
        // States have no place in the order and may be told again, so they keep no batch from being told whole.
        let first = events.iter().find_map(|live| live.cursor);
        let mut numbers = Cursor { entry: i64::MAX, observation: i64::MAX };
        for (cursor, happening) in events.iter().filter_map(|live| Some((live.cursor?, &live.happening))) {
            match happening {
                Happening::Record { .. } => numbers.entry = numbers.entry.min(cursor.entry),
                Happening::Seen { .. } => numbers.observation = numbers.observation.min(cursor.observation),
                Happening::State { .. } => {}
            }
        }
        Self { events, start, end, first, numbers, bytes, text: OnceLock::new() }
    }

    /// What `write` makes of the events; it is asked once, however many want to know.
    pub fn text(&self, write: impl FnOnce(&[Live]) -> Vec<u8>) -> Arc<[u8]> {
        self.text.get_or_init(|| write(&self.events).into()).clone()
    }

    /// Whether all of it is new to somebody who has come so far, and takes him nowhere back.
    fn is_all_new(&self, cursor: Cursor) -> bool {
        let new = self.numbers.entry > cursor.entry && self.numbers.observation > cursor.observation;
        new && self.first.is_some_and(|first| !is_before(first, cursor))
    }
}

/// What somebody who follows is told at once.
pub type Told = Arc<Batch>;

fn later(a: Cursor, b: Cursor) -> Cursor {
    Cursor { entry: a.entry.max(b.entry), observation: a.observation.max(b.observation) }
}

fn is_before(a: Cursor, b: Cursor) -> bool {
    a.entry < b.entry || a.observation < b.observation
}

/// The feeds there are, by whose and what they are of. One lives as long as somebody follows it.
#[derive(Default)]
pub(crate) struct Feeds(Mutex<HashMap<(Text, Topic), Weak<Feed>>>);

struct Feed {
    kept: Mutex<Kept>,
    /// Counts what was put in.
    changes: watch::Sender<u64>,
    /// Dropped with the last who follows; the reader hears of it.
    _alive: oneshot::Sender<()>,
}

/// The newest batches, one after the other without a gap.
struct Kept {
    end: Cursor,
    batches: VecDeque<Told>,
    /// How many there were before these.
    dropped: u64,
    events: usize,
    bytes: usize,
    over: Option<std::result::Result<(), ControlError>>,
}

impl Kept {
    fn new(start: Cursor) -> Self {
        Self { end: start, batches: VecDeque::new(), dropped: 0, events: 0, bytes: 0, over: None }
    }

    fn push(&mut self, mut batch: Batch) {
        // What lies between was not for those who follow this.
        batch.start = self.end;
        self.end = batch.end;
        self.events += batch.events.len();
        self.bytes += batch.bytes;
        self.batches.push_back(Arc::new(batch));
        while self.batches.len() > 1 && (self.events > KEPT_EVENTS || self.bytes > KEPT_BYTES) {
            let Some(oldest) = self.batches.pop_front() else { return };
            self.events -= oldest.events.len();
            self.bytes -= oldest.bytes;
            self.dropped += 1;
        }
    }

    /// The batch with this number. `Err` where it is not kept any more.
    fn get(&self, number: u64) -> std::result::Result<Option<Told>, ()> {
        let place = number.checked_sub(self.dropped).ok_or(())?;
        Ok(usize::try_from(place).ok().and_then(|place| self.batches.get(place)).cloned())
    }
}

impl Feed {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept());
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Control {
    /// Follows a topic as [`Control::follow`] does, together with all others who follow the same.
    pub async fn follow_together(
        self: &Arc<Self>,
        caller: &Caller,
        topic: Topic,
        from: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<Told>> + Send + use<>> {
        let key = (caller.tenant.clone(), topic.clone());
        let own = self.follower(caller, topic, from).await?;
        let follows = Follows { control: self.clone(), key, own, feed: None, next: None };
        Ok(unfold(Some(follows), |follows| async move { follows?.next().await }))
    }
}

impl Feeds {
    fn all(&self) -> MutexGuard<'_, HashMap<(Text, Topic), Weak<Feed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &(Text, Topic)) -> Option<Arc<Feed>> {
        usable(self.all().get(key))
    }

    /// Begins one that goes on from where somebody has come to, or none where there is one by now.
    fn begin(&self, key: &(Text, Topic), reader: Follower) -> Option<Arc<Feed>> {
        let (alive, gone) = oneshot::channel();
        let kept = Mutex::new(Kept::new(reader.cursor));
        let feed = Arc::new(Feed { kept, changes: watch::channel(0).0, _alive: alive });
        {
            let mut all = self.all();
            all.retain(|_, known| known.strong_count() > 0);
            if usable(all.get(key)).is_some() {
                return None;
            }
            all.insert(key.clone(), Arc::downgrade(&feed));
        }
        tokio::spawn(read(Arc::downgrade(&feed), reader, gone));
        Some(feed)
    }
}

fn usable(known: Option<&Weak<Feed>>) -> Option<Arc<Feed>> {
    known?.upgrade().filter(|feed| feed.kept().over.is_none())
}

/// Held by the reader: however it ends, also by a panic, nobody waits for it any more.
struct Ending(Weak<Feed>);

impl Drop for Ending {
    fn drop(&mut self) {
        let Some(feed) = self.0.upgrade() else { return };
        let broken = || Err(ControlError::Unavailable("events cannot be read on; listen again".into()));
        feed.change(|kept| _ = kept.over.get_or_insert_with(broken));
    }
}

/// Reads on until nobody follows any more, or there is nothing more to come.
async fn read(feed: Weak<Feed>, mut reader: Follower, mut gone: oneshot::Receiver<()>) {
    let _ending = Ending(feed.clone());
    loop {
        let over = tokio::select! {
            _ = &mut gone => return,
            over = read_some(&feed, &mut reader) => over,
        };
        let Some(feed) = feed.upgrade() else { return };
        if let Some(over) = over {
            feed.change(|kept| kept.over = Some(over));
            return;
        }
    }
}

/// How it ended, where it has.
async fn read_some(feed: &Weak<Feed>, reader: &mut Follower) -> Option<std::result::Result<(), ControlError>> {
    let start = reader.cursor;
    if let Err(error) = reader.read().await {
        return Some(Err(error));
    }
    let batch = Batch::new(start, std::mem::take(&mut reader.waiting).into());
    let found = !batch.events.is_empty();
    reader.cursor = later(reader.cursor, batch.end);
    let followers = {
        let feed = feed.upgrade()?;
        if found {
            feed.change(|kept| kept.push(batch));
        }
        u32::try_from(feed.changes.receiver_count()).unwrap_or(u32::MAX)
    };
    if reader.over {
        return Some(Ok(()));
    }
    tokio::time::sleep(REST_FOR_EACH.saturating_mul(followers).clamp(SHORTEST_REST, LONGEST_REST)).await;
    if !found || reader.whole {
        reader.wait().await;
    }
    reader.over.then_some(Ok(()))
}

/// Somebody who follows.
struct Follows {
    control: Arc<Control>,
    key: (Text, Topic),
    own: Follower,
    feed: Option<(Arc<Feed>, watch::Receiver<u64>)>,
    /// The number of the batch that is next; none while he reads by himself.
    next: Option<u64>,
}

type Step = Option<(Result<Told>, Option<Follows>)>;

impl Follows {
    async fn next(mut self) -> Step {
        loop {
            if let Some(told) = self.take_own() {
                return Some((Ok(told), Some(self)));
            }
            if self.own.over {
                return None;
            }
            let step = match self.next {
                Some(number) => self.together(number).await,
                None => self.alone().await,
            };
            match step {
                Ok(Some(told)) => return Some((Ok(told), Some(self))),
                Ok(None) => {}
                Err(error) => return Some((Err(error), None)),
            }
        }
    }

    fn take_own(&mut self) -> Option<Told> {
        if self.own.waiting.is_empty() {
            return None;
        }
        let batch = Batch::new(self.own.cursor, std::mem::take(&mut self.own.waiting).into());
        self.own.cursor = later(self.own.cursor, batch.end);
        Some(Arc::new(batch))
    }

    /// Reads the store, and joins the others once there is no more than they have.
    async fn alone(&mut self) -> Result<Option<Told>> {
        // All that is written before this place is read after it was asked for.
        let found = self.control.feeds.find(&self.key).map(|feed| {
            let number = feed.kept().dropped;
            (feed, number)
        });
        self.own.read().await?;
        let told = self.take_own();
        if self.own.whole && !self.own.over {
            let begin = || Some((self.control.feeds.begin(&self.key, self.own.another(self.own.cursor))?, 0));
            if let Some((feed, number)) = found.or_else(begin) {
                let changes = feed.changes.subscribe();
                (self.feed, self.next) = (Some((feed, changes)), Some(number));
            }
        }
        Ok(told)
    }

    /// Takes what the reader has read.
    async fn together(&mut self, number: u64) -> Result<Option<Told>> {
        let Some((feed, changes)) = &mut self.feed else { return Ok(None) };
        changes.borrow_and_update();
        let found = {
            let kept = feed.kept();
            match kept.get(number) {
                Ok(None) => match &kept.over {
                    Some(Err(error)) => return Err(error.clone()),
                    Some(Ok(())) => {
                        self.own.over = true;
                        return Ok(None);
                    }
                    None => Ok(None),
                },
                found => found,
            }
        };
        match found {
            Ok(Some(batch)) => {
                self.next = Some(number + 1);
                Ok(self.rest_of(batch))
            }
            Ok(None) => {
                // Whoever puts something in outlives those who wait for it.
                let _ = changes.changed().await;
                Ok(None)
            }
            // Too slow: what comes next is not kept any more.
            Err(()) => {
                (self.feed, self.next) = (None, None);
                Ok(None)
            }
        }
    }

    /// What he has not had of a batch.
    fn rest_of(&mut self, batch: Told) -> Option<Told> {
        if batch.is_all_new(self.own.cursor) {
            for live in &batch.events {
                // What is told now is what the next state is compared with.
                if let Happening::State { run, status, waits, .. } = &live.happening {
                    self.own.note_state(run, *status, waits);
                }
            }
            self.own.cursor = later(self.own.cursor, batch.end);
            return Some(batch);
        }
        let start = self.own.cursor;
        let mut events = Vec::new();
        for live in &batch.events {
            let new = match (live.cursor, &live.happening) {
                (_, Happening::State { run, status, waits, .. }) => self.own.note_state(run, *status, waits),
                (Some(cursor), Happening::Record { .. }) => cursor.entry > self.own.cursor.entry,
                (Some(cursor), Happening::Seen { .. }) => cursor.observation > self.own.cursor.observation,
                (None, _) => true,
            };
            if let Some(cursor) = live.cursor {
                self.own.cursor = later(self.own.cursor, cursor);
            }
            if new {
                events.push(Live { cursor: live.cursor.map(|_| self.own.cursor), ..live.clone() });
            }
        }
        self.own.cursor = later(self.own.cursor, batch.end);
        (!events.is_empty()).then(|| Arc::new(Batch::new(start, events)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(from: i64, to: i64) -> Batch {
        let live = |number| Live {
            cursor: Some(Cursor { entry: number, observation: 0 }),
            happening: Happening::Record {
                run: "r".into(),
                flow: "f".into(),
                seq: 1,
                at: 0,
                ty: "t".into(),
                path: "p".into(),
                payload: Some("x".repeat(1_000)),
            },
        };
        Batch::new(Cursor { entry: from, observation: 0 }, (from + 1..=to).map(live).collect())
    }

    #[test]
    fn what_is_kept_has_no_gap_and_does_not_grow() {
        let mut kept = Kept::new(Cursor { entry: 10, observation: 0 });
        (0..100).for_each(|number| kept.push(batch(10 + number * 100, 110 + number * 100)));
        assert!(kept.events <= KEPT_EVENTS && kept.bytes <= KEPT_BYTES);
        assert_eq!(kept.get(0).map(|_| ()), Err(()));
        assert_eq!(kept.get(100).map(|found| found.is_none()), Ok(true));
        let mut end = kept.get(kept.dropped).unwrap().unwrap().start;
        for number in kept.dropped..100 {
            let found = kept.get(number).unwrap().unwrap();
            assert_eq!(found.start, end);
            end = found.end;
        }
        assert_eq!(end, kept.end);
        // One that is too large by itself is kept nevertheless: somebody has to tell it.
        kept.push(batch(10_010, 20_000));
        assert_eq!((kept.batches.len(), kept.dropped), (1, 100));
    }

    #[test]
    fn a_batch_is_told_whole_to_those_who_had_nothing_of_it() {
        let batch = batch(10, 20);
        for (entry, observation, whole) in [(0, 0, true), (10, 0, true), (11, 0, false), (30, 0, false), (10, 5, false)]
        {
            assert_eq!(batch.is_all_new(Cursor { entry, observation }), whole, "{entry}.{observation}");
        }
    }

    #[test]
    fn a_state_keeps_no_batch_from_being_told_whole() {
        let Batch { mut events, start, .. } = batch(10, 20);
        let state = Happening::State {
            run: "r".into(),
            flow: "f".into(),
            status: weir_engine::Status::Running,
            waits: Default::default(),
            output: weir_base::Value::Null,
            error: None,
        };
        events.insert(0, Live { cursor: None, happening: state.clone() });
        events.push(Live { cursor: None, happening: state });
        let batch = Batch::new(start, events);
        for (entry, whole) in [(0, true), (10, true), (11, false), (20, false)] {
            assert_eq!(batch.is_all_new(Cursor { entry, observation: 0 }), whole, "{entry}");
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_a_reader_that_broke() {
        let kept = Mutex::new(Kept::new(Cursor::default()));
        let feed = Arc::new(Feed { kept, changes: watch::channel(0).0, _alive: oneshot::channel().0 });
        let mut changes = feed.changes.subscribe();
        let ending = Ending(Arc::downgrade(&feed));
        let reader = tokio::spawn(async move {
            let _ending = ending;
            panic!("as a damaged row would");
        });
        assert!(reader.await.is_err_and(|error| error.is_panic()));
        tokio::time::timeout(Duration::from_secs(10), changes.changed()).await.expect("told").expect("there");
        assert!(matches!(feed.kept().over, Some(Err(ControlError::Unavailable(_)))));
        assert!(usable(Some(&Arc::downgrade(&feed))).is_none(), "whoever comes next begins another");
        // How it ended before is not written over.
        feed.change(|kept| kept.over = Some(Ok(())));
        drop(Ending(Arc::downgrade(&feed)));
        assert_eq!(feed.kept().over, Some(Ok(())));
    }

    #[test]
    fn a_text_is_made_once() {
        let batch = batch(0, 3);
        let first = batch.text(|events| vec![events.len() as u8]);
        assert_eq!(batch.text(|_| unreachable!()), first);
    }
}
