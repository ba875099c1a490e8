//! One file per resource: what it looks like outside, its handlers, and its table of routes.

mod analytics;
mod audit;
mod bundles;
mod catalogue;
mod clerk;
mod complete;
mod events;
mod flows;
mod health;
mod hooks;
mod keys;
mod members;
mod incoming;
mod interfaces;
mod metrics;
mod multipart;
mod memory;
mod preview;
mod projects;
mod runs;
mod schedule;
mod public;
mod secrets;
mod session;
mod sign_in;
mod triggers;
mod usage;
mod validate;
mod variables;
mod versions;

use crate::endpoint::Endpoint;

/// Every route there is.
pub fn endpoints() -> Vec<Endpoint> {
    let tables = [
        health::routes,
        metrics::routes,
        session::routes,
        sign_in::routes,
        clerk::routes,
        members::routes,
        keys::routes,
        projects::routes,
        flows::routes,
        versions::routes,
        bundles::routes,
        runs::routes,
        preview::routes,
        triggers::routes,
        schedule::routes,
        hooks::routes,
        events::routes,
        secrets::routes,
        variables::routes,
        audit::routes,
        interfaces::routes,
        public::routes,
        usage::routes,
        analytics::routes,
        catalogue::routes,
        memory::routes,
        validate::routes,
        complete::routes,
    ];
    tables.iter().flat_map(|table| table()).collect()
}
