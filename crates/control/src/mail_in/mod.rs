//! Triggers that are fired by letters: mailboxes are looked into, and each letter that nobody has read starts one run.
//!
//! The run's id is made of the trigger, the mailbox's UIDVALIDITY and the letter's UID, so a letter cannot start two. How
//! far a mailbox was read is kept after the runs are on disk; so is what is wrong with it, for whoever looks at the
//! trigger. `parse.rs` makes the input of a letter.

mod parse;

use crate::control::Control;
use crate::model::{
    Deployment, EmailSpec, FiredRun, FlowDraft, MailTls, MailboxMark, Running, SkippedRun, Trigger, TriggerSpec,
    TriggerState,
};
use crate::names_of::check_name;
use crate::records::{self, Kept};
use crate::runs::NewRun;
use crate::{ControlError, Result, Timer};
use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use std::collections::HashMap;
use std::future::Future;
use weir_base::{Micros, Text};
use weir_runs::FlowRef;
use weir_store::{Change, DocumentFilter, Scope, Table};
use weir_vault::Secret;

/// The largest letter that is read, in bytes; what is larger is passed over, and told of.
pub const LARGEST_LETTER: u32 = 8 << 20;
/// How many letters are taken with one look.
const MOST: usize = 50;
const MAILBOXES_AT_ONCE: usize = 8;
const SHORTEST: u64 = 10_000;
const LONGEST: u64 = 24 * 3_600_000;
/// How often it is looked for triggers that are due.
const LOOK: Micros = 5_000_000;

/// A mailbox, and how to get in.
#[derive(Clone, Debug)]
pub struct Mailbox {
    pub host: Text,
    pub port: u16,
    pub tls: MailTls,
    pub user: Text,
    pub password: Secret,
    pub folder: Text,
}

/// A letter that nobody has read.
pub struct NewLetter {
    pub uid: u32,
    /// The whole of it; none where it is larger than [`LARGEST_LETTER`].
    pub raw: Option<Vec<u8>>,
}

pub struct NewLetters {
    pub validity: u32,
    /// The lowest UID first.
    pub letters: Vec<NewLetter>,
}

/// Why a mailbox cannot be read: a code with a page, and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxError {
    pub code: &'static str,
    pub message: String,
}

/// Where mailboxes are.
#[async_trait]
pub trait Mailboxes: Send + Sync {
    /// Letters that are unread and were not taken before, at most so many.
    async fn unread(&self, at: &Mailbox, after: Option<MailboxMark>, most: usize) -> Result<NewLetters, MailboxError>;

    /// Marks letters as read. Where it does not work, the mark alone says that they were taken.
    async fn read(&self, at: &Mailbox, uids: &[u32]) -> Result<(), MailboxError>;
}

/// Checks the settings of a trigger as they come in. Whether the mailbox is there turns out when it is looked into.
pub(crate) fn check_email_trigger(spec: EmailSpec) -> Result<EmailSpec> {
    let wrong = |message: &str| Err(ControlError::invalid("EMAIL_TRIGGER_INVALID", message));
    let plain = |text: &str| !text.is_empty() && text.len() <= 250 && !text.chars().any(char::is_control);
    let host = |c: char| c.is_ascii_alphanumeric() || "-.:_".contains(c);
    if !plain(&spec.host) || !spec.host.chars().all(host) {
        return wrong("host: the name or address of a mail server");
    }
    if spec.port == 0 {
        return wrong("port: 1 to 65535; 993 as a rule");
    }
    if !plain(&spec.user) || !plain(&spec.folder) {
        return wrong("user and folder: 1 to 250 characters");
    }
    if !(SHORTEST..=LONGEST).contains(&spec.every) {
        return wrong("every: from 10s to 24h");
    }
    check_name(&spec.password_secret)?;
    Ok(spec)
}

/// What is due, and what was due when.
#[derive(Default)]
pub(crate) struct Due(HashMap<Text, Micros>);

impl Control {
    /// Looks into mailboxes until `stop`.
    pub async fn run_mailboxes(&self, mailboxes: &dyn Mailboxes, timer: &dyn Timer, stop: impl Future<Output = ()>) {
        let forever = async {
            loop {
                if let Err(error) = self.look_into_mailboxes(mailboxes).await {
                    tracing::warn!("mailboxes are not looked into: {error}");
                }
                timer.until(self.now().saturating_add(LOOK)).await;
            }
        };
        tokio::select! {
            () = forever => {}
            () = stop => {}
        }
    }

    /// Looks once into every mailbox that is due.
    pub async fn look_into_mailboxes(&self, mailboxes: &dyn Mailboxes) -> Result<()> {
        let filter = DocumentFilter { label: Some("email".into()), ..DocumentFilter::default() };
        let mut all: Vec<Kept<Trigger>> = records::all(&*self.documents, &Scope::System, &filter).await?;
        all.retain(|trigger| trigger.value.enabled && self.is_mailbox_due(trigger));
        let looked = stream::iter(all).map(|trigger| async move {
            if let Err(error) = self.look_into(&trigger, mailboxes).await {
                tracing::warn!(trigger = &*trigger.id, "a mailbox is not looked into: {error}");
            }
        });
        looked.buffer_unordered(MAILBOXES_AT_ONCE).collect::<Vec<()>>().await;
        Ok(())
    }

    /// Notes the look that begins now.
    fn is_mailbox_due(&self, trigger: &Kept<Trigger>) -> bool {
        let TriggerSpec::Email(spec) = &trigger.value.spec else { return false };
        let now = self.now();
        let mut due = self.mailboxes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let next = now.saturating_add(i64::try_from(spec.every).unwrap_or(i64::MAX).saturating_mul(1_000));
        // One that is due later than it can be was noted before the clock was put back.
        let is_due = due.0.get(&trigger.id).is_none_or(|at| *at <= now || *at > next);
        if is_due {
            due.0.insert(trigger.id.clone(), next);
        }
        is_due
    }

