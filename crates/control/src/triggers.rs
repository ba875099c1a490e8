use crate::caller::Caller;
use crate::changes::Changes;
use crate::control::Control;
use crate::model::{EmailSpec, FlowDraft, Trigger, TriggerSpec, TriggerState, WebhookAnswer};
use crate::names_of::check_name;
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_engine::Status;
use weir_vault::envelope::{self, Context, Sealed};
use weir_vault::token::{self, Purpose};

/// What a trigger does, without the token a webhook is found by: as it is asked for, and as a bundle has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum NewTrigger {
    Webhook {
        #[serde(default)]
        answer: WebhookAnswer,
        /// How long a result is waited for, in milliseconds; the usual time for none.
        #[serde(default)]
        deadline: Option<u64>,
        #[serde(default)]
        signature: Option<Text>,
        #[serde(default)]
        secret: Option<Text>,
    },
    Schedule {
        schedule: serde_json::Value,
        #[serde(default)]
        input: serde_json::Value,
    },
    Event {
        flow: Text,
        #[serde(default)]
        on: Vec<Text>,
        #[serde(default)]
        allow_self: bool,
    },
    Email(EmailSpec),
}

impl NewTrigger {
    /// The name of the flow whose ends start runs.
    pub(crate) fn cause(&self) -> Option<&Text> {
        match self {
            NewTrigger::Event { flow, .. } => Some(flow),
            _ => None,
        }
    }

    /// The flow whose ends start those of the flow `own` is of the same project, and not `own` unless that is meant.
    pub(crate) fn check_cause(&self, own: &Text, is_there: bool) -> Result<()> {
        let NewTrigger::Event { flow, on, allow_self } = self else { return Ok(()) };
        let wrong = |message: String| Err(ControlError::invalid("EVENT_INVALID", message));
        if let Some(status) = on.iter().find(|status| !Status::parse(status).is_some_and(Status::is_final)) {
            let status = crate::error::quoted(status);
            return wrong(format!("on: {status} is no end; there are succeeded, failed, cancelled and timed_out"));
        }
        if flow == own && !allow_self {
            let message = "flow: a flow that starts itself when it ends never ends; with `allowSelf` it may";
            return wrong(message.to_owned());
        }
        match is_there {
            true => Ok(()),
            false => wrong(format!("flow: there is no flow {} in this project", crate::error::quoted(flow))),
        }
    }
}

impl From<TriggerSpec> for NewTrigger {
    fn from(spec: TriggerSpec) -> Self {
        match spec {
            TriggerSpec::Webhook { answer, deadline, signature, secret, .. } => {
                NewTrigger::Webhook { answer, deadline: Some(deadline), signature, secret }
            }
            TriggerSpec::Schedule { schedule, input } => NewTrigger::Schedule { schedule, input },
            TriggerSpec::Event { flow, on, allow_self } => NewTrigger::Event { flow, on, allow_self },
            TriggerSpec::Email(spec) => NewTrigger::Email(spec),
        }
    }
}

const SIGNATURES: [&str; 4] = ["standard", "stripe", "github", "slack"];
/// Milliseconds a webhook waits for a result where nothing is said.
pub(crate) const USUAL_DEADLINE: u64 = 30_000;
/// Half an hour.
pub(crate) const LONGEST_DEADLINE: u64 = 30 * 60 * 1_000;

/// Milliseconds whoever fires may be kept waiting.
pub(crate) fn check_deadline(deadline: u64) -> Result<u64> {
    if (1..=LONGEST_DEADLINE).contains(&deadline) {
        return Ok(deadline);
    }
    let message = format!("deadline: {deadline} is not within 1 and {LONGEST_DEADLINE} milliseconds (half an hour)");
    Err(ControlError::invalid("DEADLINE_INVALID", message))
}

