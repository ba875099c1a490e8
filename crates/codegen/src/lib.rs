//! Flows as TypeScript that a team can read, check and own.

pub mod activities;
mod express;
mod generate;
mod layout;
mod names;
mod nodes;
mod readme;
mod secrets;
mod support;

pub use generate::{Options, Project, UNSUPPORTED, generate};
