//! A flow and the catalog in, diagnostics out: everything that can be said before a run, in one pass.
//!
//! It never stops at the first problem, runs nothing, reads nothing, and never changes the flow. What only
//! a dialect can know (syntax, arity, edges) the dialect has said already. Start with [`check`].

mod calls;
mod durations;
mod items;
mod names;
mod params;
mod ports;
mod scope;
mod structure;
mod tasks;
mod variables;

pub use calls::unknown_flows;
pub use scope::{ROOTS, Seen, nothing_known, seen_at};

use weir_base::{Diagnostic, Severity, sort_by_place};
use weir_catalog::Catalog;
use weir_ir::Flow;

/// Warnings that only stop a flow from being run or published.
const STOPS_A_RUN: [&str; 5] =
    ["UNBOUND_HANDLER", "AGENT_WITHOUT_PROMPT", "UNREACHABLE_LISTENER", "GATEWAY_NOT_CONNECTED", "KIND_NOT_RUNNABLE"];

/// Every problem of a flow, sorted by place.
pub fn check(flow: &Flow, catalog: &Catalog) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    structure::check(flow, &mut found);
    tasks::check(flow, catalog, &mut found);
    durations::check(flow, &mut found);
    names::check(flow, catalog, &mut found);
    ports::check(flow, catalog, &mut found);
    sort_by_place(&mut found);
    found
}

/// The same diagnostics for someone who wants to run the flow: what would stop the run is an error.
pub fn for_running(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let stops = |diagnostic: &&mut Diagnostic| STOPS_A_RUN.contains(&diagnostic.code.as_str());
    diagnostics.iter_mut().filter(stops).for_each(|diagnostic| diagnostic.severity = Severity::Error);
    diagnostics
}
