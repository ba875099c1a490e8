//! What waits for the disk, and what does not: semantics 5.4, 5.7, 5.10, 5.14.

mod support;

use std::sync::{Arc, Mutex};
use support::*;
use weir_base::Value;
use weir_engine::Status;
use weir_ir::Durability;
use weir_runs::RunsPort;
use weir_runtime::Faults;

/// Notes commits and effects in the order in which they happen.
#[derive(Default)]
struct Log(Mutex<String>);

impl Faults for Log {
    fn at(&self, point: &'static str) {
        let sign = match point {
            "commit.after" => 'C',
            "effect.before" => 'e',
            _ => return,
        };
        self.0.lock().unwrap().push(sign);
    }
}

/// A sequence of tasks of these kinds (`p`ure, `c`all, char`g`e), and the order of commits (C) and effects (e).
async fn check(durability: Durability, kinds: &str, expected: &str) {
    let log = Arc::new(Log::default());
    let mut world = World::memory().with(|options| options.durability = durability);
    world.faults = Some(log.clone());
    let runtime = world.open().await;
    runtime.recovered().await;
    let kind = |letter: char| match letter {
        'p' => "pure",
        'c' => "call",
        _ => "charge",
    };
    let steps: Vec<String> =
        kinds.chars().enumerate().map(|(n, letter)| task(&format!("t{n}"), kind(letter), "{}")).collect();
    let view = run(&runtime, flow(&sequence(&steps)), "r").await;
    succeeded(&view);
    assert_eq!(*log.0.lock().unwrap(), expected, "{durability:?} {kinds}");
    // Semantics 5.14: one row per step, two for a kind that must not be repeated unawares.
    let rows = 1 + kinds.len() + kinds.matches('g').count();
    assert_eq!(world.journal("r").await.len(), rows);
}

/// In every mode the start is on disk before anything happens, and so is the mark of a charge.
#[tokio::test]
async fn rule_5_10_what_waits_for_the_disk() {
    use Durability::{Async, Exit, Sync};
    // A result is on disk before its consequences start.
    check(Sync, "ccc", "CeCeCeC").await;
    // What is pure is never waited for; the end writes it all.
    check(Sync, "ppp", "CeeeC").await;
    check(Sync, "cpc", "CeCeeC").await;
    check(Sync, "gg", "CeCeC").await;
    for mode in [Async, Exit] {
        check(mode, "ccc", "CeeeC").await;
        check(mode, "ppp", "CeeeC").await;
        check(mode, "cgc", "CeCeeC").await;
    }
}

/// Semantics 5.10: an acknowledged signal is on disk in every mode.
#[tokio::test]
async fn rule_5_10_signals_are_acknowledged_from_the_disk() {
    for mode in [Durability::Sync, Durability::Async, Durability::Exit] {
        let log = Arc::new(Log::default());
        let mut world = World::memory().with(|options| options.force_durability = Some(mode));
        world.faults = Some(log.clone());
        let runtime = world.open().await;
        runtime.start(start(flow(&sequence(&[signal("a", "go"), signal("b", "go")])), "r")).await.unwrap();
        let before = log.0.lock().unwrap().len();
        runtime.signal("r", "go", None, Value::Null).await.unwrap();
        assert!(log.0.lock().unwrap().len() > before, "{mode:?}");
        assert_eq!(world.journal("r").await, ["started", "signal"]);
    }
}

/// A loop of pure steps does not outrun the writer without bound, and other runs get their turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_never_waits_leaves_room_for_others() {
    let world = World { real_time: true, ..World::sqlite().await };
    let runtime = world.open().await;
    let body = task("t", "pure", r#"{"value":1}"#);
    let endless = format!(r#"{{"id":"l","loop":{{"mode":"forever","continueAsNew":500,"body":{body}}}}}"#);
    runtime.start(start(flow(&endless), "endless")).await.unwrap();
    for n in 0..20 {
        succeeded(&run(&runtime, flow(&task("t", "call", "{}")), &format!("r{n}")).await);
    }
    runtime.cancel("endless", "").await.unwrap();
    assert_eq!(ended(&runtime, "endless").await.status, Status::Cancelled);
}
