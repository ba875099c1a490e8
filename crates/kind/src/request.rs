use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use weir_base::{Duration, Micros, Text, Value};

/// One attempt of one step.
#[derive(Clone, Debug)]
pub struct TaskRequest {
    pub run: Text,
    pub path: Text,
    pub kind: Text,
    /// May hold sealed values; the host opens them.
    pub params: Value,
    /// `run/path`: the same for every attempt, so that the other side can tell a repetition.
    pub key: String,
    /// From 1.
    pub attempt: u32,
    pub timeout: Duration,
    /// When the attempt began.
    pub now: Micros,
    pub flow: Arc<FlowContext>,
}

impl TaskRequest {
    /// Per attempt, where nothing else is said.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

    /// A first attempt with the default timeout.
    pub fn new(run: &str, path: &str, kind: &str, params: Value, now: Micros, flow: Arc<FlowContext>) -> Self {
        let (run, path, kind): (Text, Text, Text) = (run.into(), path.into(), kind.into());
        let key = format!("{run}/{path}");
        Self { run, path, kind, params, key, attempt: 1, timeout: Self::DEFAULT_TIMEOUT, now, flow }
    }
}

/// What holds for every step of a flow: made once per flow version and project, then shared.
#[derive(Clone, Debug, Default)]
pub struct FlowContext {
    pub tenant: Text,
    pub project: Text,
    pub service: Text,
    /// The flow's name.
    pub flow: Text,
    pub egress: EgressPolicy,
    /// The one folder file kinds may touch, absolute; none where absent.
    pub files: Option<PathBuf>,
    pub models: Option<ModelSettings>,
    /// What the flow may remember beyond its runs; nothing where absent.
    pub memory: Option<MemoryLimit>,
    /// Stands in for outside services in tests and examples, such as `{model: [replies]}`.
    pub test_data: Value,
}

/// How much a flow may remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    /// Keys and values as JSON, all entries together.
    pub bytes: u64,
}

/// Where a flow may connect to. What is in no list is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    /// Hosts written literally in the flow's own steps, as `host` or `host:port`.
    pub hosts: Vec<String>,
    /// Host names, `*.example.com` patterns or `*`, with an optional `:port`.
    pub allow: Vec<String>,
    /// Private, loopback and link-local places that may be reached all the same, as `host` or `host:port`.
    pub private: Vec<String>,
}

/// Which model backends a flow may use and how one is chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
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
    /// By priority; the next one when one fails.
    #[default]
    Failover,
    RoundRobin,
    /// The one with the fewest calls open.
    LeastLoaded,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Backend {
    /// `scripted`, `openai`, `anthropic`, `xai`, `ollama` or another name with a base URL.
    pub provider: Text,
    pub base_url: Option<Text>,
    /// The secret that holds the key, by name.
    pub api_key: Option<Text>,
    /// Lower is preferred.
    pub priority: i32,
    /// Tokens per minute.
    pub rate_limit_tpm: Option<u64>,
    pub max_concurrent: Option<u32>,
    /// Every model where empty; the first is the default.
    pub models: Vec<Text>,
}
