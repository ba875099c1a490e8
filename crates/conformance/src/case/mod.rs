//! Cases as data.

mod read;
mod short;

pub use read::{all, nothing, root};

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use weir_base::{Text, Value, has_errors};
use weir_catalog::Catalog;
use weir_control::compile;
use weir_control::model::FlowFile;
use weir_ir::Flow;

/// What dies in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    Worker,
    Server,
}

/// One flow, what is done to it, and what it comes to.
#[derive(Clone, Debug)]
pub struct Case {
    /// Such as `tree/sequence` or `example/hello-world`.
    pub name: String,
    /// The flow first, then those it may call.
    pub files: Vec<FlowFile>,
    pub bindings: BTreeMap<Text, Text>,
    pub input: Value,
    /// Name and payload; each is sent as soon as the run waits.
    pub signals: Vec<(Text, Value)>,
    pub cancel: bool,
    pub kill: Option<Kill>,
    /// Not in virtual time.
    pub real_time: bool,
    /// Routes of a server on loopback; null for none.
    pub server: Value,
    /// `status`, `error`, `output`, `variables`, `rejected`: what is written is compared.
    pub expect: Value,
}

/// A case whose flow can be run, or the code for which it cannot.
pub enum Prepared {
    Flow(Box<Ready>),
    Rejected(Text),
}

#[derive(Clone)]
pub struct Ready {
    pub flow: Flow,
    /// Flows that calls name, by name.
    pub library: BTreeMap<Text, Flow>,
}

impl Case {
    /// Reads and checks the flow as `weir run` does.
    pub fn prepare(&self, catalog: &Catalog) -> Result<Prepared> {
        let flow = match self.checked(catalog, "", &self.files)? {
            Ok(flow) => flow,
            Err(code) => return Ok(Prepared::Rejected(code)),
        };
        let mut library = BTreeMap::new();
        for file in &self.files[1..] {
            let name = stem(&file.name);
            let rest: Vec<FlowFile> = std::iter::once(file.clone()).chain(self.files.iter().cloned()).collect();
            if let Ok(flow) = self.checked(catalog, &name, &rest)? {
                library.insert(Text::from(name), flow);
            }
        }
        Ok(Prepared::Flow(Box::new(Ready { flow, library })))
    }

    /// The flow, or the code of its first error.
    fn checked(&self, catalog: &Catalog, name: &str, files: &[FlowFile]) -> Result<Result<Flow, Text>> {
        let known = |name: &str| self.files.iter().any(|file| stem(&file.name) == name || *file.name == *name);
        let compiled = compile(catalog, name, files, &self.bindings, &known);
        let problems = weir_check::for_running(compiled.diagnostics);
        if let Some(first) = problems.iter().find(|problem| problem.is_error()) {
            debug_assert!(has_errors(&problems));
            if self.expect.get("rejected").is_none() {
                eprintln!("{}: {}: {}", self.name, first.code, first.message);
            }
            return Ok(Err(first.code.as_str().into()));
        }
        Ok(Ok(compiled.flow.with_context(|| format!("{}: no flow and no problem", self.name))?))
    }

    /// A name that may stand in an id.
    pub fn slug(&self) -> String {
        self.name.replace('/', "-")
    }
}

fn stem(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}
