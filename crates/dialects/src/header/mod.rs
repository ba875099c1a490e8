//! What a flow says about itself as a whole, the same in every dialect: variables, signals, queries,
//! settings, triggers and test data.

mod declare;
mod retry;
mod settings;
mod write;

pub(crate) use retry::policy as retry_policy;
pub(crate) use write::{retry as retry_value, write};

use crate::fields::{Field, Read, Shape, field};
use crate::text::Doc;
use indexmap::IndexMap;
use weir_base::{Diagnostic, Text, Value};
use weir_expr::Expr;
use weir_ir::{Settings, SignalDecl, Trigger, Variable};

/// The keys [`read`] understands.
pub(crate) const KEYS: [Field; 6] = [
    field("variables", Shape::Map),
    field("signals", Shape::Map),
    field("queries", Shape::Map),
    field("settings", Shape::Section(settings::KEYS)),
    field("triggers", Shape::Sections(declare::TRIGGER)),
    field("testData", Shape::Any),
];

#[derive(Debug, Default)]
pub(crate) struct Header {
    pub variables: IndexMap<Text, Variable>,
    pub signals: IndexMap<Text, SignalDecl>,
    pub queries: IndexMap<Text, Expr>,
    pub settings: Settings,
    pub triggers: Vec<Trigger>,
    pub test_data: Value,
}

/// Reads these keys of a map whose shape was checked against a table that holds [`KEYS`].
pub(crate) fn read(doc: &Doc, out: &mut Vec<Diagnostic>) -> Header {
    Header {
        variables: declare::variables(doc.given("variables"), out),
        signals: declare::signals(doc.given("signals"), out),
        queries: declare::queries(doc.given("queries"), out),
        settings: doc.given("settings").map(|settings| settings::read(settings, out)).unwrap_or_default(),
        triggers: declare::triggers(doc.given("triggers"), out),
        test_data: doc.given("testData").map_or(Value::Null, Doc::to_value),
    }
}
