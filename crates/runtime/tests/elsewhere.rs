//! Runs that something else carries: who is handed over when, who holds a place, and what is asked of them.

mod support;

use async_trait::async_trait;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::*;
use tokio::sync::Notify;
use weir_base::{Text, Value};
use weir_engine::{Event, EventBody, Record, Started, Status};
use weir_runs::{Carrier, Connection, Handed, NoCarrier, OnRuntime, Request, RunsError, RunsPort, Standing, StartRun};
use weir_runtime::Runtime;
use weir_store::{Batch, Entry, Run, RunUpdate, StoreError};
use weir_testkit::MemoryStore;

/// A cluster of which the test says what it does.
#[derive(Default)]
struct Cluster(Mutex<State>, Notify);

#[derive(Default)]
struct State {
    /// Nobody can be started at present.
    is_silent: bool,
    /// Nobody says whether a run is there.
    is_away: bool,
    /// The names signals go by for the run itself.
    signal_ids: Vec<Option<String>>,
    /// Nobody can be asked anything but for a start: the settings do not name the connection.
    is_unnamed: bool,
    /// How many requests go unanswered, though they arrive.
    unanswered: usize,
    /// Every start there was, and the runs that are there.
    starts: Vec<String>,
    there: BTreeSet<String>,
    /// What has come, with what it went by.
    asked: VecDeque<(String, Option<String>)>,
}

impl Cluster {
    fn now<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.0.lock().unwrap());
        self.1.notify_waiters();
        changed
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(600), async {
            loop {
                let told = self.1.notified();
                if is_so(&self.0.lock().unwrap()) {
                    return;
                }
                told.await;
            }
        });
        waited.await.expect("it did not come to that");
    }

    fn starts(&self) -> Vec<String> {
        self.now(|state| state.starts.clone())
    }
}

fn silent<T>() -> Result<T, RunsError> {
    Err(RunsError::Unavailable("nobody answers".into()))
}

fn unnamed<T>() -> Result<T, RunsError> {
    Err(NoCarrier::unknown("main", &[]))
}

#[async_trait]
impl Carrier for Cluster {
    fn connections(&self) -> Vec<Connection> {
        let text = |text: &str| Text::from(text);
        let (address, namespace, task_queue) = (text("here"), text("default"), text("weir"));
        vec![Connection { name: text("main"), address, namespace, task_queue, worker: true }]
    }

    async fn check(&self, _: &str) -> Result<(), RunsError> {
        Ok(())
    }

    async fn has_worker(&self, _: &str) -> Result<bool, RunsError> {
        Ok(true)
    }

    async fn start(&self, run: Handed) -> Result<(), RunsError> {
        self.now(|state| {
            let id = run.started.run.to_string();
            state.starts.push(id.clone());
            if state.is_silent {
                return silent();
            }
            state.there.insert(id);
            Ok(())
        })
    }

    async fn request(&self, _: &str, _: &str, request: &Request, id: Option<&str>) -> Result<(), RunsError> {
        self.now(|state| {
            if state.is_unnamed {
                return unnamed();
            }
            let name = match request {
                Request::Signal { name, .. } => name.to_string(),
                other => other.name().to_owned(),
            };
            if let Request::Signal { id, .. } = request {
                state.signal_ids.push(id.as_ref().map(ToString::to_string));
            }
            state.asked.push_back((name, id.map(str::to_owned)));
            match state.unanswered {
                0 => Ok(()),
                _ => {
                    state.unanswered -= 1;
                    silent()
                }
            }
        })
    }

    async fn standing(&self, _: &str, run: &str) -> Result<Standing, RunsError> {
        self.now(|state| match state.is_unnamed {
            true => unnamed(),
            false if state.is_away => silent(),
            false => Ok(if state.there.contains(run) { Standing::Open } else { Standing::Unknown }),
        })
    }
}

async fn open(cluster: &Arc<Cluster>) -> (World, Runtime) {
    open_on(cluster, Arc::default()).await
}

