//! Every built-in kind, whole: `<vendor>/<kind>.yaml` is its record, `<vendor>/<kind>.rs` what it does.
//!
//! A kind knows no other kind, no runtime and no store; it reaches the world through its context and the one
//! HTTP client. To add one, write the two files and its line in `<vendor>/mod.rs`. Start with `core/print.rs`.

mod core;
mod gateway;
mod http_status;
mod params;
mod system;

use std::sync::Arc;
use weir_base::Diagnostic;
use weir_catalog::{Catalog, Record, record_from_yaml};
use weir_egress::{Client, Options};
use weir_kind::{Housekeeping, Registration, Registry};

/// Every built-in kind. Connections go through `egress`.
pub fn registrations(egress: Arc<Client>) -> Vec<Registration> {
    let mut all = core::registrations(egress);
    all.extend(gateway::registrations());
    all
}

/// The kinds of an installation's own flows, which ask `keeping` for what is to be done. Flows are not checked with them.
pub fn system(keeping: &Arc<dyn Housekeeping>) -> Vec<Registration> {
    system::registrations(keeping)
}

/// The built-in kinds, ready for a task host.
pub fn registry(egress: Arc<Client>) -> Result<Registry, Box<Diagnostic>> {
    Registry::from_registrations(registrations(egress))
}

/// The built-in records by name, for checking flows; nothing can be performed through it.
pub fn catalog() -> Result<Catalog, Box<Diagnostic>> {
    let mut catalog = Catalog::default();
    record_texts().into_iter().try_for_each(|text| catalog.embed(text).map(drop))?;
    Ok(catalog)
}

/// Every built-in record, read whole.
pub fn records() -> Result<Vec<Record>, Box<Diagnostic>> {
    record_texts().into_iter().map(record_from_yaml).collect()
}

/// The YAML of every built-in record.
pub fn record_texts() -> Vec<&'static str> {
    let all = registrations(Arc::new(Client::new(Options::default())));
    all.into_iter().map(|registration| registration.record).collect()
}
