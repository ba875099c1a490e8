use thiserror::Error;
use weir_base::Value;

/// Why a call did not come to what was asked, split by what the caller can do.
#[derive(Clone, Debug, Error)]
pub enum ClientError {
    /// The server understood and refused: its code has a page in the documentation.
    #[error("{detail} ({code})")]
    Problem { status: u16, code: String, detail: String, whole: Box<Value> },
    /// Look at the address, or whether the server runs.
    #[error("{server} cannot be reached: {reason}")]
    Unreachable { server: String, reason: String },
    /// What answers there is no Weir, or another version of it.
    #[error("{server} gave an answer that is not understood: {reason}")]
    Strange { server: String, reason: String },
    /// Correct the address.
    #[error("`{0}` is not the address of a server; write http://HOST:PORT or https://HOST")]
    Address(String),
}

impl ClientError {
    /// The code of a problem; empty for what is none.
    pub fn code(&self) -> &str {
        match self {
            ClientError::Problem { code, .. } => code,
            _ => "",
        }
    }

    pub fn status(&self) -> Option<u16> {
        match self {
            ClientError::Problem { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The problems of a flow that come with a refusal.
    pub fn diagnostics(&self) -> &[Value] {
        match self {
            ClientError::Problem { whole, .. } => {
                whole.get("diagnostics").and_then(Value::as_array).unwrap_or_default()
            }
            _ => &[],
        }
    }
}
