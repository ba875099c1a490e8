use crate::{process, programs, project, ui};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use weir_base::Value;

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
    let weir = programs::weir()?;
    for file in project::files(&corpus.join("tree"), "yaml")? {
        check(&weir, &file, &[])?;
    }
    for file in project::files(&corpus.join("organism"), "yaml")? {
        check(&weir, &file, &EXPECTED)?;
    }
    order_process(&weir, &corpus.join("tree/05-order-processing.yaml"))?;
    greeter(&weir, &corpus.join("organism/hello-world.yaml"))?;
    ui::corpus()
}

/// The file has no errors, and no warnings but the allowed ones.
fn check(weir: &Path, file: &Path, allowed: &[&str]) -> Result<()> {
    let output = process::output(process::command(weir, &["check", "--format", "json"]).arg(file))?;
    let found = process::json(&output).context("weir check")?;
    let counts = |diagnostic: &&Value| text(diagnostic, "severity") != "info";
    let found = found.as_array().unwrap_or_default().iter().filter(counts);
    let codes: BTreeSet<&str> = found.map(|diagnostic| text(diagnostic, "code")).collect();
    let other: Vec<&&str> = codes.iter().filter(|code| !allowed.contains(code)).collect();
    ensure!(output.status.success(), "weir check {} ended with {}: {codes:?}", file.display(), output.status);
    ensure!(other.is_empty(), "weir check {} also found {other:?}", file.display());
    println!("corpus: check {}: ok {codes:?}", project::name_of(file));
    Ok(())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn order_process(weir: &Path, file: &Path) -> Result<()> {
    let run = run_flow(weir, file, &[])?;
    let steps = run.get("steps").and_then(Value::as_array).unwrap_or_default();
    let failed: Vec<&Value> = steps.iter().filter(|step| text(step, "status") != "succeeded").collect();
    ensure!(!steps.is_empty() && failed.is_empty(), "steps of the order process did not succeed: {failed:?}");
    println!("corpus: run {}: ok, {} steps", project::name_of(file), steps.len());
    Ok(())
}

/// The greeter answers whoever called it, with the bindings an example gives.
fn greeter(weir: &Path, file: &Path) -> Result<()> {
    let folder = project::root().join("examples/hello-world");
    let read =
        |name: &str| std::fs::read_to_string(folder.join(name)).with_context(|| format!("examples/hello-world/{name}"));
    let (bindings, input) = (read("bind.txt")?, read("input.json")?);
    let mut args = vec!["--input", &input];
    bindings.lines().filter(|line| !line.is_empty()).for_each(|binding| args.extend(["--bind", binding]));
    let run = run_flow(weir, file, &args)?;
    let output =
        run.get("output").filter(|output| !output.is_null()).context("the greeter did not answer its caller")?;
    println!("corpus: run {}: ok, {output}", project::name_of(file));
    Ok(())
}

/// Runs a flow in virtual time; it must succeed.
fn run_flow(weir: &Path, file: &Path, args: &[&str]) -> Result<Value> {
    let data: PathBuf = project::target()?.join("corpus");
    let _ = std::fs::remove_dir_all(&data);
    let mut command = process::command(weir, &["run", "--json", "--virtual-time"]);
    let output = process::output(command.arg(file).args(args).arg("--data").arg(&data))?;
    let run = process::json(&output).context("weir run")?;
    let error = run.get("error").unwrap_or(&Value::Null);
    ensure!(text(&run, "status") == "succeeded", "{} ended as {}: {error}", file.display(), text(&run, "status"));
    Ok(run)
}
