use crate::group::{Group, run_all};
use crate::process::{cargo, command, run as start};
use crate::{api, conformance, crash, deploy, fuzz, ops, pages, project, readme, serve, tools, ui};
use anyhow::{Result, bail};

/// Tests that are groups of their own.
const APART: [&str; 3] = ["fuzz", "crash", "outside"];

/// What a release has and a quick build has not.
const WITH_TEMPORAL: &str = "--features=weir-cli/temporal";

/// In the order in which a mistake is cheapest to hear of.
const GROUPS: [Group; 20] = [
    Group { name: "format", run: formatted },
    Group { name: "tidy", run: tidy },
    Group { name: "clippy", run: clippy },
    Group { name: "deny", run: deny },
    Group { name: "ui", run: ui::check },
    Group { name: "tests", run: tests },
    Group { name: "doctests", run: doctests },
    Group { name: "pages", run: pages::check },
    Group { name: "examples", run: examples },
    Group { name: "histories", run: histories },
    Group { name: "conformance", run: conformance::check },
    Group { name: "serve", run: serve::check },
    Group { name: "browser", run: ui::browser_sample },
    Group { name: "readme", run: readme::check },
    Group { name: "outside", run: outside },
    Group { name: "api", run: api::run },
    Group { name: "ops", run: ops::run },
    Group { name: "deploy", run: deploy::check },
    Group { name: "crash", run: crash::sample },
    Group { name: "fuzz", run: fuzz::short },
];

pub fn run() -> Result<()> {
    run_all(&GROUPS)
}

pub fn format() -> Result<()> {
    start(&mut cargo(&["fmt", "--all"]))
}

fn formatted() -> Result<()> {
    start(&mut cargo(&["fmt", "--all", "--check"]))
}

fn tidy() -> Result<()> {
    start(&mut cargo(&["test", "--quiet", "--package", "xtask", "--test", "tidy"]))
}

fn clippy() -> Result<()> {
    start(&mut cargo(&["clippy", "--quiet", "--workspace", "--all-targets", WITH_TEMPORAL, "--", "--deny", "warnings"]))
}

fn deny() -> Result<()> {
    let program = tools::cargo_deny()?;
    start(&mut command(program, &["--all-features", "check", "licenses", "bans", "sources"]))
}

/// Unit and integration tests of every crate, but for those that are groups of their own.
fn tests() -> Result<()> {
    tools::postgresql()?;
    let apart = |name: &str| APART.iter().any(|word| name.starts_with(word));
    let mut names: Vec<String> = project::test_targets()?.into_iter().map(|(_, name)| name).collect();
    names.retain(|name| !apart(name));
    names.sort();
    names.dedup();
    let mut args = match tools::has_nextest() {
        true => vec!["nextest", "run", "--no-fail-fast", "--status-level", "slow", "--final-status-level", "fail"],
        false => vec!["test", "--quiet", "--no-fail-fast"],
    };
    args.extend(["--workspace", "--lib", "--bins", WITH_TEMPORAL]);
    names.iter().for_each(|name| args.extend(["--test", name]));
    // The same cases every time: a failure is the change's own. `make fuzz` looks for new ones.
    start(cargo(&args).env("INSTA_UPDATE", "no").env("PROPTEST_RNG_SEED", "20261120"))
}

/// Tests against programs of other people, which are put into `.tools/` or beside the tests.
fn outside() -> Result<()> {
    tools::npm("crates/server/tests/outside_oidc")?;
    tools::python()?;
    tools::dovecot()?;
    tools::temporal()?;
    tools::toolchain()?;
    let targets = project::test_targets()?.into_iter().filter(|(_, name)| name.starts_with("outside"));
    for (krate, name) in targets {
        let package = format!("weir-{krate}");
        start(&mut cargo(&["test", "--quiet", "--package", &package, "--test", &name]))?;
    }
    Ok(())
}

fn doctests() -> Result<()> {
    start(&mut cargo(&["test", "--quiet", "--workspace", "--doc"]))
}

/// Runs every example, compares it with what is expected, and replays it from its journal.
fn examples() -> Result<()> {
    let folder = project::root().join("examples");
    if project::folders(&folder)?.is_empty() {
        bail!("examples/ is empty");
    }
    start(&mut command(project::fresh_weir()?, &["test", "examples"]))
}

/// Journals of earlier versions, answered by this one. They are never written again.
fn histories() -> Result<()> {
    start(&mut command(project::fresh_weir()?, &["test", "histories"]))
}
