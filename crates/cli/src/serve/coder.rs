use async_trait::async_trait;
use std::sync::Arc;
use weir_catalog::Catalog;
use weir_codegen::generate;
use weir_control::{Code, CodeError, CodeFinding, CodeOptions, CodeVerdict, Coder};
use weir_ir::Flow;
use weir_toolchain::{Finding, Options, Toolchain, ToolchainError, Verdict, Verifier};

/// Writes flows as TypeScript, and asks the compilers of the data folder, which stay warm.
pub struct TypeScript {
    catalog: Arc<Catalog>,
    verifier: Verifier,
}

impl TypeScript {
    pub fn new(catalog: Arc<Catalog>, toolchain: Toolchain) -> Self {
        Self { catalog, verifier: Verifier::new(toolchain, Options::default()) }
    }
}

#[async_trait]
impl Coder for TypeScript {
    async fn write(&self, flow: &Flow, options: CodeOptions) -> Result<Code, CodeError> {
        let usual = weir_codegen::Options::default();
        let project = options.project.unwrap_or(usual.project);
        let CodeOptions { task_queue, library, .. } = options;
        let named = weir_codegen::Options { project, task_queue, library, ..weir_codegen::Options::default() };
        let project = generate(flow, &self.catalog, &named).map_err(CodeError::Flow)?;
        let proxied = project.proxied.into_iter().map(|proxied| proxied.kind).collect();
        let mut files = project.files;
        if !options.comments {
            files.entry("workflow.ts".to_owned()).and_modify(|text| *text = without_comments(text));
        }
        let verdict = match options.verify {
            true => Some(verdict(self.verifier.verify(&files).await.map_err(|error| refusal(&error))?)),
            false => None,
        };
        Ok(Code { files, proxied, verdict })
    }
}

/// Comments of generated workflows have a line of their own each.
fn without_comments(text: &str) -> String {
    let is_comment = |line: &str| {
        let line = line.trim();
        line.starts_with("// ") || (line.starts_with("/**") && line.ends_with("*/"))
    };
    text.lines().filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect()
}

fn verdict(verdict: Verdict) -> CodeVerdict {
    CodeVerdict {
        compiler: verdict.tsc.into_iter().map(finding).collect(),
        linter: verdict.lint.into_iter().map(finding).collect(),
        any_types: verdict.any_types,
    }
}

fn finding(found: Finding) -> CodeFinding {
    let place = format!("{}:{}:{}", found.file, found.line, found.column);
    CodeFinding { place, code: found.code, message: found.message }
}

fn refusal(error: &ToolchainError) -> CodeError {
    CodeError::Compilers { code: error.code(), message: error.to_string() }
}
