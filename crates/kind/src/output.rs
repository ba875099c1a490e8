use serde::{Deserialize, Serialize};
use weir_base::{Text, Value};

/// What a successful attempt gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskOutput {
    pub output: Value,
    /// The handle a graph node leaves by; `out` where none.
    pub handle: Option<Text>,
    pub usage: Option<Usage>,
}

impl From<Value> for TaskOutput {
    fn from(output: Value) -> Self {
        Self { output, ..Self::default() }
    }
}

/// What an attempt used up; kept in the journal beside the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Money, in millionths of the account's currency; 0 where the price is not known.
    pub micros: u64,
}

impl Usage {
    pub fn tokens(self) -> u64 {
        self.tokens_in.saturating_add(self.tokens_out)
    }

    pub fn plus(self, other: Usage) -> Usage {
        Usage {
            tokens_in: self.tokens_in.saturating_add(other.tokens_in),
            tokens_out: self.tokens_out.saturating_add(other.tokens_out),
            micros: self.micros.saturating_add(other.micros),
        }
    }
}
