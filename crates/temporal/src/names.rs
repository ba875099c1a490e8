//! The names this crate goes by on a Temporal cluster. They are in histories, so they never change.

/// The type of every run's workflow.
pub const WORKFLOW: &str = "weir.run";
/// The one signal: a name and a payload.
pub const DELIVER: &str = "deliver";
/// Names of signals that begin so are not the flow's own.
pub const OWN: &str = "weir:";
/// A request as JSON, see [`weir_runs::Request`].
pub const REQUEST: &str = "weir:request";
/// The end of a child.
pub const CHILD: &str = "weir:child";

/// Activities that need a store.
pub const SHIP: &str = "weir.journal";
pub const VARIABLES: &str = "weir.variables";
pub const FIND: &str = "weir.flow";

pub const QUEUE: &str = "weir";

/// The memo by which whoever has begun a run knows it again: the queue of whoever keeps its journal.
pub const MARK: &str = "weirBegun";

/// What the identity of a server's worker begins with; the mark of its installation follows.
pub const SERVER: &str = "weir-server/";

/// As a server's worker shows itself.
pub fn server_identity(mark: &str) -> String {
    format!("{SERVER}{mark}@{}", std::process::id())
}

/// What the identity of a worker that keeps journals begins with; the mark of its store follows.
pub const KEEPER: &str = "weir-worker/";

/// As a worker that keeps journals shows itself.
pub fn keeper_identity(mark: &str) -> String {
    format!("{KEEPER}{mark}@{}", std::process::id())
}

/// Search attributes, all of them keywords.
pub const ATTRIBUTES: [&str; 4] = ["WeirFlow", "WeirVersion", "WeirProject", "WeirTenant"];

/// The queue of what needs a store: whoever keeps the journal listens there.
pub fn store_queue(queue: &str) -> String {
    format!("{queue}-store")
}

/// As [`store_queue`], of a server that has started the runs: no other store may take their journals.
pub fn server_queue(queue: &str) -> String {
    format!("{queue}-server")
}

/// Beside a queue of a store: for steps that need what is there, may take long, and are not to hold up journals.
pub fn steps_queue(store_queue: &str) -> String {
    format!("{store_queue}-steps")
}

/// The queue of a project's own, where projects are kept apart.
pub fn project_queue(queue: &str, tenant: &str, project: &str) -> String {
    match tenant {
        "" => format!("{queue}/{project}"),
        tenant => format!("{queue}/{tenant}/{project}"),
    }
}
