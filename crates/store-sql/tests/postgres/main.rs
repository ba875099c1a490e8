//! The store on PostgreSQL: the suites every store passes, one owner, whose rows are whose, and a server that goes.

mod lost;
mod owner;
mod proxy;
mod rows;
mod text;

use std::sync::Arc;
use weir_store::{Batch, Entry, Epoch, Place, Run, RunKey, Store};
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::Database;

async fn fresh() -> (Arc<dyn Store>, Database) {
    let (store, database) = opened().await;
    (Arc::new(store), database)
}

/// On tables that were made once for all tests.
async fn opened() -> (PgStore, Database) {
    let open = async |url: String| PgStore::open(&url, &PgOptions::default()).await.expect("opens");
    let database = Database::prepared(async |url| open(url).await.close().await.expect("closes")).await;
    (open(database.url()).await, database)
}

mod suite {
    weir_testkit::store_suite!(super::fresh());
}

mod documents {
    use super::*;

    async fn fresh() -> (Arc<dyn weir_store::Documents>, Database) {
        let (store, database) = opened().await;
        (Arc::new(store), database)
    }

    weir_testkit::documents_suite!(fresh());
}

/// A batch that starts a run of the tenant.
fn start(epoch: Epoch, key: RunKey, id: &str, tenant: &str) -> Batch {
    let place = Place { tenant: tenant.into(), project: "p".into(), service: "s".into() };
    let mut batch = Batch::new(epoch);
    batch.runs.push(Run::new(key, id, place, "f", 1));
    batch
}

fn record(run: RunKey, seq: u64) -> Entry {
    let (ty, path, payload) = ("task_finished".into(), "a".into(), "{}".into());
    Entry { run, record: weir_engine::Record { seq, at: 1, ty, path, payload } }
}
