//! Retention gives disk space back, and the log stays bounded.

use std::path::Path;
use tempfile::TempDir;
use weir_base::Value;
use weir_engine::{Record, Status};
use weir_store::{Batch, Entry, Epoch, Place, Retention, RetentionPolicy, Run, RunKey, RunUpdate, Store};
use weir_store_sql::{SqlOptions, SqlStore};

fn size(directory: &Path, file: &str) -> u64 {
    std::fs::metadata(directory.join(file)).map_or(0, |metadata| metadata.len())
}

fn record(seq: u64, bytes: usize) -> Record {
    Record { seq, at: 0, ty: "late".into(), path: "a".into(), payload: "x".repeat(bytes) }
}

async fn finished_run(store: &SqlStore, epoch: Epoch, id: &str) -> RunKey {
    let key = store.next_run_key();
    let mut batch = Batch::new(epoch);
    batch.durable = false;
    batch.runs.push(Run::new(key, id, Place::default(), "f", 1));
    batch.updates.push(RunUpdate::ended(key, Status::Succeeded, 5, Value::Null, None));
    batch.records = (1..=100).map(|seq| Entry { run: key, record: record(seq, 1_000) }).collect();
    batch.records.push(Entry { run: key, record: record(101, 200_000) });
    store.commit(batch).await.unwrap();
    key
}

#[tokio::test]
async fn forgotten_runs_shrink_the_file() {
    let directory = TempDir::new().unwrap();
    let options = SqlOptions { checkpoint_pages: 200, log_bytes: 1_000_000, ..SqlOptions::default() };
    let store = SqlStore::open(directory.path(), &options).await.unwrap();
    let epoch = store.claim(1, 1).await.unwrap();
    for number in 0..100 {
        // Every payload differs, so that each run has a blob of its own.
        let key = finished_run(&store, epoch, &format!("{number}")).await;
        store.put_blob_of(key, number).await;
        assert!(size(directory.path(), "weir.db-wal") < 8_000_000, "the log stays bounded");
    }
    store.reclaim().await.unwrap();
    let before = size(directory.path(), "weir.db");
    assert!(before > 25_000_000, "{before}");
    assert_eq!(store.disk_bytes().await.unwrap(), before + size(directory.path(), "weir.db-wal"));
    let policy = RetentionPolicy { runs_before: Some(10), limit: 30, ..RetentionPolicy::default() };
    let mut calls = 0;
    while store.sweep(policy.clone()).await.unwrap().more {
        calls += 1;
    }
    assert_eq!(calls, 3);
    store.reclaim().await.unwrap();
    let after = size(directory.path(), "weir.db");
    assert!(after < 600_000, "{before} to {after}");
    assert_eq!(size(directory.path(), "weir.db-wal"), 0);
}

trait PutBlob {
    async fn put_blob_of(&self, run: RunKey, number: u64);
}

impl PutBlob for SqlStore {
    async fn put_blob_of(&self, run: RunKey, number: u64) {
        let bytes: Vec<u8> = number.to_le_bytes().into_iter().cycle().take(200_000).collect();
        weir_store::Blobs::put_blob(self, Some(run), bytes).await.unwrap();
    }
}
