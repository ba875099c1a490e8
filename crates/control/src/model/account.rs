use crate::permissions::Role;
use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text};
use weir_store::Table;

/// A person. What they may do is said by their memberships.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// In lower case.
    pub email: Text,
    pub name: Text,
    /// Argon2id in PHC form; none where they sign in elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Text>,
    /// The sealed key of their authenticator, once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<Text>,
    /// A key that is not confirmed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_offered: Option<Text>,
    /// The last time step that was accepted: no code counts twice.
    #[serde(default)]
    pub totp_step: u64,
    /// Hashes of codes that stand in for the authenticator, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<Text>,
    #[serde(default)]
    pub disabled: bool,
}

impl Record for User {
    const TABLE: Table = Table::Users;
    const WHAT: &'static str = "user";

    fn lookup(&self) -> Option<Text> {
        Some(self.email.clone())
    }

    fn shown(&self) -> serde_json::Value {
        serde_json::json!({"email": self.email, "name": self.name, "totp": self.totp.is_some(), "disabled": self.disabled})
    }
}

/// A user's account at a sign-in provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub user: Text,
    pub provider: Text,
    /// The user's id there.
    pub subject: Text,
    /// The account was made for it and is kept in step with it.
    #[serde(default)]
    pub made: bool,
    /// It was deleted there; it opens nothing any more, and does not come back.
    #[serde(default)]
    pub gone: bool,
    /// Of when the newest state is that was told, and the events that told lately.
    #[serde(default)]
    pub seen: Micros,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Text>,
}

impl Identity {
    pub fn new(user: &Text, provider: &Text, subject: &Text) -> Self {
        let (user, provider, subject) = (user.clone(), provider.clone(), subject.clone());
        Self { user, provider, subject, made: false, gone: false, seen: 0, events: Vec::new() }
    }

    pub fn lookup_of(provider: &str, subject: &str) -> Text {
        format!("{provider}|{subject}").into()
    }
}

impl Record for Identity {
    const TABLE: Table = Table::Identities;
    const WHAT: &'static str = "identity";

    fn parent(&self) -> Text {
        self.user.clone()
    }

    fn lookup(&self) -> Option<Text> {
        Some(Self::lookup_of(&self.provider, &self.subject))
    }
}

/// A user's place in a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub user: Text,
    pub email: Text,
    pub role: Role,
}

impl Record for Member {
    const TABLE: Table = Table::Members;
    const WHAT: &'static str = "member";

    fn name(&self) -> Text {
        self.user.clone()
    }

    fn label(&self) -> Text {
        self.role.as_str().into()
    }
}

/// An offer of membership to whoever holds its token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub email: Text,
    pub role: Role,
    pub invited_by: Text,
    pub expires_at: Micros,
    /// Hash of the token that was sent.
    pub token: Text,
}

impl Record for Invitation {
    const TABLE: Table = Table::Invitations;
    const WHAT: &'static str = "invitation";

    fn name(&self) -> Text {
        self.email.clone()
    }

    fn lookup(&self) -> Option<Text> {
        Some(self.token.clone())
    }

    fn shown(&self) -> serde_json::Value {
        serde_json::json!({"email": self.email, "role": self.role, "expiresAt": self.expires_at})
    }
}
