//! What goes on beside the loops: recovery, waking, starting what waits, the inbox, forgetting.

use crate::admission::Full;
use crate::children::patiently;
use crate::elsewhere::{Letter, take_in};
use crate::inner::Inner;
use crate::message::Message;
use crate::steady::LONGEST_SLEEP;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use weir_base::Micros;
use weir_engine::Status;
use weir_runs::Request;
use weir_store::{Batch, InboxKey, QueueId, RetentionPolicy, Run, RunKey, RunUpdate};

const PAGE: u32 = 500;
/// Rows of runs that are read together during recovery: each time, all that are open are looked at.
const RECOVERY_PAGE: u32 = 1_000;
/// Runs of which journals are read together during recovery.
const RECOVERED_TOGETHER: usize = 32;
/// And how many times that at once.
const RECOVERY_TURNS: u32 = 4;
/// At least so long between two looks for runs whose time has come.
const WAKE_PAUSE: Duration = Duration::from_millis(20);
const CLAIMED_AT_ONCE: u32 = 64;
const SWEPT_AT_ONCE: u32 = 500;

/// Brings every run that was not over back into memory once; those that only wait leave it again. Runs from `first` on
/// are of this life: they have their places, or count as pending, since they began.
pub(crate) async fn recover(inner: Arc<Inner>, first: RunKey) {
    let (mut after, turns) = (None, Arc::new(Semaphore::new(RECOVERY_TURNS as usize)));
    while let Some(page) = patiently(|| inner.shared.store.unfinished(after, RECOVERY_PAGE)).await {
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        let mut of_shards: BTreeMap<usize, Vec<Run>> = BTreeMap::new();
        for run in page.into_iter().filter(|run| run.key < first) {
            if run.is_elsewhere() {
                inner.take_up_elsewhere(run).await;
                continue;
            }
            if run.status == Status::Pending {
                inner.admission.add_pending(&run.place.project);
                continue;
            }
            take_place(&inner, &run).await;
            of_shards.entry(inner.shared.shard_number(run.key)).or_default().push(run);
        }
        for runs in of_shards.into_values() {
            load_together(&inner, runs, &turns).await;
        }
    }
    // Each turn comes back once its runs are in memory.
    let _ = turns.acquire_many(RECOVERY_TURNS).await;
    inner.recovering.store(false, Ordering::Release);
    inner.recovered.notify_waiters();
    inner.claim.notify_one();
    // A loop with a virtual clock may have waited for this.
    inner.shared.shards.iter().for_each(|shard| drop(shard.send(Message::Nudge)));
}

/// Runs of one loop, a few at a time.
async fn load_together(inner: &Inner, mut runs: Vec<Run>, turns: &Arc<Semaphore>) {
    while let Some(first) = runs.first() {
        let key = first.key;
        let later = runs.split_off(RECOVERED_TOGETHER.min(runs.len()));
        let Ok(turn) = turns.clone().acquire_owned().await else { return };
        inner.shared.send(key, Message::Recover { runs, turn: Arc::new(turn) });
        runs = later;
    }
}

/// An open run counts against its limits, whatever they are now.
async fn take_place(inner: &Inner, run: &Run) {
    if let Ok(flow) = inner.flows.version(&run.place.tenant, &run.version).await {
        inner.admission.force(&inner.slot(&run.place, &flow, run.concurrency_key.as_ref()));
    }
}

/// Loads parked runs whose time has come.
pub(crate) async fn wake(inner: Arc<Inner>) {
    let mut seen = inner.now();
    loop {
        inner.shared.writer.stall().over().await;
        let Some(next) = patiently(|| inner.shared.store.next_wake()).await else { return };
        let now = inner.now();
        if now < seen {
            wake_put_off(&inner, seen, now).await;
        }
        seen = now;
        match next {
            Some(at) if at <= now => {
                wake_due(&inner, now, PAGE).await;
                tokio::time::sleep(WAKE_PAUSE).await;
            }
            Some(at) => {
                let wait = Duration::from_micros((at - now).unsigned_abs()).min(LONGEST_SLEEP);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = inner.parked.notified() => {}
                }
            }
            None => inner.parked.notified().await,
        }
    }
}

/// The clock was put back: what would have been due soon is put off by as much. In memory its timers come in time, so
/// those that would wait more than twice as long are loaded, as many as memory is to hold.
async fn wake_put_off(inner: &Inner, seen: Micros, now: Micros) {
    let most = u32::try_from(inner.options.held_runs).unwrap_or(u32::MAX);
    wake_due(inner, seen.saturating_add(seen - now), most).await;
}

async fn wake_due(inner: &Inner, until: Micros, most: u32) {
    let Some(due) = patiently(|| inner.shared.store.due(until, most)).await else { return };
    for run in due.into_iter().filter(|run| inner.shared.live_key(&run.id).is_none()) {
        inner.shared.send(run.key, Message::Load { run: Box::new(run) });
    }
}

/// Starts pending runs, one queue after the other, as places become free.
pub(crate) async fn claim(inner: Arc<Inner>) {
    loop {
        inner.claim.notified().await;
        while inner.admission.pending() > 0 && inner.accepting.load(Ordering::Acquire) {
            inner.shared.writer.stall().over().await;
            let free = inner.options.held_runs.saturating_sub(inner.shared.live_count());
            if free == 0 || !claim_some(&inner, u32::try_from(free).unwrap_or(u32::MAX).min(CLAIMED_AT_ONCE)).await {
                break;
            }
        }
    }
}