impl Control {
    pub async fn triggers(&self, caller: &Caller, flow: &str, page: &PageOf) -> Result<Listed<Kept<Trigger>>> {
        let flow = self.flow(caller, flow).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&flow.id), page).await
    }

    pub async fn trigger(&self, caller: &Caller, flow: &str, id: &str) -> Result<Kept<Trigger>> {
        let flow = self.flow(caller, flow).await?;
        let trigger = records::get::<Trigger>(&*self.documents, &caller.scope(), id).await?;
        if trigger.value.flow == flow.id { Ok(trigger) } else { Err(ControlError::not_found("trigger")) }
    }

    pub async fn create_trigger(
        &self,
        caller: &Caller,
        flow: &str,
        name: &str,
        new: NewTrigger,
    ) -> Result<Kept<Trigger>> {
        let flow = self.flow(caller, flow).await?;
        let id = self.new_id();
        let spec = self.checked_spec(caller, &flow, &id, new).await?;
        let trigger = Trigger { flow: flow.id.clone(), name: check_name(name)?, enabled: true, from: self.now(), spec };
        let mut changes = self.changes(caller);
        let kept = changes.insert_trigger(id, trigger);
        changes.commit().await?;
        Ok(kept)
    }

    async fn checked_spec(
        &self,
        caller: &Caller,
        flow: &Kept<FlowDraft>,
        id: &Text,
        new: NewTrigger,
    ) -> Result<TriggerSpec> {
        let is_there = match new.cause() {
            Some(cause) => self.flow_named(&caller.tenant, &flow.value.project, cause).await?.is_some(),
            None => true,
        };
        new.check_cause(&flow.value.name, is_there)?;
        self.spec_of(caller, id, new)
    }

    /// What is kept of it; a webhook gets a token. That there is a flow whose ends are waited for, the caller has seen.
    pub(crate) fn spec_of(&self, caller: &Caller, id: &Text, new: NewTrigger) -> Result<TriggerSpec> {
        Ok(match new {
            NewTrigger::Webhook { answer, deadline, signature, secret } => {
                check_signature(signature.as_deref(), secret.as_deref())?;
                let (token, hash) = self.new_token(caller, id)?;
                let deadline = check_deadline(deadline.unwrap_or(USUAL_DEADLINE))?;
                TriggerSpec::Webhook { token, hash, answer, deadline, signature, secret }
            }
            NewTrigger::Schedule { schedule, input } => {
                crate::automatic::check_schedule(&schedule, &input)?;
                TriggerSpec::Schedule { schedule, input }
            }
            NewTrigger::Event { flow, on, allow_self } => TriggerSpec::Event { flow, on, allow_self },
            NewTrigger::Email(spec) => TriggerSpec::Email(crate::mail_in::check_email_trigger(spec)?),
        })
    }

    /// A new token, sealed, and its hash.
    pub(crate) fn new_token(&self, caller: &Caller, id: &Text) -> Result<(Text, Text)> {
        let issued = token::issue(Purpose::Webhook, &mut self.random());
        let context = Context { tenant: &caller.tenant, secret: id };
        let sealed = envelope::seal(&self.keyring, context, issued.token.bytes(), &mut self.random())
            .map_err(|error| ControlError::Unavailable(error.to_string()))?;
        Ok((sealed.to_string().into(), issued.hash.to_string().into()))
    }

    /// The address of a webhook, for those who may change it.
    pub fn webhook_url(&self, trigger: &Kept<Trigger>) -> Option<String> {
        let TriggerSpec::Webhook { token, .. } = &trigger.value.spec else { return None };
        let sealed = Sealed::parse(token).ok()?;
        let context = Context { tenant: &trigger.tenant, secret: &trigger.id };
        let token = envelope::open(&self.keyring, context, &sealed).ok()?;
        let (base, flow) = (&self.options.public_url, &trigger.value.flow);
        Some(format!("{base}/api/triggers/{flow}/webhook/{}", token.text()?))
    }

    /// Gives a webhook a new token; the old one opens nothing any more.
    pub async fn rotate_token(&self, caller: &Caller, flow: &str, id: &str) -> Result<Kept<Trigger>> {
        let old = self.trigger(caller, flow, id).await?;
        let TriggerSpec::Webhook { answer, deadline, signature, secret, .. } = old.value.spec.clone() else {
            return Err(ControlError::state("NO_WEBHOOK", "only a webhook has a token"));
        };
        let (token, hash) = self.new_token(caller, &old.id)?;
        let spec = TriggerSpec::Webhook { token, hash, answer, deadline, signature, secret };
        self.replace_trigger(caller, &old, Trigger { spec, ..old.value.clone() }, None).await
    }

    /// Changes what a trigger does; a webhook keeps its token.
    pub async fn change_trigger(
        &self,
        caller: &Caller,
        flow: &str,
        id: &str,
        enabled: Option<bool>,
        new: Option<NewTrigger>,
        expected: Option<u64>,
    ) -> Result<Kept<Trigger>> {
        let old = self.trigger(caller, flow, id).await?;
        let flow = self.flow(caller, flow).await?;
        let spec = match new {
            None => old.value.spec.clone(),
            Some(new) => same_sort(&old.value.spec, self.checked_spec(caller, &flow, &old.id, new).await?)?,
        };
        let enabled = enabled.unwrap_or(old.value.enabled);
        let anew = (enabled && !old.value.enabled) || spec != old.value.spec;
        let from = if anew { self.now() } else { old.value.from };
        self.replace_trigger(caller, &old, Trigger { enabled, from, spec, ..old.value.clone() }, expected).await
    }

    async fn replace_trigger(
        &self,
        caller: &Caller,
        old: &Kept<Trigger>,
        value: Trigger,
        expected: Option<u64>,
    ) -> Result<Kept<Trigger>> {
        let mut changes = self.changes(caller);
        let kept = changes.replace(old, value, Some(expected.unwrap_or(old.revision)));
        changes.commit().await?;
        Ok(kept)
    }

    pub async fn delete_trigger(&self, caller: &Caller, flow: &str, id: &str, expected: Option<u64>) -> Result<()> {
        let old = self.trigger(caller, flow, id).await?;
        let state = records::find::<TriggerState>(&*self.documents, &caller.scope(), id).await?;
        let mut changes = self.changes(caller);
        changes.delete(&old, expected);
        state.iter().for_each(|state| changes.delete(state, None));
        changes.commit().await
    }
}

