use crate::permissions::{Permission, Role};
use crate::{ControlError, Result};
use weir_base::Text;
use weir_store::Scope;

/// Who asks, as the audit log names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    User {
        id: Text,
        email: Text,
    },
    /// An API key; `user` where it is somebody's own.
    Key {
        id: Text,
        name: Text,
        user: Option<Text>,
    },
    /// Weir itself: first start, schedules, synchronisation.
    System(&'static str),
}

impl Actor {
    pub fn name(&self) -> Text {
        match self {
            Actor::User { email, .. } => email.clone(),
            Actor::Key { name, .. } => format!("key {name}").into(),
            Actor::System(what) => format!("weir ({what})").into(),
        }
    }

    pub fn user(&self) -> Option<&Text> {
        match self {
            Actor::User { id, .. } => Some(id),
            Actor::Key { user, .. } => user.as_ref(),
            Actor::System(_) => None,
        }
    }
}

/// A request's caller: who, in which tenant, with what rights, from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub tenant: Text,
    pub actor: Actor,
    pub role: Role,
    /// What a key is limited to; nothing more than the role gives.
    pub scopes: Option<Vec<Permission>>,
    /// The client's address.
    pub from: Text,
}

impl Caller {
    /// Weir itself, in a tenant's name.
    pub fn system(tenant: impl Into<Text>, what: &'static str) -> Self {
        let actor = Actor::System(what);
        Self { tenant: tenant.into(), actor, role: Role::Owner, scopes: None, from: "".into() }
    }

    pub fn may(&self, permission: Permission) -> bool {
        let scoped = self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&permission));
        scoped && permission.is_given_to(self.role)
    }

    pub fn must(&self, permission: Permission) -> Result<()> {
        match self.may(permission) {
            true => Ok(()),
            false => Err(ControlError::Forbidden { permission: permission.as_str() }),
        }
    }

    pub fn scope(&self) -> Scope {
        Scope::Tenant(self.tenant.clone())
    }
}
