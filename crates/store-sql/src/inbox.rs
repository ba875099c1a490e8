use crate::database::{Database, Sql, Work};
use crate::row::{Cells, Columns, read_all};
use crate::statement::{Statement, limit};
use async_trait::async_trait;
use weir_store::{Inbox, InboxKey, Message, NewMessage, Scope, StoreError};

#[async_trait]
impl<D: Database> Inbox for Sql<D> {
    /// One at a time: who reads follows the numbers, so none may appear below one that was read.
    async fn post(&self, message: NewMessage) -> Result<InboxKey, StoreError> {
        let mut work = self.db.begin(&Scope::System).await?;
        let key = post::<D>(&mut work, message).await;
        work.end(key).await
    }

    async fn messages(&self, after: InboxKey, most: u32) -> Result<Vec<Message>, StoreError> {
        const READ: &str =
            "SELECT number, run, kind, payload, at FROM inbox WHERE number > $1 ORDER BY number LIMIT $2";
        let rows = self.read(Statement::fixed(READ).with(after.0).with(limit(most))).await?;
        read_all(&rows, read)
    }
}

async fn post<D: Database>(work: &mut D::Work, message: NewMessage) -> Result<InboxKey, StoreError> {
    const INSERT: &str = "INSERT INTO inbox (run, kind, payload, at) VALUES ($1, $2, $3, $4) RETURNING number";
    work.keep_out(vec!["inbox".to_owned()]).await?;
    let insert = Statement::fixed(INSERT).with(message.run).with(message.kind).with(message.payload).with(message.at);
    let rows = work.fetch(insert).await.map_err(D::error)?;
    let number = rows.first().map_or(Err(crate::row::corrupt("no number")), |row| Columns(row).number(0))?;
    Ok(InboxKey(number))
}

fn read<R: Cells>(row: Columns<'_, R>) -> Result<Message, StoreError> {
    let message = NewMessage { run: row.text(1)?, kind: row.text(2)?, payload: row.string(3)?, at: row.number(4)? };
    Ok(Message { key: InboxKey(row.number(0)?), message })
}
