//! What is in `deploy/`, checked as far as it goes without an engine: manifests against the schemas of Kubernetes,
//! the composition by docker-compose itself, and what they tell Weir against what Weir takes.

use crate::{process, project, tools};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names that look like settings of Weir and are the deployment's own.
const NOT_SETTINGS: [&str; 2] = ["WEIR_TAG", "WEIR_DATABASE_PASSWORD"];

/// Settings that are taken from the environment alone, and so are not in the sample of the file.
const ENVIRONMENT_ONLY: [&str; 1] = ["WEIR_MASTER_KEY"];

pub fn check() -> Result<()> {
    let folder = project::root().join("deploy");
    manifests(&folder)?;
    composition(&folder)?;
    scripts(&folder)?;
    settings(&folder)?;
    image(&folder)
}

/// Unknown members are errors too. Kinds that others define have no schema here, and are only read.
fn manifests(folder: &Path) -> Result<()> {
    let python = tools::python()?;
    let mut files = project::files(&folder.join("kubernetes"), "yaml")?;
    files.retain(|path| project::stem_of(path) != "kustomization");
    ensure!(!files.is_empty(), "deploy/kubernetes is empty");
    let names = files.iter().map(|path| path.to_string_lossy().into_owned());
    let mut validate = process::command(&python, &["-m", "kubernetes_validate", "--strict", "--quiet"]);
    process::run(validate.args(names))?;
    every_manifest_is_listed(folder, &files)
}

fn every_manifest_is_listed(folder: &Path, files: &[PathBuf]) -> Result<()> {
    let list = std::fs::read_to_string(folder.join("kubernetes/kustomization.yaml"))?;
    for file in files {
        let name = project::name_of(file);
        ensure!(list.contains(&format!("- {name}")), "kustomization.yaml does not list {name}");
    }
    Ok(())
}

fn composition(folder: &Path) -> Result<()> {
    let modules = tools::docker_compose()?;
    let filled = project::target()?.join("deploy.env");
    let example = std::fs::read_to_string(folder.join("example.env"))?;
    let fill = |line: &str| if line.ends_with('=') { format!("{line}x\n") } else { format!("{line}\n") };
    std::fs::write(&filled, example.lines().map(fill).collect::<String>())?;
    compose(folder, &modules, Some(&filled))?;
    ensure!(compose(folder, &modules, None).is_err(), "the composition starts without passwords");
    Ok(())
}

fn compose(folder: &Path, modules: &Path, settings: Option<&Path>) -> Result<()> {
    let code = "from compose.cli.main import main; main()";
    let mut command = process::command("/usr/bin/python3", &["-c", code]);
    if let Some(settings) = settings {
        command.arg("--env-file").arg(settings);
    }
    command.args(["config", "--quiet"]).env("PYTHONPATH", modules).current_dir(folder);
    for name in variables(&std::fs::read_to_string(folder.join("example.env"))?) {
        command.env_remove(name);
    }
    let output = process::output(&mut command)?;
    ensure!(output.status.success(), "docker-compose: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn scripts(folder: &Path) -> Result<()> {
    let script = folder.join("compose/roles.sh").to_string_lossy().into_owned();
    process::run(&mut process::command("sh", &["-n", &script]))?;
    let promtool = tools::prometheus()?.join("promtool");
    let config = folder.join("compose/prometheus.yml").to_string_lossy().into_owned();
    let output = process::output(&mut process::command(promtool, &["check", "config", "--syntax-only", &config]))?;
    ensure!(output.status.success(), "promtool: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Every `WEIR_…` is a setting there is.
fn settings(folder: &Path) -> Result<()> {
    let sample = std::fs::read_to_string(project::root().join("docs/weir.sample.yaml"))?;
    let known: BTreeSet<String> = variables(&sample);
    let mut files = project::files(&folder.join("kubernetes"), "yaml")?;
    files.extend(["docker-compose.yml", "example.env"].map(|name| folder.join(name)));
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        for name in variables(&text) {
            let own = NOT_SETTINGS.contains(&&*name) || ENVIRONMENT_ONLY.contains(&&*name);
            ensure!(own || known.contains(&name), "{}: there is no setting {name}", file.display());
        }
    }
    Ok(())
}

fn variables(text: &str) -> BTreeSet<String> {
    let parts = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
    parts.filter(|part| part.starts_with("WEIR_") && part.len() > 5).map(str::to_owned).collect()
}

/// What is copied is there, and nobody is root.
fn image(folder: &Path) -> Result<()> {
    let text = std::fs::read_to_string(folder.join("Dockerfile"))?;
    let last = text.rsplit("\nFROM ").next().unwrap_or_default();
    ensure!(last.contains("\nUSER 65532:65532\n"), "the image runs as root");
    let copied = text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"));
    for line in copied {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.pop();
        for word in words {
            ensure!(project::root().join(word).exists(), "the Dockerfile copies {word}, which is not there");
        }
    }
    let rust = std::fs::read_to_string(project::root().join("Cargo.toml"))?;
    let version = rust.lines().find_map(|line| line.strip_prefix("rust-version = \"")).context("no rust-version")?;
    let version = version.trim_end_matches('"');
    ensure!(
        text.contains(&format!("FROM rust:{version}-alpine")),
        "the Dockerfile builds with another Rust than {version}"
    );
    Ok(())
}
