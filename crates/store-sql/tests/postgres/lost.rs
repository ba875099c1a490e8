//! A connection that is lost, a server that goes and comes back, and one that forgets.

use super::proxy::Proxy;
use super::{record, start};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use std::time::Duration;
use weir_store::{Batch, Blobs, CommitError, Journal, RunKey, Runs, Store, StoreError};
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::{Database, ROLE, Server};

fn impatient() -> PgOptions {
    PgOptions { busy: Duration::from_millis(300), ..PgOptions::default() }
}

async fn records(store: &PgStore, run: RunKey) -> u64 {
    store.last_seq(run).await.unwrap()
}

/// Ends every session of the store, as a server does that is told to restart.
async fn cut(database: &Database) {
    database
        .execute(format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}' AND datname = '{}'",
            database.name()
        ))
        .await;
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let database = Database::fresh().await;
    let store = PgStore::open(&database.url(), &PgOptions::default()).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    let key = store.next_run_key();
    store.commit(start(epoch, key, "r", "")).await.unwrap();
    for seq in 1..=6 {
        cut(&database).await;
        let mut batch = Batch { durable: seq % 2 == 0, ..Batch::new(epoch) };
        batch.records.push(record(key, seq));
        store.commit(batch).await.unwrap();
        assert_eq!(records(&store, key).await, seq);
        cut(&database).await;
        store.commit(Batch::new(epoch)).await.unwrap();
        cut(&database).await;
        store.put_blob(None, vec![seq as u8]).await.unwrap();
    }
    let other = PgStore::open(&database.url(), &PgOptions { handover: Duration::ZERO, ..impatient() }).await;
    assert!(matches!(other.err(), Some(StoreError::Locked { .. })));
}

/// Semantics 5.4: a batch whose answer was lost is there once, and so the caller is told.
#[tokio::test]
async fn a_lost_answer_is_found_out() {
    let database = Database::fresh().await;
    let proxy = Proxy::to(database.server().socket()).await;
    let url = format!("postgres://{ROLE}@127.0.0.1:{}/{}?sslmode=disable", proxy.port, database.name());
    let store = PgStore::open(&url, &PgOptions::default()).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    let key = store.next_run_key();
    store.commit(start(epoch, key, "r", "")).await.unwrap();
    let write = async |seq: u64, durable: bool| {
        let mut batch = Batch { durable, ..Batch::new(epoch) };
        batch.records.push(record(key, seq));
        store.commit(batch).await
    };
    // First the answer that is lost is that of preparing the statement, then that of the batch itself.
    let mut seq = 0;
    for prepared in [false, true, true, true] {
        if prepared {
            seq += 1;
            write(seq, true).await.unwrap();
        }
        for durable in [false, true] {
            proxy.cut_the_next_answer();
            seq += 1;
            write(seq, durable).await.unwrap();
            assert_eq!(records(&store, key).await, seq);
        }
    }
}

/// Somebody went away before the answer came; the next one must not take that batch for its own.
#[tokio::test]
async fn an_abandoned_batch_is_not_taken_for_another() {
    let database = Database::fresh().await;
    let proxy = Proxy::to(database.server().socket()).await;
    let url = format!("postgres://{ROLE}@127.0.0.1:{}/{}?sslmode=disable", proxy.port, database.name());
    let store = PgStore::open(&url, &PgOptions::default()).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    for number in 0..8 {
        let mut abandoned = store.commit(start(epoch, store.next_run_key(), &format!("gone {number}"), ""));
        let _ = std::future::poll_fn(|context| std::task::Poll::Ready(abandoned.as_mut().poll(context))).await;
        drop(abandoned);
        proxy.cut_the_next_answer();
        let id = format!("kept {number}");
        match store.commit(start(epoch, store.next_run_key(), &id, "")).await {
            Ok(()) => assert!(store.run(&id).await.unwrap().is_some(), "{id}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_comes_back_is_used_again() {
    let database = Database::on(Server::own()).await;
    let store = PgStore::open(&database.url(), &impatient()).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    let key = store.next_run_key();
    store.commit(start(epoch, key, "r", "")).await.unwrap();
    database.server().stop();
    let write = async |seq: u64| {
        let mut batch = Batch::new(epoch);
        batch.records.push(record(key, seq));
        store.commit(batch).await
    };
    assert!(matches!(write(1).await, Err(CommitError::Busy(_))));
    assert!(matches!(store.run("r").await, Err(StoreError::Busy(_))));
    assert!(matches!(store.put_blob(None, vec![1]).await, Err(StoreError::Busy(_))));
    assert!(matches!(store.count_runs(Some("a")).await, Err(StoreError::Busy(_))));
    database.server().start();
    assert!(store.run("r").await.unwrap().is_some());
    write(1).await.unwrap();
    assert_eq!(records(&store, key).await, 1);
    // In the middle of everything.
    let server = database.server();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            server.stop();
            server.start();
        });
    });
    write(2).await.unwrap();
    assert_eq!(records(&store, key).await, 2);
}

