//! Flows as code: what is asked of whoever can write them and has the compilers, and what comes back.

use crate::caller::Caller;
use crate::compile::Compiled;
use crate::control::Control;
use crate::{ControlError, Result};
use async_trait::async_trait;
use std::collections::BTreeMap;
use weir_base::{Diagnostic, Text};
use weir_ir::Flow;
use weir_store::FlowVersion;

/// How the code is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeOptions {
    /// Whether the compilers are asked.
    pub verify: bool,
    /// Whether every function says in a comment which step it is.
    pub comments: bool,
    /// Whose variables and memory the steps use.
    pub project: Option<String>,
    /// The task queue of the worker; one after the flow where absent.
    pub task_queue: Option<String>,
    /// The task queue of Weir's own worker, which performs kinds without TypeScript; `weir` where absent.
    pub worker_queue: Option<String>,
    /// Whose project it is to that worker.
    pub tenant: Text,
    /// Flows that calls may name. Those that are called are written, too.
    pub library: BTreeMap<Text, Flow>,
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
    /// The published flows that one calls which is kept nowhere; in the project `default` where none is named.
    pub async fn library(
        &self,
        caller: &Caller,
        compiled: &Compiled,
        project: Option<&str>,
    ) -> Result<BTreeMap<Text, Flow>> {
        match &compiled.flow {
            Some(flow) => self.called_flows(&caller.tenant, &project.unwrap_or("default").into(), flow).await,
            None => Ok(BTreeMap::new()),
        }
    }

    /// The flows of a project that a flow calls, and those that these call: the newest version of each, as a run would
    /// find them. A project that there is not has none.
    pub async fn called_flows(&self, tenant: &Text, project: &Text, flow: &Flow) -> Result<BTreeMap<Text, Flow>> {
        let (mut found, mut open) = (BTreeMap::new(), vec![flow.calls()]);
        while let Some(calls) = open.pop() {
            let names = if calls.any { self.flow_names(tenant, project).await? } else { calls.names };
            for name in names {
                if !found.contains_key(&name)
                    && let Some(flow) = self.newest_version(tenant, project, &name).await?
                {
                    open.push(flow.calls());
                    found.insert(name, flow);
                }
            }
        }
        Ok(found)
    }

    /// Without the places of its steps: its text is not at hand where they would be shown.
    async fn newest_version(&self, tenant: &Text, project: &Text, name: &str) -> Result<Option<Flow>> {
        let Some(version) = self.store.newest_flow(tenant, project, name).await? else { return Ok(None) };
        let mut flow = read_version(&version)?;
        flow.for_each_node_mut(&mut |node| (node.origin.span, node.origin.props) = Default::default());
        Ok(Some(flow))
    }

    /// The code of a flow that was read. What stands in the way of a run stands in the way of code.
    pub async fn write_code(&self, compiled: &Compiled, options: CodeOptions) -> Result<Code, CodeError> {
        match compiled.runnable() {
            Ok(flow) => self.coder.write(flow, options).await,
            Err(_) => Err(CodeError::Flow(compiled.for_running())),
        }
    }
}

/// A published version, as it was when it was published.
pub(crate) fn read_version(version: &FlowVersion) -> Result<Flow> {
    let damaged = |error| ControlError::Unavailable(format!("the version {} is damaged: {error}", version.hash));
    weir_ir::from_json(&version.ir).map_err(damaged)
}
