//! One owner, its visitors, and the schema (semantics 5.13).

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use std::path::Path;
use tempfile::TempDir;
use weir_store::{
    Batch, CommitError, Epoch, Flows, Inbox, InboxKey, NewMessage, Place, Run, RunKey, Runs, Store, StoreError,
};
use weir_store_sql::{SqlOptions, SqlStore};

async fn open(directory: &Path) -> Result<SqlStore, StoreError> {
    SqlStore::open(directory, &SqlOptions::default()).await
}

async fn visit(directory: &Path) -> Result<SqlStore, StoreError> {
    SqlStore::visit(directory, &SqlOptions::default()).await
}

fn message() -> NewMessage {
    NewMessage { run: "r".into(), kind: "cancel".into(), payload: "{}".into(), at: 1 }
}

#[tokio::test]
async fn a_second_owner_is_told_the_pid() {
    let directory = TempDir::new().unwrap();
    let first = open(directory.path()).await.unwrap();
    let error = open(directory.path()).await.err().unwrap();
    assert_eq!(error, StoreError::Locked { pid: Some(std::process::id()) });
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    first.close().await.unwrap();
    open(directory.path()).await.unwrap();
}

#[tokio::test]
async fn a_dropped_owner_lets_go() {
    let directory = TempDir::new().unwrap();
    drop(open(directory.path()).await.unwrap());
    open(directory.path()).await.unwrap();
}

/// Whether a user may write everywhere, as root may, or not: data on a read-only disk can be looked at.
#[tokio::test]
async fn data_that_may_not_be_written_is_read() {
    for closed in [true, false] {
        let directory = TempDir::new().unwrap();
        let store = open(directory.path()).await.unwrap();
        let mut batch = Batch::new(store.claim(1, 1).await.unwrap());
        batch.runs.push(Run::new(store.next_run_key(), "r", Place::default(), "f", 1));
        store.commit(batch).await.unwrap();
        if closed {
            store.close().await.unwrap();
        }
        let modes = Modes::read_only(directory.path());
        let visitor = visit(directory.path()).await.unwrap();
        assert!(visitor.run("r").await.unwrap().is_some(), "closed: {closed}");
        drop((visitor, modes));
    }
}

/// A folder that cannot be written for as long as this lives.
struct Modes(Vec<(std::path::PathBuf, std::fs::Permissions)>);

impl Modes {
    fn read_only(directory: &Path) -> Self {
        let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let paths: Vec<_> = files.chain([directory.to_owned()]).collect();
        Self(paths.into_iter().map(|path| (path.clone(), take_away(&path))).collect())
    }
}

fn take_away(path: &Path) -> std::fs::Permissions {
    let before = std::fs::metadata(path).unwrap().permissions();
    let mut without = before.clone();
    without.set_readonly(true);
    std::fs::set_permissions(path, without).unwrap();
    before
}

impl Drop for Modes {
    fn drop(&mut self) {
        self.0.drain(..).rev().for_each(|(path, before)| drop(std::fs::set_permissions(path, before)));
    }
}

#[tokio::test]
async fn epochs_and_keys_rise_over_restarts() {
    let directory = TempDir::new().unwrap();
    let mut last = (Epoch::default(), RunKey::default());
    for number in 0..3 {
        let store = open(directory.path()).await.unwrap();
        let epoch = store.claim(1, number).await.unwrap();
        let run = Run::new(store.next_run_key(), format!("{number}"), Place::default(), "f", number);
        let next = (epoch, run.key);
        assert!(next.0 > last.0 && next.1 > last.1, "{next:?} after {last:?}");
        let mut batch = Batch::new(epoch);
        batch.runs.push(run);
        store.commit(batch).await.unwrap();
        store.close().await.unwrap();
        last = next;
    }
}