/// Semantics 5.13: who was away while another took over writes nothing any more.
#[tokio::test]
async fn whoever_lost_the_lock_stops() {
    let database = Database::on(Server::own()).await;
    let first = PgStore::open(&database.url(), &impatient()).await.unwrap();
    let epoch = first.claim(1, 1).await.unwrap();
    first.commit(start(epoch, first.next_run_key(), "r", "")).await.unwrap();
    database.server().stop();
    database.server().start();
    let second = PgStore::open(&database.url(), &PgOptions::default()).await.unwrap();
    let mine = start(epoch, first.next_run_key(), "mine", "");
    let refused = first.commit(mine.clone()).await;
    assert_eq!(refused, Err(CommitError::Stop(StoreError::Locked { pid: Some(std::process::id()) })));
    second.claim(2, 2).await.unwrap();
    second.close().await.unwrap();
    assert_eq!(first.commit(mine).await, Err(CommitError::StaleOwner { epoch }));
    assert!(first.run("mine").await.unwrap().is_none());
}

/// Semantics 5.10: a crash may take back the newest batches that did not wait for the disk. The engine goes on from
/// what it remembers, so it is told to stop; and what was waited for is there.
#[tokio::test]
async fn a_server_that_forgot_is_found_out() {
    let database = Database::on(Server::own()).await;
    database.execute("ALTER SYSTEM SET wal_writer_delay = '10s'").await;
    database.execute("SELECT pg_reload_conf()").await;
    let mut forgot = 0;
    for round in 0..4 {
        let store = PgStore::open(&database.url(), &PgOptions::default()).await.unwrap();
        let epoch = store.claim(1, 1).await.unwrap();
        let key = store.next_run_key();
        store.commit(start(epoch, key, &format!("{round}"), "")).await.unwrap();
        for seq in 1..=9 {
            let mut batch = Batch { durable: false, ..Batch::new(epoch) };
            batch.records.push(record(key, seq));
            store.commit(batch).await.unwrap();
            if seq == 5 {
                store.commit(Batch::new(epoch)).await.unwrap();
            }
        }
        database.server().crash();
        database.server().start();
        let kept = records(&store, key).await;
        assert!((5..=9).contains(&kept), "{kept}");
        let mut next = Batch::new(epoch);
        next.records.push(record(key, 10));
        match store.commit(next).await {
            Ok(()) => assert_eq!(kept, 9),
            Err(CommitError::Lost(why)) => {
                assert!(kept < 9, "{why}");
                forgot += 1;
            }
            Err(other) => panic!("{other}"),
        }
        store.close().await.unwrap();
    }
    // Nothing of the above is of use if it is never forgotten.
    if forgot == 0 {
        eprintln!("the server forgot nothing this time");
    }
}

/// The same, made sure of.
#[tokio::test]
async fn batches_that_are_gone_are_told_once_before_anything_follows_them() {
    let database = Database::fresh().await;
    let store = PgStore::open(&database.url(), &PgOptions::default()).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    store.commit(start(epoch, store.next_run_key(), "r", "")).await.unwrap();
    database.execute("UPDATE owner SET written = written - 1").await;
    cut(&database).await;
    let refused = store.commit(start(epoch, store.next_run_key(), "s", "")).await;
    assert!(matches!(refused, Err(CommitError::Lost(_))), "{refused:?}");
    store.commit(start(epoch, store.next_run_key(), "t", "")).await.unwrap();
    let mut connection = PgConnection::connect(&database.superuser_url()).await.unwrap();
    let rows = connection.fetch_all("SELECT id FROM runs").await.unwrap();
    assert_eq!(rows.len(), 2, "that of `s` was not written");
}
