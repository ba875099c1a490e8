//! What the control plane keeps, one record a file.

mod account;
mod audit;
mod compilation;
mod deleted_flow;
mod deployment;
mod ending_code;
mod flow;
mod interface;
mod key;
mod memory;
mod outbox;
mod secret;
mod session;
mod tenant;
mod trigger;
mod usage;
mod worker_host;

pub use account::{Identity, Invitation, Member, User};
pub use audit::AuditEntry;
pub use compilation::{Compilation, CompiledFiles};
pub use deleted_flow::DeletedFlow;
pub use deployment::{Deployment, DeploymentState, Running};
pub use ending_code::EndingCode;
pub use flow::{FlowDraft, FlowFile, Release, Revision};
pub use interface::{
    AccessRule, HttpMethod, Interface, InterfaceAuth, InterfaceKey, InterfaceSpec, OpenFlow, OpenVariables, TokenRule,
};
pub use key::ApiKey;
pub use memory::{MemoryEntry, MemoryMark, MemorySize};
pub use outbox::OutboxLetter;
pub use secret::Secret;
pub use session::{Session, SessionUse};
pub use tenant::{Project, ProjectSettings, Service, Tenant};
pub use trigger::{
    EmailSpec, FiredRun, MailTls, MailboxMark, SkippedRun, Trigger, TriggerSpec, TriggerState, WebhookAnswer,
};
pub use usage::Usage;
pub use worker_host::{HostNeeds, HostState, HostedFlow, WorkerHost};
