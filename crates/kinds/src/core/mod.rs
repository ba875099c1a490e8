//! The vendor `core`: kinds that belong to Weir itself.

mod file_read;
mod file_write;
mod files;
mod http_request;
mod log;
mod memory;
mod mock;
mod model;
mod model_chat;
mod print;
mod project_interface;
mod regex_extract;
mod set;
mod transform;

use std::sync::Arc;
use weir_egress::Client;
use weir_kind::{Kind, Registration};

pub(crate) fn registrations(egress: Arc<Client>) -> Vec<Registration> {
    vec![
        step(include_str!("counter.yaml")),
        task(include_str!("file_read.yaml"), file_read::FileRead),
        task(include_str!("file_write.yaml"), file_write::FileWrite),
        task(include_str!("http_request.yaml"), http_request::HttpRequest::new(egress.clone())),
        task(include_str!("log.yaml"), log::Log),
        task(include_str!("memory.yaml"), memory::Memory),
        task(include_str!("mock.yaml"), mock::Mock),
        task(include_str!("model_chat.yaml"), model_chat::ModelChat::new(egress)),
        task(include_str!("print.yaml"), print::Print),
        task(include_str!("project_interface.yaml"), project_interface::ProjectInterface),
        task(include_str!("regex_extract.yaml"), regex_extract::RegexExtract),
        step(include_str!("script.yaml")),
        task(include_str!("set.yaml"), set::Set),
        task(include_str!("transform.yaml"), transform::Transform),
        step(include_str!("wait.yaml")),
    ]
}

fn task(record: &'static str, kind: impl Kind + 'static) -> Registration {
    Registration { record, kind: Some(Arc::new(kind)) }
}

/// A kind that exists only as a step of the engine.
fn step(record: &'static str) -> Registration {
    Registration { record, kind: None }
}