#[tokio::test]
async fn a_visitor_reads_and_posts_and_writes_nothing_else() {
    let directory = TempDir::new().unwrap();
    let owner = open(directory.path()).await.unwrap();
    let epoch = owner.claim(1, 1).await.unwrap();
    let visitor = visit(directory.path()).await.unwrap();
    let mut batch = Batch::new(epoch);
    batch.runs.push(Run::new(owner.next_run_key(), "r", Place::default(), "f", 1));
    owner.commit(batch).await.unwrap();
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

#[tokio::test]
async fn a_visitor_needs_data() {
    let directory = TempDir::new().unwrap();
    assert!(matches!(visit(directory.path()).await.err(), Some(StoreError::Io(_))));
    assert!(!directory.path().join("weir.db").exists());
}

#[tokio::test]
async fn a_closed_store_refuses() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).await.unwrap();
    store.close().await.unwrap();
    assert!(store.claim(1, 1).await.is_err());
    assert!(store.run("r").await.is_err());
    store.close().await.unwrap();
}

async fn execute(directory: &Path, sql: &'static str) {
    let mut connection = SqliteConnectOptions::new().filename(directory.join("weir.db")).connect().await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let directory = TempDir::new().unwrap();
    open(directory.path()).await.unwrap().close().await.unwrap();
    execute(directory.path(), "UPDATE schema_version SET version = 99").await;
    let refused = Some(StoreError::NewerSchema { found: 99, known: 6 });
    assert_eq!(open(directory.path()).await.err(), refused);
    assert_eq!(visit(directory.path()).await.err(), refused);
    execute(directory.path(), "UPDATE schema_version SET version = 6").await;
    open(directory.path()).await.unwrap();
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("weir.db"), "no database at all, but long enough".repeat(50)).unwrap();
    assert!(matches!(open(directory.path()).await.err(), Some(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn values_nobody_wrote_are_corrupt() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    let mut batch = Batch::new(epoch);
    batch.runs.push(Run::new(store.next_run_key(), "r", Place::default(), "f", 1));
    store.commit(batch).await.unwrap();
    store.close().await.unwrap();
    execute(directory.path(), "UPDATE runs SET status = 'resting'").await;
    let store = open(directory.path()).await.unwrap();
    assert!(matches!(store.run("r").await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.newest_flow("", "p", "f").await.unwrap(), None);
}

/// A caller that goes away in the middle of a write must not hold up the next.
#[tokio::test]
async fn an_abandoned_commit_holds_nobody_up() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    for number in 0..50 {
        let mut batch = Batch::new(epoch);
        batch.runs = (0..number * 7 + 1)
            .map(|row| Run::new(store.next_run_key(), format!("{number}/{row}"), Place::default(), "f", 1))
            .collect();
        let rows = batch.runs.len();
        let ids: Vec<_> = batch.runs.iter().map(|run| run.id.clone()).collect();
        let mut commit = store.commit(batch);
        for _ in 0..number % 4 {
            let poll = std::future::poll_fn(|context| std::task::Poll::Ready(commit.as_mut().poll(context))).await;
            if poll.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        let mut after = Batch::new(epoch);
        after.runs.push(Run::new(store.next_run_key(), format!("after {number}"), Place::default(), "f", 1));
        store.commit(after).await.unwrap();
        let mut found = 0;
        for id in &ids {
            found += usize::from(store.run(id).await.unwrap().is_some());
        }
        assert!(found == 0 || found == rows, "{found} of {rows}");
    }
}

/// Another process that writes is waited for; one that does not end is told of, and nothing has happened.
#[tokio::test]
async fn a_foreign_writer_makes_it_busy() {
    let directory = TempDir::new().unwrap();
    let options = SqlOptions { busy: std::time::Duration::ZERO, ..SqlOptions::default() };
    let store = SqlStore::open(directory.path(), &options).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    let mut foreign = SqliteConnectOptions::new().filename(directory.path().join("weir.db")).connect().await.unwrap();
    foreign.execute("BEGIN IMMEDIATE").await.unwrap();
    let start = |id: &str| {
        let mut batch = Batch::new(epoch);
        batch.runs.push(Run::new(store.next_run_key(), id, Place::default(), "f", 1));
        batch
    };
    assert!(matches!(store.commit(start("a")).await, Err(CommitError::Busy(_))));
    assert!(matches!(store.post(message()).await, Err(StoreError::Busy(_))));
    foreign.execute("ROLLBACK").await.unwrap();
    store.commit(start("b")).await.unwrap();
    assert!(store.run("a").await.unwrap().is_none());
    assert!(store.run("b").await.unwrap().is_some());
}
