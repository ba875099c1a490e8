//! Journals in PostgreSQL, and values that are too large for a cluster.

use crate::support::server::PATIENCE;
use crate::{place, run, stop, worker};
use weir_store::{Journal, PageRequest, RunFilter, Runs};
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::Database;
use weir_testkit::temporal::Server;
use weir_testkit::until;

#[test]
fn journals_of_one_queue_go_to_one_store() {
    let server = Server::start();
    let (first, second, address) = (place(), place(), server.address());
    let keeper = worker(&first, &address, &[]);
    until_it_asks(&server, "weir-store", "weir-worker/");
    let refused = ["worker", "--temporal", &*address];
    second.weir(&refused).says(1, "TEMPORAL_QUEUE_SHARED: another worker (`weir-worker/");
    stop(worker(&second, &address, &["--no-store"]));
    stop(worker(&second, &address, &["--task-queue", "another"]));
    keeper.kill();
    let again = worker(&first, &address, &[]);
    assert_eq!(run(&first, &address, &[]).code, 0, "the same store after a restart");
    stop(again);
}

/// Waits until the cluster knows of somebody at a queue: who works has not asked for anything yet.
#[track_caller]
fn until_it_asks(server: &Server, queue: &str, who: &str) {
    let describe = ["task-queue", "describe", "--task-queue", queue, "--task-queue-type", "activity"];
    let asks = || server.ask(&describe).is_ok_and(|said| said.contains(who));
    assert!(until(PATIENCE, || asks().then_some(())).is_some(), "nobody asks at {queue}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_keeps_journals_in_a_database_and_another_takes_it_over() {
    let (server, database) = (Server::start(), Database::fresh().await);
    let (place, address, url) = (place(), server.address(), database.url());
    let keeps = ["--database-url", &*url];
    let first = worker(&place, &address, &keeps);
    assert_eq!(run(&place, &address, &[]).code, 0);
    let mut second = place.start(&[&["worker", "--temporal", &*address], &keeps[..]].concat());
    second.until("only works");
    first.kill();
    second.until("journals are kept in ");
    assert_eq!(run(&place, &address, &[]).code, 0, "after one was killed");
    let store = PgStore::visit(&url, &PgOptions::default()).await.unwrap();
    let page = store.list_runs(&RunFilter::default(), PageRequest { before: None, limit: 10 }).await.unwrap();
    let kept: Vec<_> = page.items.iter().map(|run| (run.status.as_str(), &*run.flow)).collect();
    assert_eq!(kept, [("succeeded", "main"); 2]);
    for run in &page.items {
        let records = store.records(run.key, 1, 100).await.unwrap();
        assert_eq!(records.iter().filter(|record| record.ty == "task_finished").count(), 3, "{records:?}");
    }
    stop(second);
}

/// They cannot keep journals in two stores, but look as if they did.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_writes_the_database_otherwise_works_on_until_it_may_keep_journals() {
    let (server, database) = (Server::start(), Database::fresh().await);
    let (place, address, url) = (place(), server.address(), database.url());
    let otherwise = url.replace("@localhost/", "@localhost:5432/");
    assert_ne!(url, otherwise);
    let first = worker(&place, &address, &["--database-url", &url]);
    let mut second = place.start(&["worker", "--temporal", &address, "--database-url", &otherwise]);
    second.until("only works");
    until_it_asks(&server, "weir-store", "weir-worker/");
    first.kill();
    second.until("TEMPORAL_QUEUE_SHARED");
    let again = worker(&place, &address, &["--database-url", &url]);
    assert_eq!(run(&place, &address, &[]).code, 0);
    stop(again);
    stop(second);
}

#[test]
fn sealed_payloads_are_read_with_their_key_alone() {
    let (server, place) = (Server::start(), place());
    let address = server.address();
    place.file("keys", format!("a:{}", "1f".repeat(32)));
    let keys = ["--payload-keys", "keys"];
    let sealed = worker(&place, &address, &keys);
    assert_eq!(run(&place, &address, &keys).code, 0);
    run(&place, &address, &[]).says(1, "give the same --payload-keys");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = taken.local_addr().unwrap().to_string();
    let refused = ["worker", "--temporal", &*address, "--no-store", "--metrics", &*metrics];
    place.weir(&refused).says(2, "metrics cannot be shown at");
    stop(sealed);
}
