//! A new master key: everything that is sealed is wrapped under it, so that the old one can go.

use crate::model::{DeletedFlow, OutboxLetter, Secret, Trigger, TriggerSpec, User};
use crate::records::{self, Kept, Record};
use crate::{Ambient, ControlError, Result};
use weir_base::Text;
use weir_store::{Change, DocumentFilter, Documents, Scope};
use weir_vault::envelope::{self, Context, Sealed};
use weir_vault::keyring::Keyring;

/// What a rotation of the master key came to, in sealed values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    pub rewrapped: u64,
    pub already: u64,
}

/// A record with sealed values in it.
trait Holds: Record {
    /// Each with the id it is sealed for; `id` is the record's own.
    fn sealed(&mut self, id: &Text) -> Vec<(Text, &mut Text)>;

    /// Which rows of its table are such records.
    fn listed() -> DocumentFilter {
        DocumentFilter::default()
    }

    /// The name beside the id they are sealed for.
    fn sealed_for(kept: &Kept<Self>) -> Text {
        kept.tenant.clone()
    }

    /// Told once all of them are under this key.
    fn now_under(&mut self, _key: &str) {}
}

impl Holds for Secret {
    fn sealed(&mut self, id: &Text) -> Vec<(Text, &mut Text)> {
        vec![(id.clone(), &mut self.sealed)]
    }

    fn now_under(&mut self, key: &str) {
        self.key = key.into();
    }
}

impl Holds for Trigger {
    fn sealed(&mut self, id: &Text) -> Vec<(Text, &mut Text)> {
        match &mut self.spec {
            TriggerSpec::Webhook { token, .. } => vec![(id.clone(), token)],
            _ => Vec::new(),
        }
    }
}

/// Its triggers are as they were, and come back so.
impl Holds for DeletedFlow {
    fn sealed(&mut self, _: &Text) -> Vec<(Text, &mut Text)> {
        self.triggers.iter_mut().flat_map(|(id, trigger)| trigger.sealed(id)).collect()
    }

    fn listed() -> DocumentFilter {
        records::under(&Self::PARENT.into())
    }
}

impl Holds for User {
    fn sealed(&mut self, id: &Text) -> Vec<(Text, &mut Text)> {
        self.totp.iter_mut().chain(&mut self.totp_offered).map(|text| (id.clone(), text)).collect()
    }

    fn sealed_for(_: &Kept<Self>) -> Text {
        "".into()
    }
}

impl Holds for OutboxLetter {
    fn sealed(&mut self, id: &Text) -> Vec<(Text, &mut Text)> {
        vec![(id.clone(), &mut self.sealed)]
    }

    fn sealed_for(_: &Kept<Self>) -> Text {
        crate::outbox::SEALED_FOR.into()
    }
}

/// Wraps every secret, webhook token (those of deleted flows, too), authenticator's key and waiting letter under the keyring's current key.
///
/// Nothing else may change the data meanwhile. It can be stopped and begun again at any time: until it is over, both
/// keys are needed.
pub async fn rotate(documents: &dyn Documents, keyring: &Keyring, ambient: &dyn Ambient) -> Result<Rotated> {
    let rotation = Rotation { documents, keyring, ambient };
    let mut rotated = Rotated::default();
    rotation.rotate_all::<Secret>(&mut rotated).await?;
    rotation.rotate_all::<Trigger>(&mut rotated).await?;
    rotation.rotate_all::<DeletedFlow>(&mut rotated).await?;
    rotation.rotate_all::<User>(&mut rotated).await?;
    rotation.rotate_all::<OutboxLetter>(&mut rotated).await?;
    Ok(rotated)
}

struct Rotation<'a> {
    documents: &'a dyn Documents,
    keyring: &'a Keyring,
    ambient: &'a dyn Ambient,
}

impl Rotation<'_> {
    async fn rotate_all<T: Holds>(&self, rotated: &mut Rotated) -> Result<()> {
        let all: Vec<Kept<T>> = records::all(self.documents, &Scope::System, &T::listed()).await?;
        for old in all {
            let (name, expected) = (T::sealed_for(&old), Some(old.revision));
            let mut new = old;
            let count = self.rewrap(&mut new, &name, rotated)?;
            if count > 0 {
                new.value.now_under(self.keyring.current());
                let scope = if new.tenant.is_empty() { Scope::System } else { Scope::Tenant(new.tenant.clone()) };
                let step = Change::Replace { table: T::TABLE, document: new.document(), expected };
                self.documents.change(&scope, vec![step]).await?;
            }
            rotated.rewrapped += count;
        }
        Ok(())
    }

    /// Wraps the values of one record anew; how many had to be. What they hold stays the same, and so does the revision.
    fn rewrap<T: Holds>(&self, kept: &mut Kept<T>, name: &str, rotated: &mut Rotated) -> Result<u64> {
        let (own, mut count) = (kept.id.clone(), 0);
        let damaged = |error: envelope::Error| ControlError::Unavailable(format!("the {} `{own}`: {error}", T::WHAT));
        for (id, text) in kept.value.sealed(&own) {
            let sealed = Sealed::parse(text).map_err(damaged)?;
            if !sealed.is_outdated(self.keyring) {
                rotated.already += 1;
                continue;
            }
            let context = Context { tenant: name, secret: &id };
            let mut random = |bytes: &mut [u8]| self.ambient.fill(bytes);
            let sealed = envelope::rewrap(self.keyring, context, &sealed, &mut random).map_err(damaged)?;
            *text = sealed.to_string().into();
            count += 1;
        }
        Ok(count)
    }
}
