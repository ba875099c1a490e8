use crate::group::{Group, Takes, run_all, run_one};
use crate::process::{cargo, command, run as start};
use crate::programs::{self, TARGETS, WITH_TEMPORAL};
use crate::{api, conformance, crash, deploy, fuzz, ops, pages, project, readme, serve, tools, ui};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Tests that are groups of their own.
const APART: [&str; 3] = ["fuzz", "crash", "outside"];

/// Tests against programs of other people that take longest, and how many such programs run at the same time: they wait
/// for those programs most of the time.
const LONGEST: [&str; 3] = ["outside_host", "outside_cluster", "outside_temporal"];
const BESIDE: usize = 2;

/// First what is cheap to hear of and what builds, one after the other; then what runs, longest first, so that no lane
/// is left alone with much at the end.
const GROUPS: [Group; 22] = [
    Group { name: "format", takes: Takes::All, run: formatted },
    Group { name: "tidy", takes: Takes::All, run: tidy },
    Group { name: "clippy", takes: Takes::All, run: clippy },
    Group { name: "build", takes: Takes::All, run: programs::build },
    Group { name: "interface", takes: Takes::All, run: ui::interface },
    Group { name: "tests", takes: Takes::Part, run: tests },
    Group { name: "outside", takes: Takes::Part, run: outside },
    Group { name: "browser", takes: Takes::Part, run: ui::browser_sample },
    Group { name: "conformance", takes: Takes::Part, run: conformance::check },
    Group { name: "crash", takes: Takes::Part, run: crash::sample },
    Group { name: "api", takes: Takes::Part, run: api::run },
    Group { name: "ui", takes: Takes::Part, run: ui::check },
    Group { name: "deny", takes: Takes::Part, run: deny },
    Group { name: "ops", takes: Takes::Part, run: ops::run },
    Group { name: "readme", takes: Takes::Part, run: readme::check },
    Group { name: "doctests", takes: Takes::Part, run: doctests },
    Group { name: "fuzz", takes: Takes::Part, run: fuzz::short },
    Group { name: "pages", takes: Takes::Part, run: pages::check },
    Group { name: "examples", takes: Takes::Part, run: examples },
    Group { name: "serve", takes: Takes::Part, run: serve::check },
    Group { name: "deploy", takes: Takes::Part, run: deploy::check },
    Group { name: "histories", takes: Takes::Part, run: histories },
];

pub fn run() -> Result<()> {
    run_all(&GROUPS)
}

/// `group NAME`: one of them, as `make test` runs it.
pub fn group() -> Result<()> {
    let names = || GROUPS.iter().map(|group| group.name).collect::<Vec<_>>().join(", ");
    let name = std::env::args().nth(2).with_context(|| format!("which one? There are {}", names()))?;
    run_one(&GROUPS, &name)
}

pub fn format() -> Result<()> {
    start(cargo(&["fmt", "--all", "--"]).args(kinds()?))
}

fn formatted() -> Result<()> {
    start(cargo(&["fmt", "--all", "--check", "--"]).args(kinds()?))
}

/// Files of kinds, whose modules stand in a list that `rustfmt` does not follow.
fn kinds() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for vendor in project::folders(&project::root().join("crates/kinds/src"))? {
        files.extend(project::files(&vendor, "rs")?);
    }
    Ok(files)
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
    if !tools::has_nextest() {
        return programs::run_all(&programs::tests(|name| !APART.iter().any(|word| name.starts_with(word)))?);
    }
    let mut args = vec!["nextest", "run", "--no-fail-fast", "--status-level", "slow", "--final-status-level", "flaky"];
    args.extend(TARGETS);
    let apart = format!("not binary(/^({})/)", APART.join("|"));
    let threads = threads().to_string();
    args.extend(["--filterset", &apart, "--test-threads", &threads]);
    let mut command = cargo(&args);
    command.envs(programs::SAME_EVERY_TIME);
    if programs::tries_again() {
        command.args(["--retries", "1"]);
    }
    start(&mut command)
}

/// Most tests wait for a server, a database or a child half of their time: with one for each processor half of the
/// machine would wait along.
fn threads() -> usize {
    2 * std::thread::available_parallelism().map_or(2, usize::from)
}

/// Tests against programs of other people, which are put into `.tools/` or beside the tests.
fn outside() -> Result<()> {
    tools::npm("crates/server/tests/outside_oidc")?;
    tools::python()?;
    tools::dovecot()?;
    tools::temporal()?;
    tools::toolchain()?;
    let mut tests = programs::tests(|name| name.starts_with("outside"))?;
    // Those that wait longest first: the others have room beside them.
    tests.sort_by_key(|test| LONGEST.iter().position(|name| test.name == *name).unwrap_or(LONGEST.len()));
    programs::run_beside(&tests, BESIDE)
}

fn doctests() -> Result<()> {
    start(&mut cargo(&["test", "--quiet", "--workspace", WITH_TEMPORAL, "--doc"]))
}

/// Runs every example, compares it with what is expected, and replays it from its journal.
fn examples() -> Result<()> {
    let folder = project::root().join("examples");
    if project::folders(&folder)?.is_empty() {
        bail!("examples/ is empty");
    }
    start(&mut command(programs::weir()?, &["test", "examples"]))
}

/// Journals of earlier versions, answered by this one. They are never written again.
fn histories() -> Result<()> {
    start(&mut command(programs::weir()?, &["test", "histories"]))
}
