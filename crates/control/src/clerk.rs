use crate::caller::Caller;
use crate::changes::Changes;
use crate::control::Control;
use crate::elsewhere::short;
use crate::members::new_user;
use crate::model::{Identity, Member, Session, User};
use crate::names_of::check_email;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use serde::Deserialize;
use weir_base::{Micros, Text};
use weir_store::{DocumentFilter, Scope};
use weir_vault::Secret;

/// Under which name Clerk's accounts are kept. A sign-in provider of this id opens them.
const CLERK: &str = "clerk";
/// Events that are remembered of an account; those older than the state that was seen change nothing anyway.
const REMEMBERED: usize = 32;
/// Two events of one person may arrive at the same time.
const TRIES: usize = 5;

/// What an event came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synced {
    Made,
    Changed,
    /// It was seen before, or something newer was.
    Old,
    /// It is not about anything that is kept in step, and the word says why.
    Ignored(&'static str),
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    sort: String,
    /// Milliseconds.
    timestamp: Option<i64>,
    data: serde_json::Value,
}

/// A person as Clerk describes them, as far as it is used.
#[derive(Deserialize)]
struct Person {
    id: Text,
    #[serde(default)]
    email_addresses: Vec<Address>,
    primary_email_address_id: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(default)]
    banned: bool,
    /// Milliseconds.
    updated_at: i64,
}

#[derive(Deserialize)]
struct Address {
    id: String,
    email_address: String,
    verification: Option<Verification>,
}

#[derive(Deserialize)]
struct Verification {
    status: String,
}

#[derive(Deserialize)]
struct Deleted {
    id: Text,
}

impl Person {
    /// The primary address, if Clerk has verified it.
    fn email(&self) -> Option<Text> {
        let primary = self.primary_email_address_id.as_deref();
        let address = self.email_addresses.iter().find(|address| Some(&*address.id) == primary)?;
        let verified = address.verification.as_ref().is_some_and(|verification| verification.status == "verified");
        check_email(&address.email_address).ok().filter(|_| verified)
    }

    fn name(&self) -> Text {
        let parts = [self.first_name.as_deref(), self.last_name.as_deref()];
        short(&parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
    }
}

impl Control {
    /// What Clerk signs its events with, where it is configured.
    pub fn clerk_secret(&self) -> Option<&Secret> {
        self.options.clerk_secret.as_ref()
    }

    /// Brings accounts in step with what Clerk tells. Events come more than once, and in any order.
    pub async fn clerk_event(&self, event: &str, body: &[u8]) -> Result<Synced> {
        let read: Event = serde_json::from_slice(body).map_err(invalid)?;
        for _ in 1..TRIES {
            match self.take_event(&event.into(), &read).await {
                Err(ControlError::Conflict { .. } | ControlError::State { code: "NAME_TAKEN", .. }) => {}
                taken => return taken,
            }
        }
        self.take_event(&event.into(), &read).await
    }

    async fn take_event(&self, event: &Text, read: &Event) -> Result<Synced> {
        match read.sort.as_str() {
            "user.created" | "user.updated" => {
                let person = Person::deserialize(&read.data).map_err(invalid)?;
                self.clerk_person(event, &person).await
            }
            "user.deleted" => {
                let deleted = Deleted::deserialize(&read.data).map_err(invalid)?;
                let at = read.timestamp.map_or(self.now(), |millis| millis.saturating_mul(1_000));
                self.clerk_deleted(event, &deleted.id, at).await
            }
            _ => Ok(Synced::Ignored("another sort of event")),
        }
    }

    async fn clerk_person(&self, event: &Text, person: &Person) -> Result<Synced> {
        let at: Micros = person.updated_at.saturating_mul(1_000);
        let Some(known) = self.identity(CLERK, &person.id).await? else {
            return self.clerk_new(event, person, at).await;
        };
        if known.value.gone || at <= known.value.seen || known.value.events.contains(event) {
            return Ok(Synced::Old);
        }
        let caller = Caller::system("", CLERK);
        let mut changes = self.changes_in(&caller, "".into());
        changes.replace(&known, seen(&known.value, event, at), Some(known.revision));
        if known.value.made {
            self.update(&mut changes, &known.value.user, person).await?;
        }
        changes.commit().await?;
        Ok(Synced::Changed)
    }

