//! One owner, its visitors, and the schema (semantics 5.13).

use super::{fresh, record, start};
use sqlx::Executor;
use sqlx::postgres::PgConnection;
use std::sync::Arc;
use std::time::Duration;
use weir_store::{Batch, CommitError, Epoch, Inbox, InboxKey, NewMessage, RunKey, Runs, Store, StoreError};
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::{Database, ROLE};

async fn open(database: &Database) -> Result<PgStore, StoreError> {
    PgStore::open(&database.url(), &PgOptions::default()).await
}

async fn open_at_once(database: &Database) -> Result<PgStore, StoreError> {
    let options = PgOptions { handover: Duration::ZERO, ..PgOptions::default() };
    PgStore::open(&database.url(), &options).await
}

async fn visit(database: &Database) -> Result<PgStore, StoreError> {
    PgStore::visit(&database.url(), &PgOptions::default()).await
}

fn message() -> NewMessage {
    NewMessage { run: "r".into(), kind: "cancel".into(), payload: "{}".into(), at: 1 }
}

#[tokio::test]
async fn a_second_owner_is_told_the_pid() {
    let database = Database::fresh().await;
    let owned = async || PgStore::is_owned(&database.url(), &PgOptions::default()).await;
    assert_eq!(owned().await, Ok(false));
    let first = open(&database).await.unwrap();
    assert_eq!(owned().await, Ok(true));
    let error = open_at_once(&database).await.err().unwrap();
    assert_eq!(error, StoreError::Locked { pid: Some(std::process::id()) });
    first.close().await.unwrap();
    open(&database).await.unwrap();
}

#[tokio::test]
async fn a_dropped_owner_lets_go() {
    let database = Database::fresh().await;
    drop(open(&database).await.unwrap());
    open(&database).await.unwrap();
}

#[tokio::test]
async fn epochs_and_keys_rise_over_restarts() {
    let database = Database::fresh().await;
    let mut last = (Epoch::default(), RunKey::default());
    for number in 0..3 {
        let store = open(&database).await.unwrap();
        let epoch = store.claim(1, number).await.unwrap();
        let key = store.next_run_key();
        assert!(epoch > last.0 && key > last.1, "{epoch} {key} after {last:?}");
        store.commit(start(epoch, key, &number.to_string(), "")).await.unwrap();
        store.close().await.unwrap();
        last = (epoch, key);
    }
}

#[tokio::test]
async fn a_visitor_reads_and_posts_and_writes_nothing_else() {
    let database = Database::fresh().await;
    let owner = open(&database).await.unwrap();
    let epoch = owner.claim(1, 1).await.unwrap();
    let visitor = visit(&database).await.unwrap();
    owner.commit(start(epoch, owner.next_run_key(), "r", "")).await.unwrap();
    assert!(visitor.run("r").await.unwrap().is_some());
    let key = visitor.post(message()).await.unwrap();
    assert_eq!(owner.messages(InboxKey::default(), 9).await.unwrap()[0].key, key);
    let mut foreign = Batch::new(Epoch::default());
    foreign.inbox_done.push(key);
    assert!(matches!(visitor.commit(foreign).await, Err(CommitError::StaleOwner { .. })));
    let mut taken = Batch::new(epoch);
    taken.inbox_done.push(key);
    owner.commit(taken).await.unwrap();
    assert!(visitor.messages(InboxKey::default(), 9).await.unwrap().is_empty());
}

/// Readers follow the numbers: none may appear below one that was read.
#[tokio::test]
async fn messages_of_many_appear_in_order() {
    let (store, _database) = fresh().await;
    let posting: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    store.post(message()).await.unwrap();
                }
            })
        })
        .collect();
    let (mut read, mut after) = (0, InboxKey::default());
    while read < 80 {
        for message in store.messages(after, 7).await.unwrap() {
            assert!(message.key > after);
            (read, after) = (read + 1, message.key);
        }
    }
    for task in posting {
        task.await.unwrap();
    }
    assert_eq!(store.messages(InboxKey::default(), 100).await.unwrap().len(), 80);
}

