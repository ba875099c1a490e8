//! Every key an organism file may hold, as tables.

use crate::fields::{Field, Shape, field};
use crate::header;

pub(super) const TOOLS: [&str; 8] =
    ["calculate", "fetch", "files", "shell", "search", "keyvalue", "convert", "librarian"];
pub(super) const PROVIDERS: [&str; 5] = ["xai", "anthropic", "openai", "ollama", "scripted"];
pub(super) const STRATEGIES: [&str; 3] = ["failover", "round-robin", "least-loaded"];

const WHO: Shape = Shape::Choice(&["admin", "authenticated", "none"]);
const SCHEDULING: Shape = Shape::Choice(&["breadth-first", "depth-first"]);
const PORT: Shape = Shape::Whole { min: 0, max: 65_535 };
const AMOUNT: Shape = Shape::Whole { min: 1, max: u32::MAX as u64 };
const SECONDS: Shape = Shape::Number { min: 0.0, max: 86_400.0 };

/// Limits and scheduling: allowed both at the top of the file and under `organism`.
pub(super) const LIMITS: [Field; 6] = [
    field("max_concurrent_pipelines", AMOUNT),
    field("max_concurrent_handlers", AMOUNT),
    field("max_concurrent_per_agent", AMOUNT),
    field("max_messages", AMOUNT),
    field("context_slots", AMOUNT),
    field("thread_scheduling", SCHEDULING),
];

pub(super) const TOP: &[Field] = &[
    field("organism", Shape::Section(ORGANISM)),
    field("listeners", Shape::Any),
    field("gateways", Shape::Sections(GATEWAY)),
    field("llm", Shape::Section(LLM)),
    field("tls", Shape::Section(TLS)),
    field("oob", Shape::Section(OOB)),
    field("meta", Shape::Section(META)),
    field("server", Shape::Section(SERVER)),
    field("auth", Shape::Section(AUTH)),
    LIMITS[0],
    LIMITS[1],
    LIMITS[2],
    LIMITS[3],
    LIMITS[4],
    LIMITS[5],
    field("entry", Shape::Text),
    field("description", Shape::Text),
    field("bindings", Shape::Map),
    header::KEYS[0],
    header::KEYS[1],
    header::KEYS[2],
    header::KEYS[3],
    header::KEYS[4],
    header::KEYS[5],
];

pub(super) const ORGANISM: &[Field] = &[
    field("name", Shape::Text),
    field("description", Shape::Text),
    field("entry", Shape::Text),
    field("version", Shape::Text),
    field("port", PORT),
    field("identity", Shape::Text),
    field("tls", Shape::Section(TLS)),
    LIMITS[0],
    LIMITS[1],
    LIMITS[2],
    LIMITS[3],
    LIMITS[4],
    LIMITS[5],
];

const TLS: &[Field] = &[field("cert", Shape::Text), field("key", Shape::Text)];

const OOB: &[Field] = &[
    field("enabled", Shape::Bool),
    field("bind", Shape::Text),
    field("port", PORT),
    field("unix_socket", Shape::Text),
];

const META: &[Field] = &[
    field("enabled", Shape::Bool),
    field("allow_list_capabilities", Shape::Bool),
    field("allow_schema_requests", WHO),
    field("allow_example_requests", WHO),
    field("allow_prompt_requests", WHO),
    field("allow_remote", Shape::Bool),
];

const SERVER: &[Field] = &[field("enabled", Shape::Bool), field("host", Shape::Text), field("port", PORT)];

const AUTH: &[Field] = &[field("enabled", Shape::Bool), field("totp_secret_env", Shape::Text)];

pub(super) const DIRECTORY: &[Field] = &[field("directory", Shape::Text), field("include", Shape::Texts)];

pub(super) const GATEWAY: &[Field] = &[
    field("name", Shape::Text),
    field("remote_url", Shape::Text),
    field("trusted_identity", Shape::Text),
    field("description", Shape::Text),
];

pub(super) const LISTENER: &[Field] = &[
    field("name", Shape::Text),
    field("description", Shape::Text),
    field("agent", Shape::Bool),
    field("tool", Shape::Bool),
    field("gateway", Shape::Bool),
    field("broadcast", Shape::Bool),
    field("handler", Shape::Text),
    field("payload_class", Shape::Text),
    field("payload", Shape::Map),
    field("payload_schema", Shape::Map),
    field("prompt", Shape::Text),
    field("model", Shape::Text),
    field("peers", Shape::Texts),
    field("allowed_tools", Shape::Texts),
    field("blocked_tools", Shape::Texts),
    field("temperature", Shape::Number { min: 0.0, max: 2.0 }),
    field("max_tokens", AMOUNT),
    field("options", Shape::Map),
    field("limits", Shape::Section(AGENT_LIMITS)),
    field("output_schema", Shape::Map),
    field("verbose", Shape::Bool),
    field("confirm_actions", Shape::Bool),
    field("metadata", Shape::Map),
];

const AGENT_LIMITS: &[Field] = &[
    field("turns", AMOUNT),
    field("tokens", Shape::Whole { min: 1, max: u64::MAX }),
    field("micros", Shape::Whole { min: 1, max: u64::MAX }),
];

pub(super) const LLM: &[Field] = &[
    field("strategy", Shape::Choice(&STRATEGIES)),
    field("retries", Shape::Whole { min: 0, max: 1_000 }),
    field("retry_base_delay", SECONDS),
    field("retry_max_delay", SECONDS),
    field("backends", Shape::Sections(BACKEND)),
];

const BACKEND: &[Field] = &[
    field("provider", Shape::Text),
    field("api_key_env", Shape::Text),
    field("priority", Shape::Whole { min: 0, max: 1_000_000 }),
    field("rate_limit_tpm", Shape::Whole { min: 1, max: u64::MAX }),
    field("max_concurrent", AMOUNT),
    field("base_url", Shape::Text),
    field("supported_models", Shape::Texts),
];
