//! What people ask of a run where its copy is kept, passed on to where it is carried.

use crate::TemporalError;
use crate::activity::Keeper;
use crate::client::Cluster;
use std::sync::Arc;
use std::time::Duration;
use weir_runs::Request;
use weir_store::{Batch, InboxKey, Message};

/// How often the store is asked.
const EVERY: Duration = Duration::from_millis(200);

/// Passes on everything that is left in the store's inbox, until it is dropped.
pub async fn forward(keeper: Arc<Keeper>, cluster: Cluster) {
    let mut again = tokio::time::interval(EVERY);
    loop {
        again.tick().await;
        let Ok(messages) = keeper.store.messages(InboxKey::default(), 100).await else { continue };
        for message in messages {
            if pass_on(&cluster, &message).await {
                taken(&keeper, message.key).await;
            }
        }
    }
}

/// Whether it need not be asked again: it has arrived, or never will.
async fn pass_on(cluster: &Cluster, message: &Message) -> bool {
    let Ok(request) = serde_json::from_str::<Request>(&message.message.payload) else { return true };
    match cluster.request(&message.message.run, &request).await {
        Err(TemporalError::Failed(why)) => {
            tracing::warn!(run = &*message.message.run, "a request was not passed on yet: {why}");
            false
        }
        _ => true,
    }
}

async fn taken(keeper: &Keeper, key: InboxKey) {
    let mut batch = Batch::new(keeper.copies.epoch());
    batch.inbox_done.push(key);
    if let Err(error) = keeper.copies.commit(batch).await {
        tracing::warn!("a request may be passed on once more: {error}");
    }
}
