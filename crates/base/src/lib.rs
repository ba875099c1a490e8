//! Ids, spans, values, types, durations and diagnostics: the words every other crate speaks.
//!
//! This crate holds no policy. It reads no clock, no environment and no file, and it knows nothing
//! about flows, kinds or runs. Start with [`Value`] and [`Diagnostic`].

mod deep;
mod diagnostic;
mod duration;
mod exact;
mod hash;
mod number;
mod span;
mod suggest;
mod types;
mod value;
mod weigh;

pub use deep::read_deep;
pub use diagnostic::{Diagnostic, Severity, has_errors, sort_by_place};
pub use duration::{Duration, DurationError};
pub use exact::{LostDigits, is_exact, lost_digits};
pub use hash::{canonical_json, hash_value, hash_value_hex};
pub use number::format_number;
pub use span::{FileId, LineIndex, Position, Span};
pub use suggest::closest;
pub use types::{Field, Mismatch, ObjectType, Type};
pub use value::{Map, Sealed, SealedPart, Text, Value};

/// Microseconds since the Unix epoch. Time is always an argument; nothing in the pure crates reads a clock.
pub type Micros = i64;
