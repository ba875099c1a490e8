//! The suite on the store in memory.

use std::sync::Arc;
use weir_store::Store;
use weir_testkit::MemoryStore;

async fn fresh() -> (Arc<dyn Store>, ()) {
    (Arc::new(MemoryStore::new()), ())
}

weir_testkit::store_suite!(fresh());
