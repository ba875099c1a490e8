use super::{FlowMemory, Home, MemoryFault, Wanted, deleted, tier_message};
use crate::caller::Caller;
use crate::control::Control;
use crate::model::{MemoryEntry, MemorySize};
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use std::sync::Arc;
use weir_base::{Text, Value};
use weir_store::{Change, Table};

/// What a flow remembers, in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryState {
    /// Whether the flow, as it is edited, remembers.
    pub enabled: bool,
    pub bytes: u64,
    pub entries: u64,
    /// The flow's own limit in bytes, where it remembers.
    pub limit: Option<u64>,
    /// What all flows together remember, and may.
    pub used: u64,
    pub allowed: Option<u64>,
}

impl From<MemoryFault> for ControlError {
    fn from(fault: MemoryFault) -> Self {
        match fault {
            MemoryFault::Control(error) => error,
            MemoryFault::Port(error) => ControlError::invalid("MEMORY_REJECTED", error.to_string()),
            MemoryFault::Full(message) => ControlError::invalid("MEMORY_FULL", message),
            MemoryFault::Tier { allowed, all } => {
                ControlError::Limit { code: "MEMORY_FULL", message: tier_message(allowed, all), limit: allowed }
            }
        }
    }
}

impl Control {
    pub fn memory(&self) -> &Arc<FlowMemory> {
        &self.memory
    }

    async fn memory_of(&self, caller: &Caller, flow: &str) -> Result<Home> {
        let flow = self.flow(caller, flow).await?;
        Ok(Home { tenant: caller.tenant.clone(), flow: flow.id, draft: true })
    }

    pub async fn memory_state(&self, caller: &Caller, flow: &str) -> Result<MemoryState> {
        let draft = self.flow(caller, flow).await?.value;
        let declared = self.validate(&draft.files, &draft.bindings).flow.and_then(|flow| flow.settings.memory);
        let home = self.memory_of(caller, flow).await?;
        let size = self.memory.size(&home).await?.map(|size| size.value).unwrap_or_default();
        let MemorySize { bytes, entries } = size;
        Ok(MemoryState {
            enabled: declared.is_some(),
            bytes,
            entries,
            limit: declared.map(weir_ir::Memory::bytes),
            used: self.memory.used(&caller.tenant).await?,
            allowed: self.memory.allowed(&caller.tenant).await?,
        })
    }

    pub async fn memory_entries(
        &self,
        caller: &Caller,
        flow: &str,
        page: &PageOf,
    ) -> Result<Listed<Kept<MemoryEntry>>> {
        let home = self.memory_of(caller, flow).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&home.flow), page).await
    }

    pub async fn memory_entry(&self, caller: &Caller, flow: &str, key: &str) -> Result<Kept<MemoryEntry>> {
        let home = self.memory_of(caller, flow).await?;
        self.memory.entry(&home, key).await?.ok_or(ControlError::not_found("entry"))
    }

    /// Sets an entry, whatever runs do with it. A flow that does not remember is given nothing to remember.
    pub async fn set_memory(
        &self,
        caller: &Caller,
        flow: &str,
        key: &str,
        value: Value,
        expected: Option<u64>,
    ) -> Result<Kept<MemoryEntry>> {
        let draft = self.flow(caller, flow).await?.value;
        let declared = self.validate(&draft.files, &draft.bindings).flow.and_then(|flow| flow.settings.memory);
        let Some(declared) = declared else {
            let message = "this flow remembers nothing: write `memory: {}` into its `settings`";
            return Err(ControlError::state("MEMORY_NOT_ENABLED", message));
        };
        let key = crate::names_of::check_text("a key", key, 200)?;
        let home = self.memory_of(caller, flow).await?;
        let turn = self.memory.turn(&home.tenant);
        let mine = turn.lock().await;
        let old = self.memory.entry(&home, &key).await?;
        let before = old.as_ref().map(audited).unwrap_or_default();
        let wanted = Wanted { key: &key, value: Some(value), expected, limit: declared.bytes(), mark: None };
        self.memory.write(&home, old, wanted).await?;
        let kept = self.memory.entry(&home, &key).await?.ok_or(ControlError::not_found("entry"))?;
        drop(mine);
        self.note_change(caller, "memory.changed", &home.flow, before, audited(&kept)).await;
        Ok(kept)
    }

    pub async fn forget_memory(&self, caller: &Caller, flow: &str, key: &str, expected: Option<u64>) -> Result<()> {
        let home = self.memory_of(caller, flow).await?;
        let turn = self.memory.turn(&home.tenant);
        let mine = turn.lock().await;
        let old = self.memory.entry(&home, key).await?.ok_or(ControlError::not_found("entry"))?;
        let (key, before) = (old.value.key.clone(), audited(&old));
        self.memory.write(&home, Some(old), Wanted { key: &key, value: None, expected, limit: 0, mark: None }).await?;
        drop(mine);
        self.note_change(caller, "memory.deleted", &home.flow, before, serde_json::Value::Null).await;
        Ok(())
    }

    /// Takes away everything a flow remembers. What its open runs have done already is not done again.
    pub async fn clear_memory(&self, caller: &Caller, flow: &str) -> Result<()> {
        let home = self.memory_of(caller, flow).await?;
        let turn = self.memory.turn(&home.tenant);
        let mine = turn.lock().await;
        let size = self.memory.size(&home).await?;
        let mut steps = vec![Change::DeleteUnder {
            table: Table::Memories,
            tenant: home.tenant.clone(),
            parent: home.flow.clone(),
        }];
        steps.extend(size.iter().map(|size| deleted(size, None)));
        self.memory.commit(&home, steps).await?;
        drop(mine);
        self.note(caller, "memory.cleared", &home.flow, serde_json::Value::Null).await;
        Ok(())
    }

    /// What goes with a flow that is deleted.
    pub(crate) async fn memory_size(&self, caller: &Caller, flow: &Text) -> Result<Option<Kept<MemorySize>>> {
        let home = Home { tenant: caller.tenant.clone(), flow: flow.clone(), draft: true };
        self.memory.size(&home).await
    }

    /// A tier without memory refuses a flow that wants to remember when it is switched on, not in the middle of a run.
    pub(crate) async fn check_memory(&self, tenant: &Text, flow: &weir_ir::Flow) -> Result<()> {
        if flow.settings.memory.is_none() || self.memory.allowed(tenant).await? != Some(0) {
            return Ok(());
        }
        let message =
            "the tier has no memory that outlives runs: change the tier, or take `memory` out of the flow's `settings`";
        Err(ControlError::Limit { code: "MEMORY_FULL", message: message.to_owned(), limit: 0 })
    }
}

/// An entry as the audit log has it, which keeps what is about a flow under the flow's id.
fn audited(entry: &Kept<MemoryEntry>) -> serde_json::Value {
    let mut shown = crate::audit::shown_value(&entry.value.value.clone().into(), entry.revision);
    shown["key"] = serde_json::Value::from(&*entry.value.key);
    shown
}