#[tokio::test]
async fn a_visitor_needs_data() {
    let database = Database::fresh().await;
    assert!(matches!(visit(&database).await.err(), Some(StoreError::Io(_))));
}

#[tokio::test]
async fn a_closed_store_refuses() {
    let (store, _database) = fresh().await;
    store.close().await.unwrap();
    assert!(store.claim(1, 1).await.is_err());
    assert!(store.run("r").await.is_err());
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = Database::fresh().await;
    open(&database).await.unwrap().close().await.unwrap();
    database.execute("UPDATE schema_version SET version = version + 99").await;
    assert!(matches!(open(&database).await.err(), Some(StoreError::NewerSchema { found: 100.., .. })));
    assert!(matches!(visit(&database).await.err(), Some(StoreError::NewerSchema { found: 100.., .. })));
    database.execute("UPDATE schema_version SET version = version - 99").await;
    open(&database).await.unwrap();
}

/// A release that has one more table of documents needs no step for it.
#[tokio::test]
async fn a_missing_table_of_documents_is_made() {
    let database = Database::fresh().await;
    open(&database).await.unwrap().close().await.unwrap();
    database.execute("DROP TABLE memories").await;
    let store = open(&database).await.unwrap();
    let scope = weir_store::Scope::System;
    use weir_store::Documents;
    assert_eq!(store.document(&scope, weir_store::Table::Memories, "x").await, Ok(None));
}

#[tokio::test]
async fn a_role_that_is_above_the_rules_is_refused() {
    let database = Database::fresh().await;
    let error = PgStore::open(&database.superuser_url(), &PgOptions::default()).await.err().unwrap();
    assert!(error.to_string().contains("`postgres` is a superuser"), "{error}");
    let mighty = format!("{}_mighty", database.name());
    database.execute(format!("CREATE ROLE {mighty} LOGIN BYPASSRLS IN ROLE {ROLE}")).await;
    let url = database.server().url(&mighty, database.name());
    for opened in [
        PgStore::open(&url, &PgOptions::default()).await.err(),
        PgStore::visit(&url, &PgOptions::default()).await.err(),
    ] {
        assert!(opened.as_ref().is_some_and(|error| error.to_string().contains("BYPASSRLS")), "{opened:?}");
    }
    database.execute(format!("DROP ROLE {mighty}")).await;
}

#[tokio::test]
async fn what_cannot_be_reached_is_told() {
    let database = Database::fresh().await;
    let options = PgOptions { busy: Duration::from_millis(100), handover: Duration::ZERO, ..PgOptions::default() };
    let nowhere = "postgres://weir@127.0.0.1:1/weir?sslmode=disable";
    assert!(matches!(PgStore::open(nowhere, &options).await.err(), Some(StoreError::Busy(_))));
    let missing = database.server().url(ROLE, "there_is_no_such_database");
    let error = PgStore::open(&missing, &options).await.err().unwrap();
    assert!(error.to_string().contains("there_is_no_such_database"), "{error}");
    assert!(matches!(PgStore::open("mysql://x", &options).await.err(), Some(StoreError::Io(_))));
}