    /// Brings an account that was made for Clerk in step. An address that somebody else has here stays theirs.
    async fn update(&self, changes: &mut Changes<'_>, user: &Text, person: &Person) -> Result<()> {
        let Some(user) = records::find::<User>(&*self.documents, &Scope::System, user).await? else { return Ok(()) };
        let mut value = User { name: person.name(), disabled: person.banned, ..user.value.clone() };
        if let Some(email) = person.email().filter(|email| *email != value.email) {
            match self.user_by_email(&email).await? {
                None => value.email = email,
                Some(_) => tracing::warn!(person = &*person.id, "Clerk gives an address that another account has"),
            }
        }
        if value == user.value {
            return Ok(());
        }
        if value.email != user.value.email {
            let filter = DocumentFilter { name: Some(user.id.clone()), ..DocumentFilter::default() };
            let members: Vec<Kept<Member>> = records::all(&*self.documents, &Scope::System, &filter).await?;
            for member in members {
                let renamed = Member { email: value.email.clone(), ..member.value.clone() };
                changes.replace(&member, renamed, Some(member.revision));
            }
        }
        if value.disabled {
            changes.delete_under::<Session>(&user.id);
        }
        changes.replace(&user, value, Some(user.revision));
        Ok(())
    }

    /// Somebody Clerk has not told of before. An account that is here already is touched only if Clerk has verified the
    /// address, and the account has nothing of its own to sign in with.
    async fn clerk_new(&self, event: &Text, person: &Person, at: Micros) -> Result<Synced> {
        let Some(email) = person.email() else { return Ok(Synced::Ignored("no verified address")) };
        let (made, synced) = (self.user_by_email(&email).await?, Synced::Made);
        let identity = |user: &Text, made| {
            let new = Identity { made, ..Identity::new(user, &CLERK.into(), &person.id) };
            seen(&new, event, at)
        };
        if let Some(user) = made {
            if user.value.password.is_some() || user.value.totp.is_some() {
                return Ok(Synced::Ignored("an account with a password has this address"));
            }
            let caller = Caller::system("", CLERK);
            let mut changes = self.changes_in(&caller, "".into());
            changes.insert(identity(&user.id, false));
            changes.commit().await?;
            return Ok(Synced::Changed);
        }
        let caller = Caller::system(self.new_id(), CLERK);
        let mut changes = self.changes(&caller);
        let user = User { disabled: person.banned, ..new_user(&email, person.name(), None) };
        let (user, _) = self.add_tenant(&mut changes, &caller.tenant, "My organisation", Err(user));
        changes.insert_in("".into(), self.new_id(), identity(&user.id, true));
        changes.commit().await?;
        Ok(synced)
    }

    /// An account that was made for Clerk is switched off with all its sessions; another one only loses this way in.
    /// What is deleted stays remembered, so that an event that comes late does not bring it back.
    async fn clerk_deleted(&self, event: &Text, person: &Text, at: Micros) -> Result<Synced> {
        let caller = Caller::system("", CLERK);
        let mut changes = self.changes_in(&caller, "".into());
        let Some(known) = self.identity(CLERK, person).await? else {
            let gone = Identity { gone: true, ..Identity::new(&"".into(), &CLERK.into(), person) };
            changes.insert(seen(&gone, event, at));
            changes.commit().await?;
            return Ok(Synced::Ignored("nobody who was known"));
        };
        if known.value.gone {
            return Ok(Synced::Old);
        }
        let gone = Identity { gone: true, ..seen(&known.value, event, at) };
        changes.replace(&known, gone, Some(known.revision));
        let user = records::find::<User>(&*self.documents, &Scope::System, &known.value.user).await?;
        if let Some(user) = user.filter(|_| known.value.made) {
            changes.replace(&user, User { disabled: true, ..user.value.clone() }, Some(user.revision));
            changes.delete_under::<Session>(&user.id);
        }
        changes.commit().await?;
        Ok(Synced::Changed)
    }
}

fn seen(identity: &Identity, event: &Text, at: Micros) -> Identity {
    let mut events = identity.events.clone();
    events.push(event.clone());
    let forgotten = events.len().saturating_sub(REMEMBERED);
    events.drain(..forgotten);
    Identity { seen: at, events, ..identity.clone() }
}

/// The text of the error could repeat what somebody wrote of themselves.
fn invalid(_: serde_json::Error) -> ControlError {
    ControlError::invalid("CLERK_EVENT_INVALID", "this is no event as Clerk sends it")
}
