//! What a store says after a cut, read without waking anything.

use crate::case::Case;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_base::{Micros, Text, Value};
use weir_engine::{EventBody, Status};
use weir_runtime::replay_run;
use weir_store::{InboxKey, PageRequest, RunFilter, Store, StoreError, VariableScope};

#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub runs: BTreeMap<String, RunEvidence>,
    /// Messages nobody has taken up: run and text.
    pub inbox: Vec<(String, String)>,
    pub variables: BTreeMap<Text, Value>,
}

#[derive(Clone, Debug)]
pub struct RunEvidence {
    pub status: Status,
    pub output: Value,
    pub events: Vec<(Micros, EventBody)>,
    /// Of a run that is over.
    pub variables: Value,
}

impl Evidence {
    pub async fn read(store: &Arc<dyn Store>, case: &Case) -> Result<Self, StoreError> {
        let mut runs = BTreeMap::new();
        let page = PageRequest { before: None, limit: 1_000 };
        for row in store.list_runs(&RunFilter::default(), page).await?.items {
            let mut events = Vec::new();
            for record in store.records(row.key, 1, u32::MAX).await? {
                let event = record.decode().map_err(|error| StoreError::Corrupt(error.to_string()))?;
                events.push((event.at, event.body));
            }
            let output = store.run_output(row.key).await?;
            let variables = match row.status.is_final() {
                true => variables(store, &row.id).await?,
                false => Value::Null,
            };
            runs.insert(row.id.to_string(), RunEvidence { status: row.status, output, events, variables });
        }
        let messages = store.messages(InboxKey::default(), 1_000).await?;
        let inbox = messages.into_iter().map(|it| (it.message.run.to_string(), it.message.payload)).collect();
        let scope = VariableScope { tenant: "".into(), project: "local".into(), service: None };
        Ok(Self { runs, inbox, variables: store.variables(&scope, &case.counters).await? })
    }
}

async fn variables(store: &Arc<dyn Store>, run: &str) -> Result<Value, StoreError> {
    let replayed = replay_run(store, run, None).await;
    replayed.map(|view| view.variables).map_err(|error| StoreError::Corrupt(format!("{run}: {error}")))
}
