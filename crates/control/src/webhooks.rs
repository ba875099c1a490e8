use crate::control::Control;
use crate::doors::{Door, Plan};
use crate::model::{Trigger, TriggerSpec};
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use std::sync::Arc;
use weir_base::Text;
use weir_store::Scope;
use weir_vault::token::{self, Purpose};

/// An unknown token, one of another flow, and one that is switched off give the same answer.
const UNKNOWN: ControlError = ControlError::NotFound { what: "webhook" };

/// What answers at one token.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub door: Door,
    /// The scheme of the signature, and the name of the secret it is made with.
    pub signature: Option<(Text, Text)>,
}

impl Control {
    /// What answers at this token of this flow.
    pub async fn webhook(&self, flow: &str, text: &str) -> Result<Arc<Webhook>> {
        let hash: Text = token::read(Purpose::Webhook, text).map_err(|_| UNKNOWN)?.to_string().into();
        match self.doors.webhooks.get(&hash).filter(|webhook| *webhook.door.flow.id == *flow) {
            Some(webhook) => Ok(webhook),
            None => self.read_webhook(flow, &hash).await,
        }
    }

    /// A token of another flow costs what an unknown one does.
    async fn read_webhook(&self, flow: &str, hash: &Text) -> Result<Arc<Webhook>> {
        let seen = self.doors.seen();
        let trigger = records::look_up::<Trigger>(&*self.documents, &Scope::System, hash).await?;
        let fits = |trigger: &Kept<Trigger>| trigger.value.enabled && *trigger.value.flow == *flow;
        let trigger = trigger.filter(fits).ok_or(UNKNOWN)?;
        let TriggerSpec::Webhook { answer, deadline, signature, secret, .. } = trigger.value.spec else {
            return Err(UNKNOWN);
        };
        let cause = crate::runs::cause("webhook", &trigger.id);
        let plan = Plan { tenant: &trigger.tenant, flow: &trigger.value.flow, cause, answer, deadline };
        let door = self.open_door(plan).await?.ok_or(UNKNOWN)?;
        let webhook = Arc::new(Webhook { door, signature: signature.zip(secret) });
        self.doors.keep(&self.doors.webhooks, hash.clone(), &webhook, seen);
        Ok(webhook)
    }

    /// The secret a webhook's signatures are made with.
    pub async fn webhook_secret(&self, door: &Door, name: &str) -> Result<Text> {
        let found = self.secret_value(&door.tenant, &door.flow.value.project, name).await?;
        found.ok_or_else(|| {
            ControlError::Unavailable(format!("the secret `{name}` of this webhook's signature does not exist"))
        })
    }
}
