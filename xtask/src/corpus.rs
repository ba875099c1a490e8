use crate::{process, project};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What an organism may be warned of while its surroundings are missing.
const EXPECTED: [&str; 4] =
    ["AGENT_WITHOUT_PROMPT", "GATEWAY_NOT_CONNECTED", "UNBOUND_HANDLER", "UNREACHABLE_LISTENER"];

/// Checks with files that are kept outside this repository; says so in one line where they are not there.
pub fn run() -> Result<()> {
    let corpus = project::root().join("../shared/corpus");
    if !corpus.is_dir() {
        println!("corpus: skipped, there is no ../shared/corpus");
        return Ok(());
    }
    let weir = project::debug_weir()?;
    for file in project::files(&corpus.join("tree"), "yaml")? {
        check(&weir, &file, &[])?;
    }
    for file in project::files(&corpus.join("organism"), "yaml")? {
        check(&weir, &file, &EXPECTED)?;
    }
    order_process(&weir, &corpus.join("tree/05-order-processing.yaml"))?;
    greeter(&weir, &corpus.join("organism/hello-world.yaml"))
}

/// The file has no errors, and no warnings but the allowed ones.
fn check(weir: &Path, file: &Path, allowed: &[&str]) -> Result<()> {
    let output = process::output(process::command(weir, &["check", "--format", "json"]).arg(file))?;
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).context("weir check printed no JSON")?;
    let code = |diagnostic: &Value| diagnostic["code"].as_str().unwrap_or_default().to_owned();
    let counts = |diagnostic: &&Value| diagnostic["severity"] != "info";
    let codes: BTreeSet<String> = found.iter().filter(counts).map(code).collect();
    let other: Vec<&String> = codes.iter().filter(|code| !allowed.contains(&code.as_str())).collect();
    ensure!(output.status.success(), "weir check {} ended with {}", file.display(), output.status);
    ensure!(other.is_empty(), "weir check {} also found {other:?}", file.display());
    println!("corpus: check {}: ok {codes:?}", project::name_of(file));
    Ok(())
}

fn order_process(weir: &Path, file: &Path) -> Result<()> {
    let run = run_flow(weir, file, &["--virtual-time"])?;
    ensure!(run["status"] == "succeeded", "the order process ended as {}: {}", run["status"], run["error"]);
    let steps = run["steps"].as_array().context("no steps")?;
    let failed: Vec<&Value> = steps.iter().filter(|step| step["status"] != "succeeded").collect();
    ensure!(!steps.is_empty() && failed.is_empty(), "steps of the order process did not succeed: {failed:?}");
    println!("corpus: run {}: ok, {} steps", project::name_of(file), steps.len());
    Ok(())
}

/// The greeter answers whoever called it, with the bindings and the input of an example.
fn greeter(weir: &Path, file: &Path) -> Result<()> {
    let folder = project::root().join("examples/corpus-hello-world");
    let read = |name: &str| {
        std::fs::read_to_string(folder.join(name)).with_context(|| format!("examples/corpus-hello-world/{name}"))
    };
    let bindings: Vec<String> = serde_json::from_str(&read("bind.json")?).context("bind.json is a list of NAME=…")?;
    let input = read("input.json")?;
    let mut args = vec!["--virtual-time", "--input", &input];
    bindings.iter().for_each(|binding| args.extend(["--bind", binding]));
    let run = run_flow(weir, file, &args)?;
    ensure!(run["status"] == "succeeded", "the greeter ended as {}: {}", run["status"], run["error"]);
    ensure!(!run["output"].is_null(), "the greeter did not answer its caller");
    println!("corpus: run {}: ok, {}", project::name_of(file), run["output"]);
    Ok(())
}

fn run_flow(weir: &Path, file: &Path, args: &[&str]) -> Result<Value> {
    let data: PathBuf = project::target().join("corpus");
    let _ = std::fs::remove_dir_all(&data);
    let mut command = process::command(weir, &["run", "--json"]);
    command.arg(file).args(args).arg("--data").arg(&data);
    let output = process::output(&mut command)?;
    if output.stdout.is_empty() {
        bail!("weir run {} said: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("weir run printed no JSON")
}
