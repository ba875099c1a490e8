use crate::error::store_error;
use crate::open::SqlStore;
use crate::row::{Columns, limit, read_all};
use crate::script::Script;
use async_trait::async_trait;
use weir_store::{Inbox, InboxKey, Message, NewMessage, StoreError};

const DELETE: (&str, usize, &str) = ("DELETE FROM inbox WHERE number IN", 1, "");

pub fn delete(script: &mut Script, done: Vec<InboxKey>) {
    script.add_rows(DELETE, done, |binder, key| {
        binder.value(key.0);
    });
}

#[async_trait]
impl Inbox for SqlStore {
    async fn post(&self, message: NewMessage) -> Result<InboxKey, StoreError> {
        const INSERT: &str = "INSERT INTO inbox (run, kind, payload, at) VALUES ($1, $2, $3, $4) RETURNING number";
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let query = sqlx::query(INSERT).bind(message.run).bind(message.kind).bind(message.payload).bind(message.at);
        let row = query.fetch_one(connection).await.map_err(store_error);
        let key = row.and_then(|row| Columns(&row).get(0));
        writer.end(key).await.map(InboxKey)
    }

    async fn messages(&self, after: InboxKey, most: u32) -> Result<Vec<Message>, StoreError> {
        const READ: &str =
            "SELECT number, run, kind, payload, at FROM inbox WHERE number > $1 ORDER BY number LIMIT $2";
        let query = sqlx::query(READ).bind(after.0).bind(limit(most));
        let rows = query.fetch_all(self.readers()).await.map_err(store_error)?;
        read_all(&rows, message)
    }
}

fn message(row: Columns<'_>) -> Result<Message, StoreError> {
    let message = NewMessage { run: row.text(1)?, kind: row.text(2)?, payload: row.get(3)?, at: row.get(4)? };
    Ok(Message { key: InboxKey(row.get(0)?), message })
}
