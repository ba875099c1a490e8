//! `activities.ts`: what the steps of a flow do, as working TypeScript.
//!
//! It is put together from the records: their schemas become types, their `typescript_template` the code. What
//! several kinds stand on is in support files, of which a project gets those it needs.

mod assemble;
mod literal;
mod settings;
mod support;
mod types;

pub use assemble::{Activities, Flows, Proxied, assemble, task_kinds};
pub use literal::{js_string, literal, one_line};
pub use settings::{flow_settings, worker_context};
pub use types::{function_name, ts_type, type_name};
