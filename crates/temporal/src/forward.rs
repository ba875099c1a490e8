//! What people ask of a run where its copy is kept, passed on to where it is carried.

use crate::TemporalError;
use crate::activity::Keeper;
use crate::client::Cluster;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use weir_base::Text;
use weir_runs::Request;
use weir_store::{Batch, InboxKey, Message};

/// How often the store is asked: other processes leave things there.
const EVERY: Duration = Duration::from_millis(200);
const PAGE: u32 = 100;

/// Passes on everything that is left in the store's inbox, until it is dropped.
pub async fn forward(keeper: Arc<Keeper>, cluster: Cluster) {
    let mut again = tokio::time::interval(EVERY);
    loop {
        again.tick().await;
        look(&keeper, &cluster).await;
    }
}

/// Passes on what there is. What follows a request that has not arrived waits behind it.
async fn look(keeper: &Keeper, cluster: &Cluster) {
    let (mut after, mut held_up) = (InboxKey::default(), BTreeSet::<Text>::new());
    while let Ok(messages) = keeper.store.messages(after, PAGE).await {
        let Some(last) = messages.last() else { return };
        after = last.key;
        for message in &messages {
            if held_up.contains(&message.message.run) {
                continue;
            }
            match pass_on(cluster, message).await {
                true => taken(keeper, message.key).await,
                false => drop(held_up.insert(message.message.run.clone())),
            }
        }
    }
}

/// Whether it need not be asked again: it has arrived, or never will.
async fn pass_on(cluster: &Cluster, message: &Message) -> bool {
    let Ok(mut request) = serde_json::from_str::<Request>(&message.message.payload) else { return true };
    // The run knows what it has had in all its histories, the cluster what came to one of them.
    if let Request::Signal { id: id @ None, .. } = &mut request {
        *id = Some(message.id().into());
    }
    match cluster.request_once(&message.message.run, &request, &message.id()).await {
        Err(TemporalError::Failed(why)) => {
            tracing::warn!(run = &*message.message.run, "a request was not passed on yet: {why}");
            false
        }
        Err(error) => {
            tracing::warn!(run = &*message.message.run, "a request was not taken: {error}");
            true
        }
        Ok(()) => true,
    }
}

async fn taken(keeper: &Keeper, key: InboxKey) {
    let mut batch = Batch::new(keeper.copies.epoch());
    batch.inbox_done.push(key);
    if let Err(error) = keeper.copies.commit(batch).await {
        tracing::warn!("a request may be passed on once more: {error}");
    }
}
