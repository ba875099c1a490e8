//! One file per resource: what it looks like outside, its handlers, and its table of routes.

mod analytics;
mod audit;
mod bulk;
mod bundles;
mod caller;
mod catalogue;
mod clerk;
mod compilations;
mod compile;
mod complete;
mod deleted_flows;
mod events;
mod flows;
mod health;
mod hooks;
mod hosts;
mod incoming;
mod interfaces;
mod keys;
mod members;
mod memory;
mod metrics;
mod multipart;
mod preview;
mod project_code;
mod project_hosts;
mod projects;
mod public;
mod runs;
mod runtimes;
mod schedule;
mod scope;
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
        caller::routes,
        keys::routes,
        projects::routes,
        flows::routes,
        deleted_flows::routes,
        versions::routes,
        compilations::routes,
        hosts::routes,
        project_code::routes,
        project_hosts::routes,
        bundles::routes,
        runs::routes,
        bulk::routes,
        preview::routes,
        triggers::routes,
        schedule::routes,
        hooks::routes,
        interfaces::routes,
        public::routes,
        events::routes,
        scope::routes,
        secrets::routes,
        variables::routes,
        memory::routes,
        audit::routes,
        runtimes::routes,
        usage::routes,
        analytics::routes,
        catalogue::routes,
        validate::routes,
        compile::routes,
        complete::routes,
    ];
    tables.iter().flat_map(|table| table()).collect()
}