impl Changes<'_> {
    /// Adds a trigger, and how far it has come where it fires by itself.
    pub(crate) fn insert_trigger(&mut self, id: Text, trigger: Trigger) -> Kept<Trigger> {
        self.insert_trigger_at(id, trigger, TriggerState::default())
    }

    /// One that has come as far as `state` says; nothing that was due before it is there is made up for.
    pub(crate) fn insert_trigger_at(&mut self, id: Text, trigger: Trigger, state: TriggerState) -> Kept<Trigger> {
        let last = trigger.from;
        let alone = !matches!(trigger.spec, TriggerSpec::Webhook { .. });
        let kept = self.insert_as(id.clone(), trigger);
        if alone {
            self.insert_as(id, TriggerState { last, ..state });
        }
        kept
    }
}

fn check_signature(signature: Option<&str>, secret: Option<&str>) -> Result<()> {
    match (signature, secret) {
        (None, None) => Ok(()),
        (Some(scheme), Some(_)) if SIGNATURES.contains(&scheme) => Ok(()),
        (Some(scheme), Some(_)) => Err(ControlError::invalid(
            "INVALID_SIGNATURE_SCHEME",
            format!("{} is no scheme; there are {}", crate::error::quoted(scheme), SIGNATURES.join(", ")),
        )),
        _ => Err(ControlError::invalid(
            "INVALID_SIGNATURE_SCHEME",
            "a signature needs a `scheme` and the name of a `secret`",
        )),
    }
}

/// The new settings with the old token.
fn same_sort(old: &TriggerSpec, new: TriggerSpec) -> Result<TriggerSpec> {
    match (old, new) {
        (
            TriggerSpec::Webhook { token, hash, .. },
            TriggerSpec::Webhook { answer, deadline, signature, secret, .. },
        ) => {
            let (token, hash) = (token.clone(), hash.clone());
            Ok(TriggerSpec::Webhook { token, hash, answer, deadline, signature, secret })
        }
        (old, new) if old.sort() == new.sort() => Ok(new),
        (old, _) => {
            let message = format!("a {} cannot become another sort of trigger; make a new one", old.sort());
            Err(ControlError::state("TRIGGER_SORT", message))
        }
    }
}
