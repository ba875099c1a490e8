//! Whether somebody who was let in may still be there: for what goes on long after the door, such as a stream of events.

use crate::Result;
use crate::accounts::SIGN_IN;
use crate::caller::{Actor, Caller};
use crate::control::Control;
use crate::model::{ApiKey, Session};
use crate::permissions::Permission;
use crate::records::{self, Kept};
use tokio::sync::watch;
use weir_base::{Micros, Text};
use weir_store::{Change, Scope, Table};

/// Counts the changes of this process that may have taken access from somebody.
pub(crate) struct Access(watch::Sender<u64>);

impl Default for Access {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

impl Access {
    pub fn changed(&self) {
        self.0.send_modify(|count| *count += 1);
    }
}

/// Whether somebody may have less access after this step.
pub(crate) fn takes_access(step: &Change) -> bool {
    let (Change::Replace { table, .. } | Change::Delete { table, .. } | Change::DeleteUnder { table, .. }) = step
    else {
        return false;
    };
    matches!(table, Table::Users | Table::Sessions | Table::Members | Table::ApiKeys)
}

impl Control {
    /// Told whenever a key, session, member or user was changed or removed by this process; then ask
    /// [`Control::still_may`]. What other processes do and what the clock ends is not told.
    pub fn access_changes(&self) -> watch::Receiver<u64> {
        self.access.0.subscribe()
    }

    /// Looks a caller up again, with the session where there is one. When this access ends by itself, if it does.
    ///
    /// # Errors
    /// `Unauthenticated` where the key, session, user or membership is gone; `Forbidden` where the role has become too
    /// small for the permission.
    pub async fn still_may(
        &self,
        caller: &Caller,
        session: Option<&Text>,
        permission: Permission,
    ) -> Result<Option<Micros>> {
        let (role, until) = match (&caller.actor, session) {
            (Actor::System(_), _) => (caller.role, None),
            (Actor::Key { id, .. }, _) => {
                let key = self.key_still(caller, id).await?;
                (self.role_by(&key).await?, key.value.expires_at)
            }
            (Actor::User { id, .. }, session) => {
                let until = self.session_still(id, session.ok_or(SIGN_IN)?).await?;
                let user = self.user(id).await?;
                (self.role_of(&caller.tenant, &user.id).await?.ok_or(SIGN_IN)?, Some(until))
            }
        };
        match until.is_some_and(|at| at <= self.now()) {
            true => Err(SIGN_IN),
            false => Caller { role, ..caller.clone() }.must(permission).map(|()| until),
        }
    }

    async fn key_still(&self, caller: &Caller, id: &str) -> Result<Kept<ApiKey>> {
        records::find(&*self.documents, &caller.scope(), id).await?.ok_or(SIGN_IN)
    }

    async fn session_still(&self, user: &Text, id: &str) -> Result<Micros> {
        let session = records::find::<Session>(&*self.documents, &Scope::System, id).await?;
        let own = session.filter(|session| session.value.user == *user).ok_or(SIGN_IN)?;
        Ok(own.value.expires_at)
    }
}
