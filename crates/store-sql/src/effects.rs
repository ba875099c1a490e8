use crate::error::store_error;
use crate::open::SqlStore;
use crate::row::read_all;
use crate::script::Script;
use async_trait::async_trait;
use weir_store::{Effect, Effects, RunKey, StoreError};

const INSERT: (&str, usize, &str) = (
    "INSERT INTO effects (rid, seq, ordinal) SELECT * FROM",
    3,
    "WHERE column1 IS NOT NULL ON CONFLICT (rid, seq, ordinal) DO NOTHING",
);

pub fn insert(script: &mut Script, effects: Vec<Effect>) {
    script.add_rows(INSERT, effects, |binder, effect| {
        binder.value(effect.run.0).value(effect.seq as i64).value(i64::from(effect.ordinal));
    });
}

#[async_trait]
impl Effects for SqlStore {
    async fn effects(&self, run: RunKey, from: u64) -> Result<Vec<Effect>, StoreError> {
        const READ: &str = "SELECT seq, ordinal FROM effects WHERE rid = $1 AND seq >= $2 ORDER BY seq, ordinal";
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let rows = sqlx::query(READ).bind(run.0).bind(from).fetch_all(self.readers()).await.map_err(store_error)?;
        read_all(&rows, |row| Ok(Effect { run, seq: row.count(0)?, ordinal: row.small(1)? }))
    }
}
