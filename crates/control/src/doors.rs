//! What is remembered of everything that starts flows from outside: webhooks, and flows that are open at a path.

use crate::control::Control;
use crate::model::{Deployment, FlowDraft, Running, WebhookAnswer};
use crate::options::Tier;
use crate::records::{self, Kept};
use crate::runs::NewRun;
use crate::webhooks::Webhook;
use crate::{ControlError, OpenInterface, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use weir_base::{Text, Value};
use weir_runs::{FlowRef, RunView};
use weir_store::Scope;

/// A way into one flow from outside.
#[derive(Clone, Debug)]
pub struct Door {
    pub tenant: Text,
    /// What its runs are said to be started by.
    pub cause: Text,
    pub flow: Arc<Kept<FlowDraft>>,
    pub answer: WebhookAnswer,
    /// Milliseconds.
    pub deadline: u64,
    /// What new runs get, where the flow is switched on.
    running: Option<Running>,
}

/// How a door was meant, before its flow was looked for.
pub(crate) struct Plan<'a> {
    pub tenant: &'a Text,
    pub flow: &'a Text,
    pub cause: Text,
    pub answer: WebhookAnswer,
    pub deadline: u64,
}

/// Doors of one sort by what they are found by.
pub(crate) struct Known<T>(RwLock<HashMap<Text, Arc<T>>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

/// Doors as far as they were asked for; forgotten whenever something about them changes. One process owns the data, so
/// nothing else changes it.
#[derive(Default)]
pub(crate) struct Doors {
    pub webhooks: Known<Webhook>,
    pub interfaces: Known<OpenInterface>,
    limits: RwLock<HashMap<Text, Arc<Tier>>>,
    /// Counts changes: what was read before one is not kept after it.
    changes: AtomicU64,
}

/// Doors of one sort kept at the same time.
const KEPT: usize = 10_000;

impl<T> Known<T> {
    pub fn get(&self, name: &str) -> Option<Arc<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn retain(&self, keep: impl Fn(&T) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|_, door| keep(door));
    }
}

impl Doors {
    /// What is read from now on may be kept, unless something changes meanwhile.
    pub fn seen(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    pub fn keep<T>(&self, known: &Known<T>, name: Text, door: &Arc<T>, seen: u64) {
        let mut known = known.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        if self.seen() == seen {
            known.insert(name, door.clone());
        }
    }

    pub fn forget(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.webhooks.retain(|_| false);
        self.interfaces.retain(|_| false);
        self.limits.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// One flow's doors; they are found again when somebody knocks.
    pub fn forget_flow(&self, flow: &str) {
        self.webhooks.retain(|webhook| *webhook.door.flow.id != *flow);
        self.interfaces.retain(|open| *open.door.flow.id != *flow);
    }

    pub fn limits(&self, tenant: &Text) -> Option<Arc<Tier>> {
        self.limits.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    pub fn keep_limits(&self, tenant: &Text, limits: Arc<Tier>) {
        self.limits.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone(), limits);
    }
}

impl Control {
    /// The flow behind a door, and what it runs now; none where the flow is gone.
    pub(crate) async fn open_door(&self, plan: Plan<'_>) -> Result<Option<Door>> {
        let Plan { tenant, flow, cause, answer, deadline } = plan;
        let scope = Scope::Tenant(tenant.clone());
        let Some(flow) = records::find::<FlowDraft>(&*self.documents, &scope, flow).await? else { return Ok(None) };
        let deployment = records::find::<Deployment>(&*self.documents, &scope, &flow.id).await?;
        let running = deployment.and_then(|deployment| deployment.value.running());
        Ok(Some(Door { tenant: tenant.clone(), cause, flow: Arc::new(flow), answer, deadline, running }))
    }

    /// Starts a run; it is on disk when this returns, and over where the door waits for that and it came in time.
    pub async fn knock(&self, door: &Door, input: Value, key: Option<Text>) -> Result<RunView> {
        let Running { hash, runtime } = door
            .running
            .clone()
            .ok_or_else(|| ControlError::state("FLOW_STOPPED", "the flow is stopped; start it, and send this again"))?;
        let patience = (door.answer == WebhookAnswer::Result).then(|| Duration::from_millis(door.deadline));
        let cause = Some(door.cause.clone());
        let new = NewRun { input, idempotency_key: key, cause, patience, runtime, ..NewRun::default() };
        self.begin_run(&door.tenant, &door.flow, FlowRef::Version(hash), new).await
    }
}
