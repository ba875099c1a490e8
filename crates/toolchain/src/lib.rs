//! The TypeScript compilers that generated code is checked with.
//!
//! [`Toolchain`] is a folder that `npm ci` fills from the lock file within this crate: TypeScript 7, ESLint with
//! typescript-eslint and its own TypeScript 6, and the types of Temporal's SDK. [`Verifier`] keeps processes of them
//! warm. Nothing that is checked is ever run.

mod error;
mod install;
mod process;
mod verdict;
mod verifier;

pub use error::ToolchainError;
pub use install::{PACKAGE_LOCK, Status, Toolchain};
pub use verdict::{Finding, Verdict};
pub use verifier::{Options, Verifier};
