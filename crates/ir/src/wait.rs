use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_expr::Template;

/// A step that only waits. A deadline that passes is the handle `timeout` where `routes` is set, else a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Wait {
    /// For this long: milliseconds, or a duration as text.
    Timer { after: Template },
    /// Until this time: microseconds since 1970 as a number, or RFC 3339 text.
    Until { at: Template },
    /// For this many turns of the engine, each a timer of length zero.
    Yield { turns: Template },
    /// For the next signal of this name; the output is its payload.
    #[serde(rename_all = "camelCase")]
    Signal {
        name: Text,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout: Option<Template>,
        #[serde(default)]
        routes: bool,
    },
    /// For a person. Answered by the signal `approve:<path>` with `{approved, by?, comment?}`; handles `approved`, `rejected`.
    #[serde(rename_all = "camelCase")]
    Approval {
        message: Template,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout: Option<Template>,
        #[serde(default)]
        routes: bool,
    },
    /// Never ends by itself.
    Forever,
}

/// Another flow, as a child run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call {
    pub flow: Template,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Text>,
    pub input: Template,
    /// Does not wait for the child; the output is its run id.
    #[serde(default)]
    pub detached: bool,
    /// Variables written when the child's output is folded; expressions see `output`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assign: Vec<crate::Assign>,
}
