//! A project for every flow, all of them compiled by one `tsc`. Files that are the same everywhere are there once.

use super::super::super::case::{Case, Prepared, Ready, root};
use crate::compose;
use crate::found::Found;
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use weir_base::Value;
use weir_catalog::Catalog;
use weir_codegen::{Options, Project, UNSUPPORTED, generate};

const SCRIPTS: [(&str, &str); 2] = [
    ("worker.cjs", include_str!("../../../node/worker.cjs")),
    ("client.cjs", include_str!("../../../node/client.cjs")),
];

/// What a project never shares.
const OWN: [&str; 4] = ["activities.ts", "client.ts", "worker.ts", "workflow.ts"];

/// What became of one flow.
enum Made {
    /// The type of its workflow, and where it is.
    Workflow {
        name: String,
        folder: String,
    },
    Not(Found),
}

pub struct Projects {
    folder: tempfile::TempDir,
    made: BTreeMap<String, Made>,
    leave_to_weir: bool,
    /// What the compiler says about files that all of them share.
    pub faults: Vec<String>,
}

impl Projects {
    pub fn make<'a>(flows: impl Iterator<Item = (&'a Case, &'a Ready)>) -> Result<Self> {
        let catalog = compose::catalog()?;
        let (mut made, mut written) = (BTreeMap::new(), BTreeMap::new());
        for (number, (case, ready)) in flows.enumerate() {
            let one = match project(case, ready, &catalog) {
                Err(found) => Made::Not(found),
                Ok(project) => {
                    let folder = format!("p{number}");
                    written.insert(folder.clone(), project);
                    Made::Workflow { name: case.slug(), folder }
                }
            };
            made.insert(case.name.clone(), one);
        }
        let leave_to_weir = written.values().any(|project: &Project| !project.proxied.is_empty());
        let mut projects = Self { folder: tempfile::tempdir()?, made, leave_to_weir, faults: Vec::new() };
        projects.lay_out(&written)?;
        if !written.is_empty() {
            projects.compile(&written)?;
        }
        projects.index(&written)?;
        Ok(projects)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether some steps are performed by Weir's own worker.
    pub fn leave_to_weir(&self) -> bool {
        self.leave_to_weir
    }

    /// The type of a case's workflow.
    pub fn workflow(&self, case: &Case) -> String {
        case.slug()
    }

    /// What there is to say about a case whose project cannot run.
    pub fn without_run(&self, case: &Case) -> Option<Found> {
        match self.made.get(&case.name) {
            Some(Made::Workflow { .. }) => None,
            Some(Made::Not(found)) => Some(found.clone()),
            None => Some(Found::Broken("no project was made of it".to_owned())),
        }
    }

    fn lay_out(&self, written: &BTreeMap<String, Project>) -> Result<()> {
        let folder = self.folder();
        let put = |name: &str, text: &str| self.put(name, text);
        for (name, text) in SCRIPTS {
            put(name, text)?;
        }
        let modules = root().join(".tools/toolchain/node_modules").canonicalize();
        let modules = modules.context("no .tools/toolchain: `cargo xtask conformance` installs it")?;
        std::os::unix::fs::symlink(modules, folder.join("node_modules"))?;
        let shared = shared(written);
        for (name, text) in &shared {
            put(&format!("src/common/{name}"), text)?;
        }
        for (place, project) in written {
            for (name, text) in project.files.iter().filter(|(name, _)| name.ends_with(".ts")) {
                let stem = name.trim_end_matches(".ts");
                let stands_for = format!("export * from '../common/{stem}';\n");
                let text = if shared.contains_key(name.as_str()) { &stands_for } else { text };
                put(&format!("src/{place}/{name}"), text)?;
            }
        }
        put("tsconfig.json", &tsconfig(written)?)
    }

    fn put(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        Ok(std::fs::write(path, text)?)
    }

    /// What the worker is told of the projects that can run.
    fn index(&self, written: &BTreeMap<String, Project>) -> Result<()> {
        self.put("workflows.cjs", &self.workflows(written))?;
        self.put("projects.json", &self.types(written).to_json())
    }

    /// Exports every workflow under a name of its own; a run loads its project alone.
    fn workflows(&self, written: &BTreeMap<String, Project>) -> String {
        let mut text = String::new();
        for (name, folder, function) in self.exported(written) {
            let _ = writeln!(
                text,
                "Object.defineProperty(exports, {}, {{ enumerable: true, get: () => require('./dist/{folder}/workflow.js').{function} }});",
                Value::from(name).to_json()
            );
        }
        text
    }

    /// Whose activities a workflow's are, and what each project is called.
    fn types(&self, written: &BTreeMap<String, Project>) -> Value {
        let exported = self.exported(written);
        let types = exported.iter().map(|(name, folder, _)| (name.as_str(), Value::from(folder.as_str())));
        let projects = self.made.values().filter_map(|made| match made {
            Made::Workflow { name, folder } => Some((folder.as_str(), Value::from(name.as_str()))),
            Made::Not(_) => None,
        });
        Value::object([("types", Value::object(types)), ("projects", Value::object(projects))])
    }

