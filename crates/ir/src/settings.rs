use crate::RetryPolicy;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use weir_base::{Duration, Text, Value};
use weir_expr::Expr;

/// What holds for a whole flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// The run's deadline, counted from its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// For tasks that name none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// Per attempt, for tasks that name none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_timeout: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durability: Option<Durability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_queue: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Text>,
    pub mode: FlowMode,
    pub egress: Egress,
    /// The one folder file kinds may touch, relative to where the flow is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<ModelSettings>,
    /// What the flow may remember beyond its runs; nothing where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Settings of the dialect that mean nothing to the engine, kept for printing and other runtimes.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub extra: IndexMap<Text, Value>,
}

/// When a result counts as kept. In every mode the journal order is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// A result is on disk before anything that follows from it starts.
    #[default]
    Sync,
    /// Results reach the disk soon; a crash may lose the last ones, whose steps then run again.
    Async,
    /// Results reach the disk when the run ends or parks.
    Exit,
}

/// A service has no end of its own: it waits, loops or answers for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlowMode {
    #[default]
    Task,
    Service,
}

/// How many runs with the same key may be open at once; later ones wait their turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Concurrency {
    /// Over `input`; one key for the whole flow where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Expr>,
    pub limit: u32,
}

/// Where a flow may connect to, besides hosts written literally in its own steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Egress {
    /// Host names, `*.example.com` patterns, with an optional `:port`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Private, loopback and link-local addresses that may be reached all the same, as `host` or `host:port`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private: Vec<String>,
}

/// How much a flow remembers from one run to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Memory {
    /// Bytes of keys and values, all entries together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl Memory {
    /// Where nothing is said.
    pub const USUAL: u64 = 10 << 20;

    pub fn bytes(self) -> u64 {
        self.limit.unwrap_or(Self::USUAL)
    }
}

/// Which model backends a flow may use and how one is chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ModelSettings {
    pub routing: ModelRouting,
    /// Further attempts after the first, over all backends.
    pub retries: u32,
    pub retry_base_delay: Duration,
    pub retry_max_delay: Duration,
    pub backends: Vec<Backend>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelRouting {
    #[default]
    Failover,
    RoundRobin,
    LeastLoaded,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Backend {
    /// `scripted`, `openai`, `anthropic`, `xai`, `ollama` or another name with a base URL.
    pub provider: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<Text>,
    /// The secret that holds the key, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Text>,
    /// Lower is preferred.
    pub priority: i32,
    /// Tokens per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_tpm: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u32>,
    /// Every model where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Text>,
}
