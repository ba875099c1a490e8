//! The vendor `core`: kinds that belong to Weir itself.

mod files;
mod model;

use std::sync::Arc;
use weir_egress::Client;
use weir_kind::{Kind, Registration};

/// Every kind, a line each: its files' name, and what performs it. One without exists only as a step of the engine.
macro_rules! kinds {
    (egress: $egress:ident; $($name:ident $(: $kind:expr)?,)*) => {
        $($(kinds!(@module $name $kind);)?)*

        pub(crate) fn registrations($egress: Arc<Client>) -> Vec<Registration> {
            vec![$(Registration {
                record: include_str!(concat!(stringify!($name), ".yaml")),
                kind: kinds!(@kind $($kind)?),
            }),*]
        }
    };
    (@module $name:ident $kind:expr) => { mod $name; };
    (@kind) => { None };
    (@kind $kind:expr) => { Some(Arc::new($kind) as Arc<dyn Kind>) };
}

kinds! {
    egress: egress;
    counter,
    file_read: file_read::FileRead,
    file_write: file_write::FileWrite,
    http_request: http_request::HttpRequest::new(egress.clone()),
    log: log::Log,
    memory: memory::Memory,
    mock: mock::Mock,
    model_chat: model_chat::ModelChat::new(egress.clone()),
    print: print::Print,
    project_interface: project_interface::ProjectInterface,
    regex_extract: regex_extract::RegexExtract,
    script,
    set: set::Set,
    transform: transform::Transform,
    wait,
}
