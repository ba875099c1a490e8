//! Runs that go on differently: a fork from any record, and an ended run under another version of its flow.
//!
//! Both read the journal and write one record; nothing outside is asked here.

mod fork;
mod lineage;
mod rebase;

pub(crate) use lineage::{Lineage, dropped};

pub use fork::rehearse_fork;
pub use rebase::rehearse_fix;

/// Why the journal of a fork cannot be made whole.
pub(crate) const INHERITED_UNKNOWN: &str = "it began as a fork, and what it inherited is not known any more: the run it \
was forked from is deleted, or an older version forked it and did not write down what was changed. It can still be \
forked";
