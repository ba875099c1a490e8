use crate::control::Control;
use crate::model::{Deployment, DeploymentState, FlowDraft, Trigger, TriggerSpec, WebhookAnswer};
use crate::options::Tier;
use crate::records::{self, Kept};
use crate::runs::NewRun;
use crate::{ControlError, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use weir_base::{Text, Value};
use weir_runs::{FlowRef, RunView};
use weir_store::Scope;
use weir_vault::token::{self, Purpose};

/// An unknown token, one of another flow, and one that is switched off give the same answer.
const UNKNOWN: ControlError = ControlError::NotFound { what: "webhook" };

/// What answers at one token.
#[derive(Clone, Debug)]
pub struct Door {
    pub tenant: Text,
    pub flow: Arc<Kept<FlowDraft>>,
    pub answer: WebhookAnswer,
    /// Milliseconds.
    pub deadline: u64,
    /// The scheme of the signature, and the name of the secret it is made with.
    pub signature: Option<(Text, Text)>,
    /// The version new runs get, where the flow is switched on.
    hash: Option<Text>,
}

/// Doors by the hash of their token, as far as they were asked for; forgotten whenever something about them changes.
/// One process owns the data, so nothing else changes it.
#[derive(Default)]
pub(crate) struct Doors {
    known: RwLock<HashMap<Text, Arc<Door>>>,
    limits: RwLock<HashMap<Text, Tier>>,
    /// Counts changes: what was read before one is not kept after it.
    changes: AtomicU64,
}

/// Doors kept at the same time.
const KEPT: usize = 10_000;

impl Doors {
    fn get(&self, hash: &str) -> Option<Arc<Door>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn keep(&self, hash: Text, door: Arc<Door>, seen: u64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        if self.changes.load(Ordering::Acquire) == seen {
            known.insert(hash, door);
        }
    }

    pub fn forget(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.limits.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// One flow's doors; they are found again when somebody knocks.
    pub fn forget_flow(&self, flow: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).retain(|_, door| *door.flow.id != *flow);
    }

    pub fn limits(&self, tenant: &Text) -> Option<Tier> {
        self.limits.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    pub fn keep_limits(&self, tenant: &Text, limits: Tier) {
        self.limits.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone(), limits);
    }
}

impl Control {
    /// What answers at this token of this flow.
    pub async fn door(&self, flow: &str, text: &str) -> Result<Arc<Door>> {
        let hash: Text = token::read(Purpose::Webhook, text).map_err(|_| UNKNOWN)?.to_string().into();
        match self.webhooks.get(&hash).filter(|door| *door.flow.id == *flow) {
            Some(door) => Ok(door),
            None => self.read_door(flow, &hash).await,
        }
    }

    /// A token of another flow costs what an unknown one does.
    async fn read_door(&self, flow: &str, hash: &Text) -> Result<Arc<Door>> {
        let seen = self.webhooks.changes.load(Ordering::Acquire);
        let trigger = records::look_up::<Trigger>(&*self.documents, &Scope::System, hash).await?;
        let fits = |trigger: &Kept<Trigger>| trigger.value.enabled && *trigger.value.flow == *flow;
        let trigger = trigger.filter(fits).ok_or(UNKNOWN)?;
        let TriggerSpec::Webhook { answer, deadline, signature, secret, .. } = trigger.value.spec else {
            return Err(UNKNOWN);
        };
        let scope = Scope::Tenant(trigger.tenant.clone());
        let flow = records::find::<FlowDraft>(&*self.documents, &scope, &trigger.value.flow).await?.ok_or(UNKNOWN)?;
        let deployment = records::find::<Deployment>(&*self.documents, &scope, &flow.id).await?;
        let running = deployment.filter(|deployment| deployment.value.state == DeploymentState::Running);
        let hash_of_version = running.and_then(|deployment| deployment.value.hash);
        let door = Arc::new(Door {
            tenant: trigger.tenant,
            flow: Arc::new(flow),
            answer,
            deadline,
            signature: signature.zip(secret),
            hash: hash_of_version,
        });
        self.webhooks.keep(hash.clone(), door.clone(), seen);
        Ok(door)
    }

    /// The secret a door's signatures are made with.
    pub async fn door_secret(&self, door: &Door, name: &str) -> Result<Text> {
        let found = self.secret_value(&door.tenant, &door.flow.value.project, name).await?;
        found.ok_or_else(|| {
            ControlError::Unavailable(format!("the secret `{name}` of this webhook's signature does not exist"))
        })
    }

    /// Starts a run; it is on disk when this returns.
    pub async fn knock(&self, door: &Door, input: Value, key: Option<Text>) -> Result<RunView> {
        let hash = door
            .hash
            .clone()
            .ok_or_else(|| ControlError::state("FLOW_STOPPED", "the flow is stopped; start it, and send this again"))?;
        let new = NewRun { input, idempotency_key: key, ..NewRun::default() };
        self.begin_run(&door.tenant, &door.flow, FlowRef::Version(hash), new).await
    }
}
