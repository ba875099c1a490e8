use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text};
use weir_store::Table;

/// What the holder of a token may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SessionUse {
    /// Be signed in.
    Browser,
    /// Sign in, once.
    SignInLink,
    /// Set a new password, once.
    PasswordReset,
}

/// Something a user holds a token for. Only the token's hash is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub user: Text,
    /// Hash of the token.
    pub token: Text,
    pub usage: SessionUse,
    /// What a page must send along with every change, since cookies are sent by themselves.
    pub csrf: Text,
    /// The tenant it is looking at.
    pub tenant: Text,
    pub expires_at: Micros,
    /// Address and program at sign-in, to tell sessions apart in a list.
    pub from: Text,
    pub agent: Text,
}

impl Record for Session {
    const TABLE: Table = Table::Sessions;
    const WHAT: &'static str = "session";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        self.user.clone()
    }

    fn lookup(&self) -> Option<Text> {
        Some(self.token.clone())
    }
}
