//! Flows as TypeScript that a team can read, check and own.

pub mod activities;
