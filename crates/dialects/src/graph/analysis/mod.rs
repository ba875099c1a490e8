//! The shape of a drawn graph, on bare numbers: dominators, natural loops, nested regions, exclusive paths.
//!
//! Nothing here knows what a node does. Every walk is iterative and near-linear.

mod adjacency;
mod cycles;
mod dominators;
mod exclusive;
mod network;
mod regions;

pub use adjacency::NONE;
pub use cycles::Cycle;
pub use dominators::Dominators;
pub use exclusive::Exclusion;
pub use network::{Network, Role};
pub use regions::{Fate, Shape};
