//! One file per resource: what it looks like outside, its handlers, and its table of routes.

mod audit;
mod catalogue;
mod flows;
mod health;
mod events;
mod hooks;
mod keys;
mod members;
mod multipart;
mod projects;
mod runs;
mod secrets;
mod session;
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
        session::routes,
        members::routes,
        keys::routes,
        projects::routes,
        flows::routes,
        versions::routes,
        runs::routes,
        triggers::routes,
        hooks::routes,
        events::routes,
        secrets::routes,
        variables::routes,
        audit::routes,
        usage::routes,
        catalogue::routes,
        validate::routes,
    ];
    tables.iter().flat_map(|table| table()).collect()
}
