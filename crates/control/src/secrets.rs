use crate::caller::Caller;
use crate::control::Control;
use crate::model::Secret;
use crate::names_of::{check_name, check_text};
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use std::sync::Arc;
use weir_base::Text;
use weir_store::Documents;
use weir_vault::envelope::{self, Context, Sealed};
use weir_vault::keyring::Keyring;

/// Gives out the values of secrets, for requests that leave now. Only a runtime has one.
pub struct SecretVault {
    pub documents: Arc<dyn Documents>,
    pub keyring: Arc<Keyring>,
}

impl SecretVault {
    pub async fn value(&self, tenant: &str, project: &str, name: &str) -> Result<Option<Text>> {
        let Some(kept) = records::named::<Secret>(&*self.documents, tenant, project, name).await? else {
            return Ok(None);
        };
        let damaged = |error: envelope::Error| ControlError::Unavailable(format!("the secret `{name}`: {error}"));
        let sealed = Sealed::parse(&kept.value.sealed).map_err(damaged)?;
        let context = Context { tenant: &kept.tenant, secret: &kept.id };
        let value = envelope::open(&self.keyring, context, &sealed).map_err(damaged)?;
        Ok(value.text().map(Text::from))
    }
}

impl Control {
    pub async fn secrets(&self, caller: &Caller, project: &str, page: &PageOf) -> Result<Listed<Kept<Secret>>> {
        let project = self.project(caller, project).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&project.value.name), page).await
    }

    pub async fn secret(&self, caller: &Caller, project: &str, name: &str) -> Result<Kept<Secret>> {
        let found = records::named(&*self.documents, &caller.tenant, project, name).await?;
        found.ok_or(ControlError::not_found("secret"))
    }

    /// Sets a secret's value; it is never given out again.
    pub async fn set_secret(
        &self,
        caller: &Caller,
        project: &str,
        name: &str,
        value: &str,
        description: Option<&str>,
        expected: Option<u64>,
    ) -> Result<Kept<Secret>> {
        let project = self.project(caller, project).await?.value.name;
        let name = check_name(name)?;
        if value.is_empty() {
            return Err(ControlError::invalid("SECRET_EMPTY", "a secret has a value; delete it to have none"));
        }
        let old = records::named::<Secret>(&*self.documents, &caller.tenant, &project, &name).await?;
        if let (None, Some(seen)) = (&old, expected) {
            // What somebody has seen is gone: it is not made anew behind the back of who took it away.
            return Err(ControlError::Conflict { seen, current: 0, now: Box::default() });
        }
        let id = old.as_ref().map_or_else(|| self.new_id(), |old| old.id.clone());
        let context = Context { tenant: &caller.tenant, secret: &id };
        let sealed = envelope::seal(&self.keyring, context, value.as_bytes(), &mut self.random());
        let sealed = sealed.map_err(|error| ControlError::invalid("SECRET_REFUSED", error.to_string()))?;
        let before = old.as_ref().map(|old| old.value.description.clone()).unwrap_or_default();
        let description = description.map_or(Ok(before), |text| check_text("a description", text, 1_000))?;
        let key = sealed.key_id().into();
        let secret = Secret { project, name, description, sealed: sealed.to_string().into(), key };
        let mut changes = self.changes(caller);
        let kept = match &old {
            Some(old) => changes.replace(old, secret, expected),
            None => changes.insert_as(id, secret),
        };
        changes.commit().await?;
        Ok(kept)
    }

    pub async fn delete_secret(&self, caller: &Caller, project: &str, name: &str, expected: Option<u64>) -> Result<()> {
        let old = self.secret(caller, project, name).await?;
        let mut changes = self.changes(caller);
        changes.delete(&old, expected);
        changes.commit().await
    }

    pub(crate) async fn secret_value(&self, tenant: &str, project: &str, name: &str) -> Result<Option<Text>> {
        let vault = SecretVault { documents: self.documents.clone(), keyring: self.keyring.clone() };
        vault.value(tenant, project, name).await
    }
}
