use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text};
use weir_store::Table;

/// When a webhook is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WebhookAnswer {
    /// As soon as the run is on disk.
    #[default]
    AtOnce,
    /// With the run's result, or after the deadline with its id.
    Result,
    /// With everything that happens, as it happens.
    Stream,
}

/// What lets a flow be started from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TriggerSpec {
    Webhook {
        /// Sealed, for those who may see it; what is looked up is its hash.
        token: Text,
        hash: Text,
        #[serde(default)]
        answer: WebhookAnswer,
        /// How long a result is waited for, in milliseconds.
        #[serde(default = "usual_deadline")]
        deadline: u64,
        /// `standard`, `stripe`, `github` or `slack`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<Text>,
        /// The name of the project's secret the signature is made with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<Text>,
    },
    Schedule {
        /// As `weir-schedule` reads it.
        schedule: serde_json::Value,
        #[serde(default)]
        input: serde_json::Value,
    },
    /// Another flow's end starts this one.
    Event {
        /// Name of the flow, of the same project.
        flow: Text,
        /// `succeeded`, `failed`, `cancelled`, `timed_out`; any end for none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        on: Vec<Text>,
        /// The flow may be this one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        allow_self: bool,
    },
    /// Letters that arrive in a mailbox.
    Email(EmailSpec),
}

/// A mailbox that is looked into, by IMAP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailSpec {
    pub host: Text,
    pub port: u16,
    pub tls: MailTls,
    pub user: Text,
    /// The name of the project's secret with the password.
    pub password_secret: Text,
    pub folder: Text,
    /// Milliseconds from one look to the next.
    pub every: u64,
}

/// How a connection to a mail server is kept private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// From the first byte.
    #[default]
    Tls,
    Starttls,
    /// Not at all: only to hosts the server's operator has named as private.
    None,
}

/// How far a mailbox was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxMark {
    /// The mailbox's UIDVALIDITY; with another one, its numbers begin anew.
    pub validity: u32,
    /// The last letter that was taken.
    pub uid: u32,
}

fn usual_deadline() -> u64 {
    crate::triggers::USUAL_DEADLINE
}

impl TriggerSpec {
    pub fn sort(&self) -> &'static str {
        match self {
            TriggerSpec::Webhook { .. } => "webhook",
            TriggerSpec::Schedule { .. } => "schedule",
            TriggerSpec::Event { .. } => "event",
            TriggerSpec::Email(_) => "email",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    pub flow: Text,
    pub name: Text,
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What was due before is no affair of this trigger: it did not exist, was switched off, or said something else.
    #[serde(default)]
    pub from: Micros,
    pub spec: TriggerSpec,
}

fn yes() -> bool {
    true
}

impl Record for Trigger {
    const TABLE: Table = Table::Triggers;
    const WHAT: &'static str = "trigger";

    fn parent(&self) -> Text {
        self.flow.clone()
    }

    fn name(&self) -> Text {
        self.name.clone()
    }

    fn lookup(&self) -> Option<Text> {
        match &self.spec {
            TriggerSpec::Webhook { hash, .. } => Some(hash.clone()),
            _ => None,
        }
    }

    fn label(&self) -> Text {
        self.spec.sort().into()
    }

    fn shown(&self) -> serde_json::Value {
        let mut shown = serde_json::to_value(self).unwrap_or_default();
        if let Some(spec) = shown.get_mut("spec").and_then(|spec| spec.as_object_mut()) {
            spec.remove("token");
            spec.remove("hash");
        }
        shown
    }
}

/// How far a trigger has come. It has the trigger's id. It is written some time after it has come so far, so that many
/// triggers are written at once; what is started has an id that follows from its cause, and so starts once all the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TriggerState {
    /// The last tick that was fired or passed over.
    pub last: Micros,
    /// The last run it has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<FiredRun>,
    /// What did not start, the last time something did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkippedRun>,
    /// How far a mailbox was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<MailboxMark>,
}

/// A run a trigger has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FiredRun {
    /// The tick, or when the run ended that caused it.
    pub at: Micros,
    pub run: Text,
}

/// Why nothing was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkippedRun {
    /// The newest tick that was skipped, or when the run ended that would have caused it.
    pub at: Micros,
    /// How many ticks were skipped together.
    pub count: u64,
    pub code: Text,
    pub message: Text,
}

impl Record for TriggerState {
    const TABLE: Table = Table::TriggerStates;
    const WHAT: &'static str = "trigger";
    const AUDITED: bool = false;
}
