use crate::model::WebhookAnswer;
use crate::records::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::{Micros, Text};
use weir_store::Table;

/// What a project lets others use: a flow that is open at a path, or variables that other projects may read and write.
/// What no interface names is closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    pub project: Text,
    /// Ends the path it is open at, and is what other projects call it.
    pub name: Text,
    #[serde(default)]
    pub description: Text,
    #[serde(default = "yes")]
    pub enabled: bool,
    pub spec: InterfaceSpec,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum InterfaceSpec {
    Flow(Box<OpenFlow>),
    Variables(OpenVariables),
}

/// A flow that is open at a path, and who is let in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenFlow {
    /// The flow's id.
    pub flow: Text,
    pub methods: Vec<HttpMethod>,
    pub auth: InterfaceAuth,
    #[serde(default)]
    pub answer: WebhookAnswer,
    /// How long a result is waited for, in milliseconds.
    pub deadline: u64,
    /// JSON Schema of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<serde_json::Value>,
    /// JSON Schema of the query: an object of texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<serde_json::Value>,
    /// JSON Schema of what is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<serde_json::Value>,
    /// Requests a minute, all callers together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Requests a minute of each caller: a key, the subject of a token, or an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_rate: Option<u32>,
    /// The largest body, in bytes, where the server's own limit is not smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_body: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl HttpMethod {
    pub fn as_str(self) -> &'static str {
        match self {
            HttpMethod::Get => "GET",
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
            HttpMethod::Patch => "PATCH",
            HttpMethod::Delete => "DELETE",
        }
    }
}

/// Who is let in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum InterfaceAuth {
    /// Everybody.
    None,
    /// Whoever brings one of the interface's own keys.
    Key {
        #[serde(default)]
        keys: Vec<InterfaceKey>,
    },
    /// Whoever brings a token that somebody else has signed.
    Jwt(TokenRule),
}

impl InterfaceAuth {
    pub fn sort(&self) -> &'static str {
        match self {
            InterfaceAuth::None => "none",
            InterfaceAuth::Key { .. } => "key",
            InterfaceAuth::Jwt(_) => "jwt",
        }
    }
}

/// A key of one interface. Its text was shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceKey {
    pub id: Text,
    pub name: Text,
    /// The hash of its text.
    pub hash: Text,
    pub created_at: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Micros>,
}

/// What a token has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRule {
    /// Where the issuer's public keys are.
    pub jwks_url: Text,
    pub issuer: Text,
    pub audience: Text,
    /// Claims the token must have. A claim that is a list, or words with spaces between them as in `scope`, has to
    /// hold the text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<Text, Text>,
}

/// Variables that other projects of the organisation may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenVariables {
    /// Of this service; of the project itself where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Text>,
    /// Names that may be read.
    #[serde(default)]
    pub read: Vec<Text>,
    /// Names that may be written.
    #[serde(default)]
    pub write: Vec<Text>,
    /// Who may; nobody where empty.
    #[serde(default)]
    pub allow: Vec<AccessRule>,
}

/// Somebody who may use an interface: a project, or only one service or one flow of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessRule {
    pub project: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Text>,
    /// A flow's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Text>,
    /// Reading alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

fn yes() -> bool {
    true
}

impl InterfaceSpec {
    pub fn sort(&self) -> &'static str {
        match self {
            InterfaceSpec::Flow(_) => "flow",
            InterfaceSpec::Variables(_) => "variables",
        }
    }

    /// Its keys, where it is opened by keys.
    pub fn keys(&self) -> &[InterfaceKey] {
        match self {
            InterfaceSpec::Flow(open) => match &open.auth {
                InterfaceAuth::Key { keys } => keys,
                _ => &[],
            },
            InterfaceSpec::Variables(_) => &[],
        }
    }
}

impl Record for Interface {
    const TABLE: Table = Table::Interfaces;
    const WHAT: &'static str = "interface";

    fn parent(&self) -> Text {
        self.project.clone()
    }

    fn name(&self) -> Text {
        self.name.clone()
    }

    /// The flow's id, so that what opens a flow is found by it.
    fn label(&self) -> Text {
        match &self.spec {
            InterfaceSpec::Flow(open) => open.flow.clone(),
            InterfaceSpec::Variables(_) => "".into(),
        }
    }

    /// Without the hashes of its keys.
    fn shown(&self) -> serde_json::Value {
        let mut shown = serde_json::to_value(self).unwrap_or_default();
        let keys = shown.pointer_mut("/spec/auth/keys").and_then(|keys| keys.as_array_mut());
        for key in keys.into_iter().flatten().filter_map(|key| key.as_object_mut()) {
            key.remove("hash");
        }
        shown
    }
}