async fn open_on(cluster: &Arc<Cluster>, store: Arc<MemoryStore>) -> (World, Runtime) {
    let world = World { carrier: Some(cluster.clone()), ..World::on(store, None) };
    let runtime = world.open().await;
    runtime.recovered().await;
    (world, runtime)
}

const ONE_AT_A_TIME: &str = r#""settings":{"concurrency":{"limit":1}},"#;

async fn begin(runtime: &Runtime, members: &str, id: &str) {
    let flow = flow_with(members, &sequence(&[signal("w", "a"), signal("v", "b")]));
    let start = StartRun { runtime: OnRuntime::Temporal("main".into()), ..start(flow, id) };
    runtime.start(start).await.unwrap();
}

/// A copy of a run's row, as whoever carries it ships it.
async fn ship(world: &World, runtime: &Runtime, id: &str, status: Status) {
    let _turn = runtime.copies().turn(id).await;
    runtime.copies().commit(copy(world, runtime, id, status).await).await.unwrap();
}

async fn copy(world: &World, runtime: &Runtime, id: &str, status: Status) -> Batch {
    let key = world.row(id).await.key;
    let mut batch = Batch::new(runtime.copies().epoch());
    batch.updates.push(match status.is_final() {
        true => RunUpdate::ended(key, status, START, Value::Null, None),
        false => RunUpdate::started(key, START),
    });
    batch
}

async fn status(world: &World, id: &str, wanted: Status) {
    let waited = tokio::time::timeout(Duration::from_secs(600), async {
        while world.row(id).await.status != wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("{id} is not {wanted:?}"));
}

/// What was asked of a run before it was there comes first and in order, whatever has to be said twice.
#[tokio::test(start_paused = true)]
async fn what_is_asked_of_a_run_keeps_its_order() {
    let cluster = Arc::new(Cluster::default());
    cluster.now(|state| (state.is_silent, state.unanswered) = (true, 1));
    let (world, runtime) = open(&cluster).await;
    begin(&runtime, "", "r").await;
    for name in ["a", "b"] {
        runtime.signal("r", name, None, Value::Null).await.unwrap();
    }
    cluster.now(|state| state.is_silent = false);
    status(&world, "r", Status::Running).await;
    runtime.request("r", Request::Pause).await.unwrap();
    cluster.until(|state| state.asked.len() == 4).await;
    let asked = cluster.now(|state| Vec::from(std::mem::take(&mut state.asked)));
    let names: Vec<&str> = asked.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["a", "a", "b", "pause"]);
    assert!(asked[0].1.is_some() && asked[0].1 == asked[1].1, "a repeat is known as one: {asked:?}");
    assert!(asked[1].1 != asked[2].1 && asked[2].1 != asked[3].1, "{asked:?}");
    runtime.request("r", Request::Resume).await.unwrap();
    cluster.until(|state| state.asked.len() == 1).await;
    assert_eq!(cluster.now(|state| state.asked.pop_front()), Some(("resume".into(), None)), "nothing is before it");
}

/// Nobody looks every moment whether a run was handed over: whoever does that says so.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_run_follows_it_at_once() {
    let cluster = Arc::new(Cluster::default());
    cluster.now(|state| state.is_silent = true);
    let (world, runtime) = open(&cluster).await;
    begin(&runtime, "", "r").await;
    runtime.signal("r", "a", None, Value::Null).await.unwrap();
    cluster.until(|state| state.starts.len() > 2).await;
    cluster.now(|state| state.is_silent = false);
    status(&world, "r", Status::Running).await;
    let begun = tokio::time::Instant::now();
    cluster.until(|state| state.asked.len() == 1).await;
    assert!(begun.elapsed() < Duration::from_millis(20), "{:?}", begun.elapsed());
}

