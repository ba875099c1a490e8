//! The control plane: who may do what in which tenant; flows from draft to version to what is switched on;
//! what starts them, what they may use, and what is written down about it.
//!
//! There is no HTTP here, no database, no runtime, no clock and no random source: all come through ports. It never
//! looks into a journal to decide, and never runs anything itself. Every request names its [`Caller`]; that the caller
//! may is checked where the request comes in, by the one table in `permissions.rs`.
//! Start with `control.rs`, then `records.rs` and `changes.rs`; what is kept is in `model/`.

mod accounts;
mod analytics;
mod audit;
mod automatic;
mod bundle;
mod caller;
mod changes;
mod clerk;
mod compile;
mod complete;
mod control;
mod deployments;
mod elsewhere;
mod error;
mod flows;
mod keys;
mod live;
mod mail_in;
mod measures;
mod members;
pub mod model;
mod names;
mod names_of;
mod options;
mod outbox;
mod passwords;
mod permissions;
mod places;
mod ports;
mod projects;
mod quota;
mod records;
mod releases;
mod rotation;
mod runs;
mod secrets;
mod setup;
mod sleep;
mod throttle;
mod totp;
mod trial;
mod triggers;
mod usage;
mod variables;
mod webhooks;

pub use accounts::{Membership, Origin, SignIn, SignedIn};
pub use analytics::{Analytics, AnalyticsQuery, CLASSES, ErrorFrequency, NodePerformance, Part, Quantiles};
pub use audit::AuditQuery;
pub use automatic::{CalendarQuery, CalendarTick, Timer, TriggerProgress};
pub use bundle::{Bundle, Plan};
pub use caller::{Actor, Caller};
pub use clerk::Synced;
pub use compile::{Compiled, compile};
pub use complete::{Completion, Completions};
pub use control::{Control, Parts};
pub use deployments::FlowStatus;
pub use elsewhere::{Arrived, Begun, Provider, ProviderAt, Returned};
pub use error::{ControlError, Result};
pub use flows::{FlowPatch, FlowQuery, NewFlow};
pub use keys::{NewKey, NewlyMade};
pub use live::{Cursor, Happening, Live, Topic};
pub use mail_in::{LARGEST_LETTER, Mailbox, MailboxError, Mailboxes, NewLetter, NewLetters};
pub use measures::{LimitUse, Measures};
pub use members::Invited;
pub use model::DeploymentState;
pub use names::CatalogNames;
pub use options::{Options, Tier};
pub use outbox::Outbox;
pub use permissions::{Permission, Role};
pub use ports::{Ambient, Letter, Mail, NoMail, NoWeb, Post, PostError, Web, WebAnswer, WebRequest};
pub use records::{Kept, Listed, PageOf, Record};
pub use rotation::{Rotated, rotate};
pub use runs::{Fix, JournalPart, NewRun, RunQuery};
pub use secrets::SecretVault;
pub use setup::{DEMO, DemoFlow};
pub use totp::{Offered, TOTP_NEEDED};
pub use trial::{TRIAL, Trial};
pub use triggers::NewTrigger;
pub use usage::UsageView;
pub use webhooks::Door;
