//! A clock that is put back by an hour or forward by a day while runs wait: semantics 5.1 and 5.6.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use support::*;
use weir_base::Micros;
use weir_engine::Status;
use weir_runs::{RunView, RunsPort, Until};
use weir_runtime::{Clock, Parts, Runtime, SystemClock};
use weir_store::{PageRequest, RunFilter};

const HOUR: Micros = 3_600_000_000;
const DAY: Micros = 24 * HOUR;
/// Far more than any of these runs takes, and far less than an hour.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// The machine's clock, with a hand on it.
#[derive(Default)]
struct Moved(AtomicI64);

impl Moved {
    fn by(&self, micros: Micros) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for Moved {
    fn now(&self) -> Micros {
        SystemClock.now() + self.0.load(Ordering::SeqCst)
    }
}

struct Place {
    world: World,
    clock: Arc<Moved>,
}

impl Place {
    async fn new() -> Self {
        Self { world: World::sqlite().await, clock: Arc::default() }
    }

    /// Runs that only wait leave memory after so many milliseconds.
    async fn open(&self, park_after: u64) -> Runtime {
        let mut parts = Parts::new(self.world.store.clone(), registry(&self.world.witness));
        parts.clock = self.clock.clone();
        let mut options = self.world.options.clone();
        options.park_after = weir_base::Duration::from_millis(park_after);
        Runtime::open(options, parts).await.unwrap()
    }

