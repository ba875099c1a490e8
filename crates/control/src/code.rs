//! Flows as code: what is asked of whoever can write them and has the compilers, and what comes back.

use crate::compile::Compiled;
use crate::control::Control;
use async_trait::async_trait;
use std::collections::BTreeMap;
use weir_base::{Diagnostic, Text};
use weir_ir::Flow;

/// How the code is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeOptions {
    /// Whether the compilers are asked.
    pub verify: bool,
    /// Whether every function says in a comment which step it is.
    pub comments: bool,
    /// Whose variables and memory the steps use.
    pub project: Option<String>,
    /// The task queue of the worker; one after the flow where absent.
    pub task_queue: Option<String>,
}

/// A flow as a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Code {
    /// Text by file name.
    pub files: BTreeMap<String, String>,
    /// Kinds that are left to Weir's own worker.
    pub proxied: Vec<Text>,
    /// What the compilers say; none where they were not asked.
    pub verdict: Option<CodeVerdict>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CodeVerdict {
    /// Errors of the compiler, and of the linter.
    pub compiler: Vec<CodeFinding>,
    pub linter: Vec<CodeFinding>,
    /// How often `any` is written.
    pub any_types: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeFinding {
    /// `workflow.ts:7:3`
    pub place: String,
    /// Such as `TS2322`, or the name of a rule.
    pub code: String,
    pub message: String,
}

/// Why there is no code.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeError {
    /// What about the flow is wrong, or cannot be written.
    Flow(Vec<Diagnostic>),
    /// The compilers are missing or broke off.
    Compilers { code: &'static str, message: String },
}

/// Writes flows as TypeScript for Temporal.
#[async_trait]
pub trait Coder: Send + Sync {
    async fn write(&self, flow: &Flow, options: CodeOptions) -> Result<Code, CodeError>;
}

/// There is none in this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCoder;

#[async_trait]
impl Coder for NoCoder {
    async fn write(&self, _: &Flow, _: CodeOptions) -> Result<Code, CodeError> {
        let message = "this program writes no code; `weir serve` does".to_owned();
        Err(CodeError::Compilers { code: "TOOLCHAIN_MISSING", message })
    }
}

impl CodeVerdict {
    pub fn passed(&self) -> bool {
        self.compiler.is_empty() && self.linter.is_empty()
    }
}

impl Control {
    /// The code of a flow that was read. What stands in the way of a run stands in the way of code.
    pub async fn write_code(&self, compiled: &Compiled, options: CodeOptions) -> Result<Code, CodeError> {
        match compiled.runnable() {
            Ok(flow) => self.coder.write(flow, options).await,
            Err(_) => Err(CodeError::Flow(compiled.for_running())),
        }
    }
}