/// False where nothing more can start at present.
async fn claim_some(inner: &Inner, limit: u32) -> bool {
    let mut claim = inner.admission.claim(limit);
    loop {
        let Some(candidates) = patiently(|| inner.shared.store.runnable(&claim)).await else { return false };
        if candidates.is_empty() {
            return false;
        }
        let mut full: HashMap<QueueId, ()> = HashMap::new();
        let mut started = Vec::new();
        for run in candidates {
            match place_for(inner, &run).await {
                Ok(()) => started.push(run),
                Err(Full::Tenant) => drop(full.insert(run.place.queue(), ())),
                Err(Full::Key) => claim.full_keys.extend(run.concurrency_key.clone()),
            }
        }
        if !started.is_empty() {
            return begin(inner, started).await;
        }
        claim.full_queues.extend(full.into_keys());
        claim.full_queues.sort();
    }
}

async fn place_for(inner: &Inner, run: &Run) -> Result<(), Full> {
    match inner.flows.version(&run.place.tenant, &run.version).await {
        Ok(flow) => inner.admission.try_claim(&inner.slot(&run.place, &flow, run.concurrency_key.as_ref())),
        // Loading it will say what is wrong with its flow.
        Err(_) => Ok(()),
    }
}

async fn leave_places(inner: &Inner, runs: &[Run]) {
    for run in runs {
        if let Ok(flow) = inner.flows.version(&run.place.tenant, &run.version).await {
            inner.admission.leave(&inner.slot(&run.place, &flow, run.concurrency_key.as_ref()));
        }
    }
}

async fn begin(inner: &Inner, mut runs: Vec<Run>) -> bool {
    let now = inner.now();
    let mut batch = Batch::new(inner.shared.writer.epoch());
    batch.updates = runs.iter().map(|run| RunUpdate::started(run.key, now)).collect();
    if let Err(error) = inner.shared.writer.write(RunKey::default(), batch).await {
        tracing::warn!("pending runs were not started: {error}");
        leave_places(inner, &runs).await;
        // Once something can be written again, they are tried again.
        return error.may_pass();
    }
    for mut run in runs.drain(..) {
        inner.admission.remove_pending(&run.place.project);
        (run.status, run.started_at) = (Status::Running, Some(run.started_at.unwrap_or(now)));
        // It counts as held from now on, so that no more are claimed than memory is to hold.
        inner.shared.add_live(&run.id, run.key);
        inner.shared.send(run.key, Message::Load { run: Box::new(run) });
    }
    true
}

/// Hands what other processes ask for to the runs it is about (semantics 5.13).
pub(crate) async fn read_inbox(inner: Arc<Inner>) {
    let (mut after, mut passing_on) = (InboxKey::default(), JoinSet::new());
    loop {
        inner.shared.writer.stall().over().await;
        let Some(messages) = patiently(|| inner.shared.store.messages(after, PAGE)).await else { return };
        if messages.is_empty() {
            inner.abroad.mail.note_all_read();
            let pause = Duration::from_millis(inner.options.inbox_every.millis);
            let _ = tokio::time::timeout(pause, inner.abroad.posted.notified()).await;
            continue;
        }
        inner.shared.faults.at("inbox.before");
        for message in messages {
            after = message.key;
            deliver(&inner, &mut passing_on, message).await;
        }
        while passing_on.try_join_next().is_some() {}
        inner.shared.faults.at("inbox.after");
    }
}

async fn deliver(inner: &Arc<Inner>, passing_on: &mut JoinSet<()>, message: weir_store::Message) {
    let inbox = message.key;
    let Some(run) = patiently(|| inner.shared.store.run(&message.message.run)).await else { return };
    match (run, serde_json::from_str::<Request>(&message.message.payload)) {
        // It stays for whoever takes the run up.
        (Some(run), _) if !inner.carries(run.key) && inner.shared.live_key(&run.id).is_none() => {
            inner.abroad.mail.note_read(run.key, inbox);
        }
        (Some(run), Ok(request)) if run.connection().is_some() => {
            take_in(inner, passing_on, run.key, Letter { key: inbox, id: message.id(), request });
        }
        (Some(run), Ok(request)) => {
            let key = run.key;
            inner.abroad.mail.note_read(key, inbox);
            inner.shared.send(key, Message::Request { key, request, inbox: Some(inbox), reply: None });
        }
        (run, request) => {
            let why = request.err().map_or_else(|| "there is no such run".to_owned(), |error| error.to_string());
            tracing::warn!(run = %message.message.run, "a message was thrown away: {why}");
            let key = run.map(|run| run.key).unwrap_or_default();
            inner.abroad.mail.note_read(key, inbox);
            inner.clear_inbox(key, inbox);
        }
    }
}

/// Forgets what is old enough, a little at a time.
pub(crate) async fn forget(inner: Arc<Inner>) {
    let options = inner.options.retention;
    if options.runs.is_none() && options.observations.is_none() {
        return;
    }
    loop {
        forget_once(&inner).await;
        tokio::time::sleep(Duration::from_millis(options.every.millis.max(1_000))).await;
    }
}

pub(crate) async fn forget_once(inner: &Inner) {
    let options = inner.options.retention;
    let before = |age: Option<weir_base::Duration>| age.map(|age| inner.now().saturating_sub(age.micros()));
    let policy = RetentionPolicy {
        runs_before: before(options.runs),
        observations_before: before(options.observations),
        limit: SWEPT_AT_ONCE,
        ..RetentionPolicy::default()
    };
    let mut swept_any = false;
    while let Some(swept) = patiently(|| inner.shared.store.sweep(policy.clone())).await {
        swept_any |= swept.runs + swept.observations + swept.blobs > 0;
        if !swept.more {
            break;
        }
        tokio::task::yield_now().await;
    }
    if swept_any {
        patiently(|| inner.shared.store.reclaim()).await;
    }
}
