//! The runtime on PostgreSQL: the same runs, and a server that goes away under them.

mod support;

use std::sync::Arc;
use std::time::Duration;
use support::*;
use weir_base::Value;
use weir_runs::RunsPort;
use weir_runtime::Runtime;
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::{Database, Server};

async fn world(database: &Database) -> World {
    let options = PgOptions { busy: Duration::from_millis(500), ..PgOptions::default() };
    let store = PgStore::open(&database.url(), &options).await.unwrap();
    World { real_time: true, ..World::on(Arc::new(store), None) }
}

fn steps() -> String {
    let small = [task("a", "call", r#"{"value":1}"#), task("b", "pure", r#"{"value":2}"#)];
    sequence(&[
        parallel(&small),
        task("c", "call", r#"{"do":"yield","value":3}"#),
        timer("t", "20ms"),
        small[0].clone(),
    ])
}

async fn start_patiently(runtime: &Runtime, id: &str) {
    loop {
        match runtime.start(start(flow(&steps()), id)).await {
            Ok(_) => return,
            // The answer was lost over it, but not the run.
            Err(error) if error.is_transient() => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
}

async fn check(world: &World, id: &str) {
    let numbers: Vec<u64> = world.records(id).await.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{id}");
    let finished = world.journal(id).await.iter().filter(|ty| *ty == "task_finished").count();
    assert_eq!(finished, 4, "{id}: each step has one result");
}

#[tokio::test]
async fn runs_are_the_same_there() {
    let database = Database::fresh().await;
    let world = world(&database).await;
    let runtime = world.open().await;
    for number in 0..20 {
        start_patiently(&runtime, &number.to_string()).await;
    }
    for number in 0..20 {
        let id = number.to_string();
        let view = ended(&runtime, &id).await;
        succeeded(&view);
        assert_eq!(view.output, Value::from(1));
        check(&world, &id).await;
    }
}

/// Semantics 5.4: what was not written is folded again and goes on, as soon as there is a server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_only_delays() {
    let database = Arc::new(Database::on(Server::own()).await);
    let world = world(&database).await;
    let runtime = world.open().await;
    let restarts = {
        let database = database.clone();
        tokio::task::spawn_blocking(move || {
            for _ in 0..3 {
                database.server().stop();
                database.server().start();
            }
        })
    };
    let mut started = 0;
    while !restarts.is_finished() || started < 30 {
        start_patiently(&runtime, &started.to_string()).await;
        started += 1;
    }
    restarts.await.unwrap();
    for number in 0..started {
        let id = number.to_string();
        succeeded(&ended(&runtime, &id).await);
        check(&world, &id).await;
    }
    world.store.close().await.unwrap();
}
