//! Text to flow and back: one folder per dialect, and `text/` for the formats they are written in.
//!
//! Nothing here checks a flow against kinds, reads a file or runs anything: other files come in
//! through [`Loader`], names of kinds through [`Names`]. Start with [`parse`]; to add a dialect,
//! write a folder and add its line to [`DIALECTS`].

pub mod text;

mod context;
mod dialect;
mod fields;
mod graph;
mod header;
mod ir;
mod organism;
mod pure;
mod template;
mod tree;

pub use context::{Binding, Leaf, Loader, Names, NoFiles, Options, SourceFile};
pub use dialect::{Context, Dialect, Parsed, convert, detect, parse, print};
pub use graph::node_types as graph_node_types;
pub use tree::{NodeType as TreeNodeType, node_type as tree_node_type, node_types as tree_node_types, write_ids};

/// Every dialect, in the order they are tried on a file whose dialect is not named.
pub const DIALECTS: [&dyn Dialect; 4] = [&ir::Ir, &organism::Organism, &graph::Graph, &tree::Tree];
