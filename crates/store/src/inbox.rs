use crate::StoreError;
use async_trait::async_trait;
use weir_base::{Micros, Text};

/// Where a message stands in the inbox; rises in the order of posting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InboxKey(pub i64);

/// Something another process asks of the owner: a signal, a cancel, a pause (semantics 5.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The run's id.
    pub run: Text,
    /// What is asked, in the owner's words.
    pub kind: Text,
    /// JSON.
    pub payload: String,
    pub at: Micros,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub key: InboxKey,
    pub message: NewMessage,
}

/// The way into a running engine from outside its process. Messages leave through [`crate::Batch::inbox_done`].
#[async_trait]
pub trait Inbox {
    /// Durable before it returns. Needs no ownership.
    async fn post(&self, message: NewMessage) -> Result<InboxKey, StoreError>;

    /// At most `limit` messages not yet taken up, from after `after`, oldest first.
    async fn messages(&self, after: InboxKey, limit: u32) -> Result<Vec<Message>, StoreError>;
}

impl Message {
    /// What it goes by where it is passed on to: one that comes twice counts once. The number alone may come again,
    /// after a backup was put back.
    pub fn id(&self) -> String {
        format!("inbox-{}-{}", self.key.0, self.message.at)
    }
}
