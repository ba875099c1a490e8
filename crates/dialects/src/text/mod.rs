//! YAML and JSON with places: one document model for both, and edits that leave the rest of a text alone.

mod doc;
mod edit;
mod json;
mod layout;
mod scalar;
mod write;
mod yaml;

#[cfg(test)]
mod tests;

pub use doc::{Doc, DocKind, Entry};
pub use edit::{Change, Edit, PathPart, apply, change, set_value};
pub use write::{to_yaml, yaml_scalar};

use crate::SourceFile;
use weir_base::Diagnostic;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Yaml,
    Json,
}

impl Format {
    /// By file name; YAML where it says nothing.
    pub fn of(name: &str) -> Self {
        if name.ends_with(".json") { Format::Json } else { Format::Yaml }
    }
}

/// The documents of a text (JSON has one), and every problem found on the way.
pub fn parse(source: &SourceFile, format: Format) -> (Vec<Doc>, Vec<Diagnostic>) {
    match format {
        Format::Yaml => yaml::parse(source),
        Format::Json => json::parse(source),
    }
}