#[tokio::test]
async fn values_nobody_wrote_are_corrupt() {
    let (store, database) = fresh().await;
    let epoch = store.claim(1, 1).await.unwrap();
    store.commit(start(epoch, store.next_run_key(), "r", "")).await.unwrap();
    database.execute("UPDATE runs SET status = 'resting'").await;
    assert!(matches!(store.run("r").await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.newest_flow("", "p", "f").await.unwrap(), None);
}

/// A caller that goes away in the middle of a write must not hold up the next.
#[tokio::test]
async fn an_abandoned_commit_holds_nobody_up() {
    let (store, _database) = fresh().await;
    let epoch = store.claim(1, 1).await.unwrap();
    for number in 0..40_usize {
        let ids: Vec<String> = (0..number * 7 + 1).map(|row| format!("{number}/{row}")).collect();
        let mut batch = Batch::new(epoch);
        ids.iter().for_each(|id| batch.absorb(start(epoch, store.next_run_key(), id, "")));
        let mut commit = store.commit(batch);
        for _ in 0..number % 4 {
            let poll = std::future::poll_fn(|context| std::task::Poll::Ready(commit.as_mut().poll(context))).await;
            if poll.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        store.commit(start(epoch, store.next_run_key(), &format!("after {number}"), "")).await.unwrap();
        let mut found = 0;
        for id in &ids {
            found += usize::from(store.run(id).await.unwrap().is_some());
        }
        assert!(found == 0 || found == ids.len(), "{found} of {}", ids.len());
    }
}

/// Rows that another session is changing are waited for, though not for ever, and nothing has happened.
#[tokio::test]
async fn a_foreign_writer_makes_it_busy() {
    let database = Database::fresh().await;
    let options = PgOptions { busy: Duration::from_secs(2), ..PgOptions::default() };
    let store = PgStore::open(&database.url(), &options).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    use sqlx::Connection;
    let mut foreign = PgConnection::connect(&database.superuser_url()).await.unwrap();
    foreign.execute("BEGIN; LOCK TABLE runs IN EXCLUSIVE MODE").await.unwrap();
    let begin = |id: &str| start(epoch, store.next_run_key(), id, "");
    assert!(matches!(store.commit(begin("a")).await, Err(CommitError::Busy(_))));
    foreign.execute("ROLLBACK").await.unwrap();
    store.commit(begin("b")).await.unwrap();
    assert!(store.run("a").await.unwrap().is_none());
    assert!(store.run("b").await.unwrap().is_some());
}

/// Semantics 5.10: who is to wait for the disk does, and nobody else.
#[tokio::test]
async fn only_durable_batches_wait_for_the_disk() {
    let (store, database) = fresh().await;
    let epoch = store.claim(1, 1).await.unwrap();
    let key = store.next_run_key();
    store.commit(start(epoch, key, "r", "")).await.unwrap();
    database
        .execute(
            "CREATE TABLE waited (how TEXT NOT NULL);
             GRANT ALL ON waited TO PUBLIC;
             CREATE FUNCTION note() RETURNS TRIGGER LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO waited SELECT current_setting('synchronous_commit'); RETURN NULL; END $$;
             CREATE TRIGGER note AFTER UPDATE ON owner EXECUTE FUNCTION note()",
        )
        .await;
    let durable = [true, false, false, true, false];
    for (seq, durable) in (1..).zip(durable) {
        let mut batch = Batch { durable, ..Batch::new(epoch) };
        batch.records.push(record(key, seq));
        store.commit(batch).await.unwrap();
    }
    // An empty one has something to bring to the disk, then nothing.
    store.commit(Batch::new(epoch)).await.unwrap();
    store.commit(Batch::new(epoch)).await.unwrap();
    use sqlx::{Connection, Row};
    let mut connection = PgConnection::connect(&database.superuser_url()).await.unwrap();
    let rows = connection.fetch_all("SELECT how FROM waited").await.unwrap();
    let seen: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(seen, ["on", "off", "off", "on", "off", "on"]);
}

/// The lists of the engine and the reach of the store are used by many at once.
#[tokio::test]
async fn readers_and_writers_do_not_wait_for_each_other() {
    let (store, _database) = fresh().await;
    let epoch = store.claim(1, 1).await.unwrap();
    let reading: Vec<_> = (0..8)
        .map(|_| {
            let store: Arc<dyn Store> = store.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    store.count_runs(Some("a")).await.unwrap();
                    store.unfinished(None, 100).await.unwrap();
                }
            })
        })
        .collect();
    for number in 0..20 {
        store.commit(start(epoch, store.next_run_key(), &number.to_string(), "a")).await.unwrap();
    }
    for task in reading {
        task.await.unwrap();
    }
    assert_eq!(store.unfinished(None, 100).await.unwrap().len(), 20);
}
