use crate::caller::Caller;
use crate::control::Control;
use crate::model::ApiKey;
use crate::names_of::check_text;
use crate::permissions::{Permission, Role};
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use weir_base::Micros;
use weir_store::DocumentFilter;
use weir_vault::api_key;

/// A key to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewKey {
    pub name: String,
    /// A key of nobody, for programs of the whole tenant.
    pub service: bool,
    pub role: Option<Role>,
    pub scopes: Option<Vec<Permission>>,
    pub expires_at: Option<Micros>,
}

/// A key that was made. Its text is shown once.
pub struct NewlyMade {
    pub key: Kept<ApiKey>,
    pub text: String,
}

impl Control {
    /// One's own keys; with the permission for it, everybody's.
    pub async fn keys(&self, caller: &Caller, page: &PageOf) -> Result<Listed<Kept<ApiKey>>> {
        let parent = match caller.may(Permission::KeysWrite) {
            true => None,
            false => Some(caller.actor.user().cloned().ok_or(ControlError::not_found("key"))?),
        };
        let filter = DocumentFilter { parent, ..DocumentFilter::default() };
        records::list(&*self.documents, &caller.scope(), &filter, page).await
    }

    pub async fn create_key(&self, caller: &Caller, new: NewKey) -> Result<NewlyMade> {
        let user = match new.service {
            true => {
                caller.must(Permission::KeysWrite)?;
                None
            }
            false => {
                let nobody =
                    || ControlError::state("NO_USER", "a key of nobody has no keys of its own; make a service key");
                Some(caller.actor.user().cloned().ok_or_else(nobody)?)
            }
        };
        let role = new.role.unwrap_or(caller.role);
        if role > caller.role || new.scopes.iter().flatten().any(|scope| !caller.may(*scope)) {
            return Err(ControlError::invalid("KEY_TOO_STRONG", "a key may not do more than whoever makes it"));
        }
        let scopes = new.scopes.or_else(|| caller.scopes.clone());
        if new.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(ControlError::invalid("KEY_EXPIRED", "the key would have expired already"));
        }
        let issued = api_key::issue(&mut self.random());
        let key = ApiKey {
            name: check_text("a name", &new.name, 200)?,
            prefix: issued.prefix.as_str().into(),
            hash: issued.hash.to_string().into(),
            user,
            role,
            scopes,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        let mut changes = self.changes(caller);
        let key = changes.insert(key);
        changes.commit().await?;
        Ok(NewlyMade { key, text: issued.key.text().unwrap_or_default().to_owned() })
    }

    pub async fn revoke_key(&self, caller: &Caller, id: &str) -> Result<()> {
        let key = records::get::<ApiKey>(&*self.documents, &caller.scope(), id).await?;
        let own = key.value.user.is_some() && key.value.user.as_ref() == caller.actor.user();
        if !own && !caller.may(Permission::KeysWrite) {
            return Err(ControlError::not_found("key"));
        }
        let mut changes = self.changes(caller);
        changes.delete(&key, None);
        changes.commit().await
    }
}
