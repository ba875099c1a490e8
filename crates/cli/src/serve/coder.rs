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
        let worker_queue = options.worker_queue.unwrap_or(usual.worker_queue);
        let (task_queue, library, tenant) = (options.task_queue, options.library, options.tenant.to_string());
        let named = weir_codegen::Options { project, task_queue, worker_queue, tenant, library, workflow: None };
        let project = generate(flow, &self.catalog, &named).map_err(CodeError::Flow)?;
        let proxied = project.proxied.into_iter().map(|proxied| proxied.kind).collect();
        let mut files = project.files;
        if !options.comments {
            let flows = files.iter_mut().filter(|(name, _)| is_flow(name));
            flows.for_each(|(_, text)| *text = without_comments(text));
        }
        let verdict = match options.verify {
            true => Some(verdict(self.verifier.verify(&files).await.map_err(|error| refusal(&error))?)),
            false => None,
        };
        Ok(Code { files, proxied, verdict })
    }
}

/// Whether it has the steps of the flow, or of one that it calls.
fn is_flow(file: &str) -> bool {
    file == "workflow.ts" || (file.starts_with("flow_") && file.ends_with(".ts"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use weir_base::Text;

    /// `print` as a kind that only Weir can perform.
    fn catalog() -> Catalog {
        let mut record = weir_kinds::catalog().unwrap().record("print").unwrap().clone();
        record.typescript_template = "// proxied: it needs a machine of its own".to_owned();
        let mut catalog = Catalog::default();
        catalog.insert(record).unwrap();
        catalog
    }

    async fn code(worker_queue: Option<&str>) -> Code {
        let text =
            r#"{"ir":1,"name":"f","dialect":"ir","root":{"id":"a","task":{"kind":"print","params":{"message":"x"}}}}"#;
        let options = CodeOptions {
            verify: false,
            comments: true,
            project: Some("shop".to_owned()),
            task_queue: None,
            worker_queue: worker_queue.map(str::to_owned),
            tenant: "acme".into(),
            library: BTreeMap::new(),
        };
        let coder = TypeScript::new(Arc::new(catalog()), Toolchain::new(std::env::temp_dir()));
        coder.write(&weir_ir::from_json(text).unwrap(), options).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_left_to_weir_goes_to_its_queue_in_the_name_of_the_tenant() {
        let code = code(Some("weir/shop")).await;
        assert_eq!(code.proxied.iter().map(|kind| &**kind).collect::<Vec<_>>(), ["print"]);
        for part in ["queue: 'weir/shop',", "tenant: 'acme',", "project: 'shop',"] {
            assert!(code.files["workflow.ts"].contains(part), "no `{part}`");
        }
    }

    #[tokio::test]
    async fn comments_are_left_out_of_called_flows_too() {
        let called = r#"{"ir":1,"name":"part","dialect":"ir","root":{"id":"end","return":{"value":1}}}"#;
        let text = r#"{"ir":1,"name":"f","dialect":"ir","root":{"id":"a","call":{"flow":"part","input":null}}}"#;
        let options = |comments| CodeOptions {
            verify: false,
            comments,
            project: None,
            task_queue: None,
            worker_queue: None,
            tenant: Text::default(),
            library: BTreeMap::from([("part".into(), weir_ir::from_json(called).unwrap())]),
        };
        let coder = TypeScript::new(Arc::new(catalog()), Toolchain::new(std::env::temp_dir()));
        for comments in [true, false] {
            let code = coder.write(&weir_ir::from_json(text).unwrap(), options(comments)).await.unwrap();
            for file in ["workflow.ts", "flow_part.ts"] {
                assert_eq!(code.files[file].contains("/** "), comments, "{file}");
            }
            assert!(code.files["entry.ts"].contains("/** "), "the library is as it is");
        }
    }

    #[tokio::test]
    async fn without_a_queue_it_is_the_one_of_a_worker_that_is_told_nothing() {
        assert!(code(None).await.files["workflow.ts"].contains("queue: 'weir',"));
    }
}