/// A run may have begun though nobody said so: it counts as soon as it sends something.
#[tokio::test(start_paused = true)]
async fn a_run_holds_a_place_as_long_as_it_is_open_there() {
    let cluster = Arc::new(Cluster::default());
    cluster.now(|state| state.is_silent = true);
    let (world, runtime) = open(&cluster).await;
    for id in ["r1", "r2", "r3"] {
        begin(&runtime, ONE_AT_A_TIME, id).await;
    }
    cluster.until(|state| !state.starts.is_empty()).await;
    assert_eq!(runtime.load().pending, 3, "they wait to be handed over");
    ship(&world, &runtime, "r1", Status::Running).await;
    cluster.now(|state| state.is_silent = false);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(cluster.starts().iter().all(|id| id == "r1"), "{:?}", cluster.starts());
    assert_eq!(runtime.load().open, [("".into(), 1)]);
    for (over, next) in [("r1", "r2"), ("r2", "r3")] {
        ship(&world, &runtime, over, Status::Succeeded).await;
        status(&world, next, Status::Running).await;
        assert_eq!(runtime.load().open, [("".into(), 1)]);
    }
    ship(&world, &runtime, "r3", Status::Succeeded).await;
    assert_eq!((runtime.load().open, runtime.load().pending), (vec![], 0));
}

/// A run that ends while it is being handed over, or is taken up again, leaves no place behind.
#[tokio::test(start_paused = true)]
async fn places_are_those_of_open_runs_after_a_restart_too() {
    let cluster = Arc::new(Cluster::default());
    let (world, runtime) = open(&cluster).await;
    for id in ["r1", "r2"] {
        begin(&runtime, "", id).await;
        status(&world, id, Status::Running).await;
    }
    drop(runtime);
    let runtime = world.open().await;
    ship(&world, &runtime, "r1", Status::Succeeded).await;
    runtime.recovered().await;
    assert_eq!(runtime.load().open, [("".into(), 1)]);
    ship(&world, &runtime, "r2", Status::Failed).await;
    assert_eq!(runtime.load().open, []);
}

/// Rows of different runs are written together; those of one are not.
#[tokio::test(start_paused = true)]
async fn runs_do_not_wait_for_each_other() {
    let (_world, runtime) = open(&Arc::default()).await;
    let copies = runtime.copies();
    let _turn = copies.turn("r").await;
    let ids: Vec<String> = (0..32).map(|n| format!("r{n}")).collect();
    let mut free = 0;
    for id in &ids {
        free += usize::from(tokio::time::timeout(Duration::from_millis(1), copies.turn(id)).await.is_ok());
    }
    assert!(free > 24, "{free} of 32");
    assert!(tokio::time::timeout(Duration::from_millis(1), copies.turn("r")).await.is_err());
}

/// What was accepted waits for a connection that the settings do not name at present, as the run itself does.
#[tokio::test(start_paused = true)]
async fn requests_wait_for_a_connection_that_is_not_named() {
    let cluster = Arc::new(Cluster::default());
    cluster.now(|state| state.is_silent = true);
    let (world, runtime) = open(&cluster).await;
    for id in ["r", "c"] {
        begin(&runtime, "", id).await;
    }
    runtime.signal("r", "a", None, Value::Null).await.unwrap();
    cluster.now(|state| state.is_unnamed = true);
    runtime.cancel("c", "enough").await.unwrap();
    assert_eq!(world.row("c").await.status, Status::Pending, "it may be there");
    cluster.now(|state| state.is_silent = false);
    for id in ["r", "c"] {
        status(&world, id, Status::Running).await;
    }
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(cluster.now(|state| state.asked.is_empty()));
    cluster.now(|state| state.is_unnamed = false);
    cluster.until(|state| state.asked.len() == 2).await;
}

/// Whoever hands a run in may hang up; what is on disk by then is handed over all the same, and nothing stays in memory.
#[tokio::test(start_paused = true)]
async fn a_start_that_nobody_waits_for_any_more_is_handed_over() {
    let cluster = Arc::new(Cluster::default());
    let (world, runtime) = open(&cluster).await;
    let hung_up = tokio::time::timeout(Duration::ZERO, begin(&runtime, "", "r")).await;
    assert!(hung_up.is_err(), "it was not that quick");
    cluster.until(|state| state.starts == ["r"]).await;
    status(&world, "r", Status::Running).await;
    assert_eq!(runtime.held_runs(), 0);
}

