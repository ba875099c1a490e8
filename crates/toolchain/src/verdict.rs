use serde::{Deserialize, Serialize};

/// What the compilers say about a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Errors of `tsc --strict`.
    pub tsc: Vec<Finding>,
    /// Errors of ESLint.
    pub lint: Vec<Finding>,
    /// How often `any` is written.
    pub any_types: u64,
    /// How long each took, in milliseconds.
    pub tsc_millis: f64,
    pub lint_millis: f64,
}

/// One error, and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Empty where it is of the project as a whole.
    pub file: String,
    /// From 1.
    pub line: u32,
    pub column: u32,
    /// `TS2322`, or the name of a rule.
    pub code: String,
    pub message: String,
}

impl Verdict {
    pub fn passed(&self) -> bool {
        self.tsc.is_empty() && self.lint.is_empty()
    }
}
