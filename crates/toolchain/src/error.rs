use std::time::Duration;
use thiserror::Error;

/// Why there is no verdict, or no toolchain.
#[derive(Debug, Error)]
pub enum ToolchainError {
    #[error("the TypeScript compilers are not installed; run `{command}`")]
    Missing { command: String },
    #[error("there is no `{program}` on this machine: install Node 20.19 or newer, which brings it along")]
    NoProgram { program: &'static str },
    #[error("`npm ci` failed: {0}")]
    Npm(String),
    #[error("{0}")]
    Io(String),
    #[error("checking the code took longer than {} s", .0.as_secs())]
    TimedOut(Duration),
    /// A fault of the compilers or of what keeps them; another try gets another process.
    #[error("the compilers broke off: {0}")]
    Broken(String),
}

impl ToolchainError {
    pub fn code(&self) -> &'static str {
        match self {
            ToolchainError::Missing { .. } | ToolchainError::NoProgram { .. } => "TOOLCHAIN_MISSING",
            ToolchainError::Npm(_) | ToolchainError::Io(_) => "TOOLCHAIN_INSTALL",
            ToolchainError::TimedOut(_) => "VERIFICATION_TIMEOUT",
            ToolchainError::Broken(_) => "VERIFICATION_BROKEN",
        }
    }
}