/// One that is cancelled while nobody can say whether it is there does not begin once somebody can, whatever it was asked
/// before.
#[tokio::test(start_paused = true)]
async fn a_run_that_waits_and_is_cancelled_takes_no_step() {
    let cluster = Arc::new(Cluster::default());
    let (world, runtime) = open(&cluster).await;
    begin(&runtime, ONE_AT_A_TIME, "first").await;
    status(&world, "first", Status::Running).await;
    for id in ["r", "s"] {
        begin(&runtime, ONE_AT_A_TIME, id).await;
    }
    cluster.now(|state| state.is_away = true);
    runtime.signal("s", "a", None, Value::Null).await.unwrap();
    for id in ["r", "s"] {
        runtime.cancel(id, "enough").await.unwrap();
        assert_eq!(world.row(id).await.status, Status::Pending, "nobody says that it is not there");
    }
    cluster.now(|state| state.is_away = false);
    ship(&world, &runtime, "first", Status::Succeeded).await;
    for id in ["r", "s"] {
        status(&world, id, Status::Cancelled).await;
    }
    assert_eq!(cluster.starts(), ["first"]);
}

/// A cluster knows what came to one history of a run, the run what came to all: it is told by which name a signal goes.
#[tokio::test(start_paused = true)]
async fn a_signal_that_was_left_has_a_name_for_the_run_too() {
    let cluster = Arc::new(Cluster::default());
    cluster.now(|state| (state.is_silent, state.unanswered) = (true, 1));
    let (_world, runtime) = open(&cluster).await;
    begin(&runtime, "", "r").await;
    runtime.signal("r", "a", None, Value::Null).await.unwrap();
    runtime.signal("r", "b", Some("own".into()), Value::Null).await.unwrap();
    cluster.now(|state| state.is_silent = false);
    cluster.until(|state| state.asked.len() == 3).await;
    let (asked, ids) = cluster.now(|state| (state.asked.clone(), state.signal_ids.clone()));
    assert_eq!(ids, [asked[0].1.clone(), asked[0].1.clone(), Some("own".to_owned())]);
}

/// A program that knows no cluster, or a server whose settings name none any more, leaves what waits as it is.
#[tokio::test(start_paused = true)]
async fn a_run_waits_also_where_no_connection_is_known() {
    let cluster = Arc::new(Cluster::default());
    cluster.now(|state| state.is_silent = true);
    let (world, runtime) = open(&cluster).await;
    begin(&runtime, "", "r").await;
    runtime.stop().await.unwrap();
    let world = World { carrier: Some(Arc::new(NoCarrier)), ..world };
    let runtime = world.open().await;
    runtime.recovered().await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(world.row("r").await.status, Status::Pending);
    runtime.stop().await.unwrap();
    let world = World { carrier: Some(cluster.clone()), ..world };
    let _runtime = world.open().await;
    cluster.now(|state| state.is_silent = false);
    status(&world, "r", Status::Running).await;
}

/// What was asked before a restart is known before anything is handed over after it.
#[tokio::test(start_paused = true)]
async fn a_run_that_was_cancelled_before_a_restart_does_not_begin_after_it() {
    let cluster = Arc::new(Cluster::default());
    cluster.now(|state| (state.is_silent, state.is_away) = (true, true));
    let (world, runtime) = open(&cluster).await;
    begin(&runtime, "", "r").await;
    runtime.cancel("r", "enough").await.unwrap();
    assert_eq!(world.row("r").await.status, Status::Pending, "nobody says that it is not there");
    runtime.stop().await.unwrap();
    let before = cluster.starts().len();
    cluster.now(|state| (state.is_silent, state.is_away) = (false, false));
    let _runtime = world.open().await;
    status(&world, "r", Status::Cancelled).await;
    assert_eq!(cluster.starts().len(), before);
}