    async fn look_into(&self, trigger: &Kept<Trigger>, mailboxes: &dyn Mailboxes) -> Result<()> {
        let TriggerSpec::Email(spec) = &trigger.value.spec else { return Ok(()) };
        let scope = Scope::Tenant(trigger.tenant.clone());
        let deployment = records::find::<Deployment>(&*self.documents, &scope, &trigger.value.flow).await?;
        // While the flow is stopped, letters wait where they are.
        let Some(running) = deployment.and_then(|deployment| deployment.value.running()) else { return Ok(()) };
        let flow = records::get::<FlowDraft>(&*self.documents, &scope, &trigger.value.flow).await?;
        let kept = records::find::<TriggerState>(&*self.documents, &scope, &trigger.id).await?;
        let old = kept.as_ref().map(|kept| kept.value.clone()).unwrap_or_default();
        let mut state = TriggerState { skipped: None, ..old.clone() };
        if let Err(error) = self.take_letters(trigger, spec, &flow, &running, mailboxes, &mut state).await {
            let (at, count) = (self.now(), 1);
            let (code, message) = (error.code.into(), error.message.into());
            let same = |skipped: &SkippedRun| skipped.code == code && skipped.message == message;
            state.skipped = match old.skipped.clone().filter(same) {
                Some(known) => Some(known),
                None => Some(SkippedRun { at, count, code, message }),
            };
        }
        if state == old {
            return Ok(());
        }
        let now = self.now();
        let new = Kept {
            tenant: trigger.tenant.clone(),
            id: trigger.id.clone(),
            revision: kept.as_ref().map_or(1, |kept| kept.revision + 1),
            created_at: kept.as_ref().map_or(now, |kept| kept.created_at),
            updated_at: now,
            value: state,
        };
        let (table, document) = (Table::TriggerStates, new.document());
        let step = match kept {
            Some(_) => Change::Replace { table, document, expected: None },
            None => Change::Insert(table, document),
        };
        Ok(self.documents.change(&scope, vec![step]).await?)
    }

    async fn take_letters(
        &self,
        trigger: &Kept<Trigger>,
        spec: &EmailSpec,
        flow: &Kept<FlowDraft>,
        running: &Running,
        mailboxes: &dyn Mailboxes,
        state: &mut TriggerState,
    ) -> Result<(), MailboxError> {
        let mailbox = self.mailbox(&trigger.tenant, &flow.value.project, spec).await?;
        let found = mailboxes.unread(&mailbox, state.mailbox, MOST).await?;
        let (mut taken, mut result) = (Vec::new(), Ok(()));
        for letter in found.letters {
            let mark = MailboxMark { validity: found.validity, uid: letter.uid };
            let Some(raw) = letter.raw else {
                let message = format!("a letter is larger than {LARGEST_LETTER} bytes and was passed over");
                result = Err(MailboxError { code: "LETTER_TOO_LARGE", message });
                state.mailbox = Some(mark);
                continue;
            };
            let run: Text = format!("mail-{}-{}-{}", trigger.id, mark.validity, mark.uid).into();
            if let Err(error) = self.start_by_letter(trigger, flow, running, &run, &raw).await {
                result = Err(told(error));
                break;
            }
            state.mailbox = Some(mark);
            state.fired = Some(FiredRun { at: self.now(), run });
            taken.push(letter.uid);
        }
        if !taken.is_empty()
            && let Err(error) = mailboxes.read(&mailbox, &taken).await
        {
            tracing::info!(trigger = &*trigger.id, "letters stay unread in the mailbox: {}", error.message);
        }
        result
    }

    async fn mailbox(&self, tenant: &Text, project: &Text, spec: &EmailSpec) -> Result<Mailbox, MailboxError> {
        let password = self.secret_value(tenant, project, &spec.password_secret).await.map_err(told)?;
        let password = password.ok_or_else(|| MailboxError {
            code: "SECRET_UNKNOWN",
            message: format!("the project has no secret `{}`, which is to hold the password", spec.password_secret),
        })?;
        Ok(Mailbox {
            host: spec.host.clone(),
            port: spec.port,
            tls: spec.tls,
            user: spec.user.clone(),
            password: Secret::new(password.as_bytes()),
            folder: spec.folder.clone(),
        })
    }

    /// On disk when this returns, once for ever.
    async fn start_by_letter(
        &self,
        trigger: &Kept<Trigger>,
        flow: &Kept<FlowDraft>,
        running: &Running,
        run: &Text,
        raw: &[u8],
    ) -> Result<()> {
        if self.store.run(run).await?.is_some() {
            return Ok(());
        }
        let cause = Some(crate::runs::cause("email", &trigger.id));
        let Running { hash, runtime } = running.clone();
        let new = NewRun { input: parse::input(raw), run: Some(run.clone()), cause, runtime, ..NewRun::default() };
        self.begin_run(&flow.tenant, flow, FlowRef::Version(hash), new).await.map(drop)
    }
}

fn told(error: ControlError) -> MailboxError {
    let message = error.to_string();
    let code = match error {
        ControlError::Refused { code, .. }
        | ControlError::Elsewhere { code, .. }
        | ControlError::State { code, .. }
        | ControlError::Invalid { code, .. }
        | ControlError::Limit { code, .. } => code,
        ControlError::TooMany { .. } => "TOO_MANY_REQUESTS",
        _ => "UNAVAILABLE",
    };
    MailboxError { code, message }
}
