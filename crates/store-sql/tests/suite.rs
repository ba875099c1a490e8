//! The suite every store passes, on SQLite: on the usual files, and on the disk that can lose power.

use std::sync::Arc;
use tempfile::TempDir;
use weir_store::Store;
use weir_store_sql::{SqlOptions, SqlStore};
use weir_testkit::Disk;

async fn on_files() -> (Arc<dyn Store>, TempDir) {
    let directory = TempDir::new().expect("a directory");
    let store = SqlStore::open(directory.path(), &SqlOptions::default()).await.expect("opens");
    (Arc::new(store), directory)
}

async fn on_disk() -> (Arc<dyn Store>, (TempDir, Disk)) {
    let (directory, disk) = (TempDir::new().expect("a directory"), Disk::new());
    let options = SqlOptions { vfs: Some(disk.name().to_owned()), ..SqlOptions::default() };
    let store = SqlStore::open(directory.path(), &options).await.expect("opens");
    (Arc::new(store), (directory, disk))
}

mod files {
    weir_testkit::store_suite!(super::on_files());
}

mod disk {
    weir_testkit::store_suite!(super::on_disk());
}

mod documents {
    use super::*;

    async fn on_files() -> (Arc<dyn weir_store::Documents>, TempDir) {
        let directory = TempDir::new().expect("a directory");
        let store = SqlStore::open(directory.path(), &SqlOptions::default()).await.expect("opens");
        (Arc::new(store), directory)
    }

    weir_testkit::documents_suite!(on_files());
}
