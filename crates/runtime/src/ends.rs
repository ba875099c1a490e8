use futures::stream::unfold;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use weir_base::Text;
use weir_runs::{End, Ends};
use weir_store::QueueId;

/// Ends a slow listener may lag behind before it misses some.
const BUFFER: usize = 8_192;

/// Who wants to know of every run that ends.
pub(crate) struct EndTellers(Sender<(Text, QueueId)>);

impl Default for EndTellers {
    fn default() -> Self {
        Self(channel(BUFFER).0)
    }
}

impl EndTellers {
    pub fn tell(&self, run: &Text, queue: &QueueId) {
        if self.0.receiver_count() > 0 {
            let _ = self.0.send((run.clone(), queue.clone()));
        }
    }

    pub fn listen(&self) -> Ends {
        Ends::new(unfold(self.0.subscribe(), next))
    }
}

async fn next(mut receiver: Receiver<(Text, QueueId)>) -> Option<(End, Receiver<(Text, QueueId)>)> {
    match receiver.recv().await {
        Ok((run, QueueId { tenant, project })) => Some((End::Run { run, tenant, project }, receiver)),
        Err(RecvError::Lagged(missed)) => Some((End::Missed(missed), receiver)),
        Err(RecvError::Closed) => None,
    }
}