    /// What became of a run: once, and in its own time, which never goes back.
    async fn check(&self, runtime: &Runtime, id: &str, expected: &[&str]) -> RunView {
        let wait = runtime.wait(id, Until::Ended);
        let view = tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{id} hangs")).unwrap();
        let records = self.world.records(id).await;
        let types: Vec<&str> = records.iter().map(|record| &*record.ty).collect();
        assert_eq!(types, expected, "{id}");
        assert!(records.is_sorted_by_key(|record| record.at), "{id}: {records:?}");
        assert!(view.ended_at.unwrap() >= records.last().unwrap().at, "{id}");
        view
    }
}

/// A clock put back holds no timer in memory up, and fires none twice; what follows takes the time it takes.
#[tokio::test]
async fn rule_5_1_timers_go_on_where_the_clock_goes_back() {
    let place = Place::new().await;
    let runtime = place.open(60_000).await;
    let children = [timer("a", "200ms"), timer("b", "200ms"), task("t", "call", "{}")];
    runtime.start(start(flow(&sequence(&children)), "r")).await.unwrap();
    let begun = place.clock.now();
    place.clock.by(-HOUR);
    let view = place.check(&runtime, "r", &["started", "timer_fired", "timer_fired", "task_finished"]).await;
    succeeded(&view);
    assert!(view.ended_at.unwrap() >= begun - 100_000 + 400_000, "both timers took their time");
    let records = place.world.records("r").await;
    let waits: Vec<Micros> = records.windows(2).take(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(waits.iter().all(|wait| *wait >= 200_000), "a deadline is its cause and the duration: {waits:?}");
    runtime.stop().await.unwrap();
}

/// A run that has left memory waits no hour longer either: it is taken back.
#[tokio::test]
async fn what_has_left_memory_goes_on_where_the_clock_goes_back() {
    let place = Place::new().await;
    let runtime = place.open(1).await;
    runtime.start(start(flow(&timer("a", "2s")), "soon")).await.unwrap();
    runtime.start(start(flow(&timer("a", "20h")), "later")).await.unwrap();
    for id in ["soon", "later"] {
        let left = async || matches!(place.world.row(id).await.status, Status::Waiting | Status::Succeeded);
        while !left().await {
            tokio::task::yield_now().await;
        }
    }
    place.clock.by(-HOUR);
    succeeded(&place.check(&runtime, "soon", &["started", "timer_fired"]).await);
    assert_eq!(place.world.journal("later").await, ["started"]);
    runtime.stop().await.unwrap();
}

/// What is due a day later is due when the clock says so, whether its run is in memory or not.
#[tokio::test]
async fn a_clock_put_forward_is_noticed() {
    for park_after in [60_000, 1] {
        let place = Place::new().await;
        let runtime = place.open(park_after).await;
        runtime.start(start(flow(&timer("a", "20h")), "short")).await.unwrap();
        runtime.start(start(flow(&timer("a", "20d")), "long")).await.unwrap();
        if park_after == 1 {
            while place.world.row("short").await.status != Status::Waiting {
                tokio::task::yield_now().await;
            }
        }
        place.clock.by(DAY);
        succeeded(&place.check(&runtime, "short", &["started", "timer_fired"]).await);
        assert_eq!(place.world.journal("long").await, ["started"], "{park_after}: it is not due yet");
        place.clock.by(-DAY);
        runtime.stop().await.unwrap();
        // Neither a restart nor the clock's return fires anything again.
        let runtime = place.open(park_after).await;
        assert_eq!(place.world.journal("short").await, ["started", "timer_fired"]);
        assert_eq!(place.world.journal("long").await, ["started"]);
        runtime.stop().await.unwrap();
    }
}

/// A run that is loaded because its time has come writes nothing of that: many may be due together.
#[tokio::test]
async fn what_is_due_costs_no_row_before_it_fires() {
    let place = Place::new().await;
    let runtime = place.open(1).await;
    runtime.recovered().await;
    runtime.start(start(flow(&timer("a", "20h")), "r")).await.unwrap();
    while runtime.held_runs() > 0 {
        tokio::task::yield_now().await;
    }
    let rows = runtime.load().rows_per_commit.sum;
    place.clock.by(DAY);
    succeeded(&place.check(&runtime, "r", &["started", "timer_fired"]).await);
    assert_eq!(runtime.load().rows_per_commit.sum - rows, 2, "the timer and the end");
    runtime.stop().await.unwrap();
}

/// The program ends, the clock is put back, and the program is started again.
#[tokio::test]
async fn a_restart_with_an_earlier_clock_waits_no_longer() {
    let place = Place::new().await;
    let runtime = place.open(60_000).await;
    let children = [timer("a", "300ms"), timer("b", "100ms")];
    runtime.start(start(flow(&sequence(&children)), "r")).await.unwrap();
    runtime.stop().await.unwrap();
    drop(runtime);
    place.clock.by(-HOUR);
    let runtime = place.open(60_000).await;
    succeeded(&place.check(&runtime, "r", &["started", "timer_fired", "timer_fired"]).await);
    runtime.stop().await.unwrap();
}

/// The pause between attempts is time that passes, not a place on the clock.
#[tokio::test]
async fn rule_5_6_attempts_follow_one_another_whatever_the_clock_does() {
    for (jump, initial, parked) in
        [(-HOUR, 200, 60_000), (-HOUR, 1_000, 1), (DAY, 72_000_000, 60_000), (DAY, 72_000_000, 1)]
    {
        let place = Place::new().await;
        let runtime = place.open(parked).await;
        let retry = format!(
            r#""retry":{{"strategy":"exponential-backoff","maxAttempts":3,"initial":{initial},"coefficient":1}}"#
        );
        let root = task_with("t", "call", r#"{"do":"flaky","times":2}"#, &retry);
        runtime.start(start(flow(&root), "r")).await.unwrap();
        for attempts in 1..=2 {
            tokio::time::timeout(PATIENCE, place.world.witness.wait_for(attempts)).await.unwrap();
            let row = place.world.row("r").await;
            let next = u32::try_from(attempts).unwrap() + 1;
            let waits = async || {
                let rows = place.world.store.attempts(row.key).await.unwrap();
                rows.iter().any(|kept| kept.attempt == next) || place.world.witness.calls().len() > attempts
            };
            while !waits().await {
                tokio::task::yield_now().await;
            }
            place.clock.by(jump);
        }
        succeeded(&place.check(&runtime, "r", &["started", "task_finished"]).await);
        assert_eq!(place.world.witness.paths(), ["t#1", "t#2", "t#3"], "{jump}: none too many");
        runtime.stop().await.unwrap();
    }
}

/// A run's deadline is met by a clock put forward, and not put off by one put back.
#[tokio::test]
async fn deadlines_hold() {
    for (jump, timeout) in [(-HOUR, 500), (DAY, 72_000_000)] {
        let place = Place::new().await;
        let runtime = place.open(60_000).await;
        let members = format!(r#""settings":{{"timeout":{timeout}}},"#);
        runtime.start(start(flow_with(&members, &task("t", "call", r#"{"do":"never"}"#)), "r")).await.unwrap();
        tokio::time::timeout(PATIENCE, place.world.witness.wait_for(1)).await.unwrap();
        place.clock.by(jump);
        let wait = tokio::time::timeout(PATIENCE, runtime.wait("r", Until::Ended));
        let view = wait.await.unwrap_or_else(|_| panic!("{jump}: it hangs")).unwrap();
        assert_eq!((view.status, code(&view)), (Status::TimedOut, "RUN_TIMEOUT"), "{jump}");
        let records = place.world.records("r").await;
        assert!(records.is_sorted_by_key(|record| record.at), "{jump}: {records:?}");
        runtime.stop().await.unwrap();
    }
}

/// Lists go by when a run was made as the clock had it then; whatever that was, pages show each once.
#[tokio::test]
async fn lists_keep_their_order() {
    let place = Place::new().await;
    let runtime = place.open(60_000).await;
    for (id, jump) in [("a", 0), ("b", -HOUR), ("c", DAY), ("d", -DAY), ("e", 0)] {
        place.clock.by(jump);
        succeeded(&run(&runtime, flow(&task("t", "pure", "{}")), id).await);
    }
    let (mut before, mut found) = (None, Vec::new());
    loop {
        let page = place.world.store.list_runs(&RunFilter::default(), PageRequest { before, limit: 2 }).await.unwrap();
        found.extend(page.items.iter().map(|run| run.id.to_string()));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(found, ["c", "a", "e", "d", "b"]);
    runtime.stop().await.unwrap();
}

/// What is younger than its policy by the clock that counts stays, and what went does not go again.
#[tokio::test]
async fn a_glimpse_of_tomorrow_deletes_nothing_that_is_kept_for_two_days() {
    let place = Place::new().await;
    let runtime = place.open(60_000).await;
    succeeded(&run(&runtime, flow(&task("t", "pure", "{}")), "r").await);
    for jump in [DAY, -DAY, -HOUR, HOUR] {
        place.clock.by(jump);
        let runs_before = Some(place.clock.now() - 2 * DAY);
        let policy = weir_store::RetentionPolicy { runs_before, limit: 10, ..Default::default() };
        assert_eq!(place.world.store.sweep(policy).await.unwrap().runs, 0, "{jump}");
    }
    place.clock.by(3 * DAY);
    let runs_before = Some(place.clock.now() - 2 * DAY);
    for expected in [1, 0] {
        let policy = weir_store::RetentionPolicy { runs_before, limit: 10, ..Default::default() };
        assert_eq!(place.world.store.sweep(policy).await.unwrap().runs, expected);
    }
    runtime.stop().await.unwrap();
}
