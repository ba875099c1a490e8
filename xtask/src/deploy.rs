//! What is in `deploy/`, checked as far as it goes without an engine: manifests against the schemas of Kubernetes,
//! the composition by docker-compose itself, and what they tell Weir against what Weir takes.

use crate::{process, programs, project, tools};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use weir_base::Value;

/// Names that look like settings of Weir and are the deployment's own.
const NOT_SETTINGS: [&str; 2] = ["WEIR_TAG", "WEIR_DATABASE_PASSWORD"];

/// What secrets of the environment begin with.
const SECRET: &str = "WEIR_SECRET_";

/// A server, and the workers that carry what it gives to Temporal.
const TOGETHER: [(&str, &str); 2] =
    [("docker-compose.yml", "docker-compose.yml"), ("kubernetes/server.yaml", "kubernetes/worker.yaml")];

/// The task queue where none is named.
const QUEUE: &str = "weir";

/// Settings that are taken from the environment alone, and so are not in the sample of the file.
const ENVIRONMENT_ONLY: [&str; 1] = ["WEIR_MASTER_KEY"];

pub fn check() -> Result<()> {
    let folder = project::root().join("deploy");
    manifests(&folder)?;
    composition(&folder)?;
    scripts(&folder)?;
    settings(&folder)?;
    TOGETHER.iter().try_for_each(|(server, worker)| meet(&folder.join(server), &folder.join(worker)))?;
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
            let own = [&NOT_SETTINGS[..], &ENVIRONMENT_ONLY].concat().contains(&&*name) || name.starts_with(SECRET);
            ensure!(own || known.contains(&name), "{}: there is no setting {name}", file.display());
        }
    }
    Ok(())
}

fn variables(text: &str) -> BTreeSet<String> {
    let parts = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
    parts.filter(|part| part.starts_with("WEIR_") && part.len() > 5).map(str::to_owned).collect()
}

/// The worker's options are those there are, it works at the task queue of the server, and it leaves journals to that.
fn meet(server: &Path, worker: &Path) -> Result<()> {
    let (text, shown) = (std::fs::read_to_string(worker)?, worker.display());
    let options = options(&text);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let help =
        process::output(&mut process::command(programs::weir()?, &[&["worker"], &*options, &["--help"]].concat()))?;
    ensure!(help.status.success(), "{shown}: {}", String::from_utf8_lossy(&help.stderr));
    ensure!(options.contains(&"--no-store"), "{shown}: the server is not to get the journals");
    let works_at = options.iter().find_map(|option| option.strip_prefix("--task-queue=")).unwrap_or(QUEUE);
    let given_to = queue(&std::fs::read_to_string(server)?).with_context(|| server.display().to_string())?;
    ensure!(works_at == given_to, "{shown}: it works at `{works_at}`, and runs are in `{given_to}`");
    Ok(())
}

/// What a worker is started with: the list after its name.
fn options(text: &str) -> Vec<String> {
    let after = text.lines().map(str::trim).skip_while(|line| *line != "- worker").skip(1);
    after.map_while(|line| line.strip_prefix("- --")).map(|option| format!("--{option}")).collect()
}

/// The task queue of a server's one connection; of cells, that of the first.
fn queue(text: &str) -> Result<String> {
    let given = text.lines().find_map(|line| line.split_once("'{")?.1.strip_suffix("}'"));
    let given = given.context("it is told of no Temporal")?.replace("$(POD)", "weir-0");
    let connections = Value::from_json(&format!("{{{given}}}"))?;
    let queue = connections.get("main").context("no connection is called main")?.get("taskQueue");
    Ok(queue.and_then(Value::as_str).unwrap_or(QUEUE).to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_worker_is_told() {
        assert_eq!(
            options("command:\n  - worker\n  - --a=b\n  - --no-store\nother:\n  - --c\n"),
            ["--a=b", "--no-store"]
        );
        assert!(options("- serve\n- --a\n").is_empty());
    }

    #[test]
    fn where_a_server_gives_runs_to() {
        assert_eq!(queue("  X: '{\"main\": {\"address\": \"a\"}}'\n").unwrap(), QUEUE);
        assert_eq!(queue("  value: '{\"main\": {\"taskQueue\": \"$(POD)\"}}'").unwrap(), "weir-0");
        assert!(queue("WEIR_DEMO: true").is_err());
    }
}
