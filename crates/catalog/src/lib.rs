//! Kinds as data: one record per kind is its contract, its documentation and its tests.
//!
//! This crate never runs a kind and never validates a value. It reads records, keeps them by name, and
//! turns their fields into JSON Schema and [`weir_base::Type`]. Start with [`Record`], then [`Catalog`].

mod catalog;
mod component;
mod docs;
mod field;
mod load;
mod record;
mod text_duration;

pub use catalog::{Catalog, Entry};
pub use component::{
    Capability, Category, Component, Effect, EffectWhen, Implementation, Level, RetryDefaults, UnknownPolicy,
};
pub use docs::docs;
pub use field::{Field, FieldRule, FieldType, Fields, WHOLE};
pub use load::{component_from_yaml, record_from_yaml, value_from_yaml};
pub use record::{
    Alternative, Connection, Connections, Decision, Discovery, ExpectedError, Improvement, Issue, Lesson, Record,
    Related, Rule, TestCase, TestType, Usage,
};

/// The JSON Schema every record satisfies, quality criteria included.
pub const RECORD_SCHEMA: &str = include_str!("../record.schema.json");