/// A row that waits is all there is to remember, whoever has forgotten it.
#[tokio::test(start_paused = true)]
async fn a_run_that_waits_and_is_on_nobodys_way_is_found() {
    let cluster = Arc::new(Cluster::default());
    let (world, runtime) = open(&cluster).await;
    begin(&runtime, "", "r").await;
    status(&world, "r", Status::Running).await;
    let row = world.row("r").await;
    let first = world.store.records(row.key, 1, 1).await.unwrap().remove(0).decode().unwrap();
    let EventBody::Started(started) = first.body else { panic!("it does not begin") };
    let event = Event::new(first.at, EventBody::Started(Box::new(Started { run: "stray".into(), ..*started })));
    let key = world.store.next_run_key();
    let copies = runtime.copies();
    let mut batch = Batch::new(copies.epoch());
    batch.runs.push(Run { key, id: "stray".into(), status: Status::Pending, started_at: None, ..row });
    batch.records.push(Entry { run: key, record: Record::encode(1, &event) });
    copies.commit(batch).await.unwrap();
    status(&world, "stray", Status::Running).await;
    assert_eq!((cluster.starts(), runtime.load().pending), (vec!["r".to_owned(), "stray".to_owned()], 0));
}

/// What the store does not say is not that a run still waits.
#[tokio::test(start_paused = true)]
async fn a_run_that_was_cancelled_does_not_begin_where_the_store_says_nothing_for_a_moment() {
    let (cluster, store) = (Arc::new(Cluster::default()), Arc::new(MemoryStore::new()));
    let (world, runtime) = open_on(&cluster, store.clone()).await;
    let turn = runtime.copies().turn("r").await;
    begin(&runtime, "", "r").await;
    // It is about to begin, and wants to know whether it still may.
    tokio::time::sleep(Duration::from_secs(1)).await;
    runtime.copies().commit(copy(&world, &runtime, "r", Status::Cancelled).await).await.unwrap();
    store.fail_look(0, StoreError::Io("the connection is lost".into()));
    drop(turn);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!((world.row("r").await.status, cluster.starts()), (Status::Cancelled, vec![]));
    assert_eq!((runtime.load().open, runtime.load().pending), (vec![], 0));
}

/// How long it takes whoever waits to hear of an end that comes about in this way.
async fn heard_after(runtime: &Runtime, ends: impl Future<Output = ()>) -> Duration {
    let waiting = tokio::time::timeout(Duration::from_secs(600), ended(runtime, "r"));
    let ending = async {
        // Whoever waits has looked by then, and waits to be told.
        tokio::time::sleep(Duration::from_millis(1)).await;
        ends.await;
    };
    let begun = tokio::time::Instant::now();
    let (view, ()) = tokio::join!(waiting, ending);
    assert_eq!(view.expect("nobody told of the end").status, Status::Succeeded);
    begun.elapsed()
}

/// An end is told once: whoever waits for it must hear of it though the store does not answer at that moment, and though
/// nobody tells of it at all.
#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_run_hears_of_its_end() {
    let store = Arc::new(MemoryStore::new());
    let (world, runtime) = open_on(&Arc::default(), store.clone()).await;
    begin(&runtime, "", "r").await;
    status(&world, "r", Status::Running).await;
    let told = heard_after(&runtime, async {
        store.fail_look(0, StoreError::Io("the connection is lost".into()));
        ship(&world, &runtime, "r", Status::Succeeded).await;
    });
    let told = told.await;
    assert!(told < Duration::from_secs(1), "{told:?}");

    let (world, runtime) = open(&Arc::default()).await;
    begin(&runtime, "", "r").await;
    status(&world, "r", Status::Running).await;
    let found = heard_after(&runtime, async {
        world.store.commit(copy(&world, &runtime, "r", Status::Succeeded).await).await.unwrap();
    });
    let found = found.await;
    assert!(found < Duration::from_secs(60), "{found:?}");
}