    /// Type of a workflow, folder, name of the function. What all projects have under one name is taken from one.
    fn exported(&self, written: &BTreeMap<String, Project>) -> Vec<(String, String, String)> {
        let mut all: BTreeMap<String, (String, String)> = BTreeMap::new();
        for made in self.made.values() {
            let Made::Workflow { name, folder } = made else { continue };
            let text = written.get(folder).and_then(|project| project.files.get("workflow.ts"));
            for function in functions(text.map(String::as_str).unwrap_or_default()) {
                let called = if function == identifier(name) { name.clone() } else { function.clone() };
                all.entry(called).or_insert_with(|| (folder.clone(), function));
            }
        }
        all.into_iter().map(|(called, (folder, function))| (called, folder, function)).collect()
    }

    /// By TypeScript 7, which writes JavaScript whatever it has to say.
    fn compile(&mut self, written: &BTreeMap<String, Project>) -> Result<()> {
        let mut command = Command::new("node");
        command.args(["node_modules/typescript7/bin/tsc", "-p", "tsconfig.json", "--pretty", "false"]);
        let output = command.current_dir(self.folder()).stdin(Stdio::null()).output().context("node")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(output.status.success() || said.contains("error TS"), "tsc broke: {said}");
        let mut by_folder: BTreeMap<&str, &str> = BTreeMap::new();
        for line in said.lines().filter_map(|line| line.strip_prefix("src/")) {
            match line.split_once('/') {
                Some((folder, fault)) if written.contains_key(folder) => drop(by_folder.entry(folder).or_insert(fault)),
                _ => self.faults.push(line.to_owned()),
            }
        }
        for made in self.made.values_mut() {
            if let Made::Workflow { folder, .. } = made
                && let Some(fault) = by_folder.get(folder.as_str())
            {
                *made = Made::Not(Found::Broken(format!("it does not compile: {fault}")));
            }
        }
        Ok(())
    }
}

fn project(case: &Case, ready: &Ready, catalog: &Catalog) -> Result<Project, Found> {
    let name = case.slug();
    let workflow = identifier(&name);
    let (library, worker_queue) = (ready.library.clone(), super::WEIR.to_owned());
    let options = Options { project: name, workflow: Some(workflow), library, worker_queue, ..Options::default() };
    generate(&ready.flow, catalog, &options).map_err(|problems| {
        let first = problems.iter().find(|problem| problem.code.as_str() == UNSUPPORTED).or(problems.first());
        match first {
            Some(first) if first.code.as_str() == UNSUPPORTED => {
                Found::Refused { code: UNSUPPORTED.into(), what: first.message.clone() }
            }
            Some(first) => Found::Rejected(first.code.as_str().into()),
            None => Found::Broken("it was refused for no reason".to_owned()),
        }
    })
}

/// The function of `workflow.ts` that is the flow, and the type of its workflow elsewhere.
fn identifier(slug: &str) -> String {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("case_{}", slug.chars().map(sign).collect::<String>())
}

/// Names of the functions that `workflow.ts` exports, its own and those of other files.
fn functions(text: &str) -> Vec<String> {
    let own = text.lines().filter_map(|line| line.strip_prefix("export async function ")?.split_once('('));
    let others = text.lines().filter_map(|line| line.strip_prefix("export { ")?.split_once(" } from"));
    let others = others.flat_map(|(names, _)| names.split(", "));
    own.map(|(name, _)| name).chain(others).map(str::to_owned).collect()
}

/// Files that are the same wherever they are, and import nothing else.
fn shared(written: &BTreeMap<String, Project>) -> BTreeMap<&str, &str> {
    let (mut same, mut differ): (BTreeMap<&str, &str>, BTreeSet<&str>) = Default::default();
    for (name, text) in written.values().flat_map(|project| &project.files) {
        if !name.ends_with(".ts") || OWN.contains(&name.as_str()) || *same.entry(name).or_insert(text) != text.as_str()
        {
            differ.insert(name);
        }
    }
    while let Some(name) = same.iter().find(|(name, text)| {
        differ.contains(*name) || imports(text).any(|stem| !same.contains_key(format!("{stem}.ts").as_str()))
    }) {
        let name = *name.0;
        same.remove(name);
    }
    same
}

/// What is after `from './` in a file.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.split("from './").skip(1).filter_map(|rest| rest.split_once('\'')).map(|(stem, _)| stem)
}

/// That of a project, for all of them.
fn tsconfig(written: &BTreeMap<String, Project>) -> Result<String> {
    let Some(text) = written.values().find_map(|project| project.files.get("tsconfig.json")) else {
        return Ok("{}".to_owned());
    };
    let mut config: serde_json::Value = serde_json::from_str(text)?;
    config["include"] = serde_json::json!(["src/**/*.ts"]);
    config["compilerOptions"]["rootDir"] = "src".into();
    Ok(config.to_string())
}

/// `weir-conformance write NAME DIR`: the project of one case, to look at.
pub fn write(name: &str, to: &Path) -> Result<()> {
    let catalog = compose::catalog()?;
    let case = crate::case::all()?.into_iter().find(|case| case.name == name).context("there is no such case")?;
    let Prepared::Flow(ready) = case.prepare(&catalog)? else { bail!("its flow cannot be run") };
    let project = project(&case, &ready, &catalog).map_err(|found| anyhow::anyhow!("{found:?}"))?;
    std::fs::create_dir_all(to)?;
    for (name, text) in &project.files {
        std::fs::write(to.join(name), text)?;
    }
    Ok(())
}
