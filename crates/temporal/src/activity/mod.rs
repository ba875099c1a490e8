//! What workers do outside of workflows: kinds, each an activity type of its own, and what needs the store.

mod beat;
mod copies;
mod keeper;
mod kinds;
mod missing;
mod perform;

pub(crate) use beat::{Gathered, Gathering};
pub use copies::CopyWriter;
pub use keeper::Keeper;
pub(crate) use keeper::Keeping;
pub(crate) use keeper::facts_of;
pub(crate) use kinds::register_kinds;
pub use missing::{NotKept, Original};
pub(crate) use perform::Performer;
