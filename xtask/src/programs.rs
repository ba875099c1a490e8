//! The programs tests are made of, all built at once and with the same features of every crate. A build of one package
//! alone chooses others' features differently, and then builds them all again.

use crate::process::{self, cargo};
use crate::project;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use weir_base::Value;

/// What a release has and a quick build has not.
pub const WITH_TEMPORAL: &str = "--features=weir-cli/temporal";

/// What is built for tests: every crate's own, those in `tests/`, and the programs they start.
pub const TARGETS: [&str; 5] = ["--workspace", WITH_TEMPORAL, "--lib", "--bins", "--tests"];

/// A failure is the change's own: nothing is taken as it comes, and snapshots are only compared.
pub const SAME_EVERY_TIME: [(&str, &str); 2] = [("INSTA_UPDATE", "no"), ("PROPTEST_RNG_SEED", "20261120")];

/// Whether a test that failed is tried once more: on machines of others, which may be busier than any time limit foresaw.
/// Who passed only then is named, and is to be mended.
pub fn tries_again() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// A built test, and the folder of its crate, where it is to be run.
pub struct Test {
    pub name: String,
    program: PathBuf,
    folder: PathBuf,
}

/// Builds everything, where it is not built yet.
pub fn build() -> Result<()> {
    process::run(cargo(&["test", "--quiet", "--no-run"]).args(TARGETS))
}

/// The `weir` tests use, built as they are.
pub fn weir() -> Result<PathBuf> {
    bin("weir")
}

/// One of the workspace's programs. A small test beside it makes cargo choose features as for all tests.
pub fn bin(name: &str) -> Result<PathBuf> {
    let args = ["build", "--quiet", "--workspace", WITH_TEMPORAL, "--bin", name, "--test", "tidy"];
    process::run(&mut cargo(&args))?;
    Ok(project::weir()?.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Every crate's own tests and those in `tests/`, built; those whose names are wanted.
pub fn tests(wanted: impl Fn(&str) -> bool) -> Result<Vec<Test>> {
    let mut command = cargo(&["test", "--quiet", "--no-run", "--message-format", "json-render-diagnostics"]);
    let output = command.args(TARGETS).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("the tests do not build: {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found: Vec<Test> = text.lines().filter_map(read).filter(|test| wanted(&test.name)).collect();
    found.sort_by(|one, other| (&one.folder, &one.name).cmp(&(&other.folder, &other.name)));
    if found.is_empty() { bail!("there is no such test") } else { Ok(found) }
}

/// A message of cargo's that a test is built.
fn read(line: &str) -> Option<Test> {
    let message = Value::from_json(line).ok()?;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let is_test = message.get("profile")?.get("test")?.as_bool()?;
    let folder = Path::new(&text(&message, "manifest_path")?).parent()?.to_owned();
    let name = text(message.get("target")?, "name").filter(|_| is_test)?;
    Some(Test { name, program: text(&message, "executable")?.into(), folder })
}

/// One after the other, all of them also after one has failed.
pub fn run_all(tests: &[Test]) -> Result<()> {
    let failed: Vec<&str> = tests.iter().filter(|test| test.run().is_err()).map(|test| test.name.as_str()).collect();
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// So many beside each other, begun in their order, all of them also after one has failed. What one prints is kept, and
/// shown whole once it has ended.
pub fn run_beside(tests: &[Test], lanes: usize) -> Result<()> {
    let (left, failed) = (Mutex::new(tests.iter()), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                while let Some(test) = next() {
                    if let Err(failure) = test.run_quietly(&[]) {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push((test, failure));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let failed: Vec<String> = failed.iter().filter_map(|(test, failure)| test.try_again(failure)).collect();
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// Why a test's program failed, and which of its tests it named.
struct Failure {
    why: String,
    tests: Vec<String>,
}

impl Failure {
    fn of(why: impl ToString, output: &str) -> Self {
        Self { why: why.to_string(), tests: failed_in(output) }
    }
}

/// The list with which the output of a test's program ends.
fn failed_in(output: &str) -> Vec<String> {
    let list = output.rsplit_once("\nfailures:\n").map_or("", |(_, list)| list);
    list.lines().map_while(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

impl Test {
    /// As cargo starts it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder).stdin(Stdio::null());
        command.envs(SAME_EVERY_TIME);
        command
    }

    fn run(&self) -> Result<()> {
        println!("{}: {}", project::name_of(&self.folder), self.name);
        process::run(&mut self.command(&["--quiet"]))
    }

    /// Of its tests those named, or all.
    fn run_quietly(&self, only: &[String]) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut command = self.command(&["--quiet"]);
        let output = command.args(only).args((!only.is_empty()).then_some("--exact")).output();
        let output = output.map_err(|error| Failure::of(error, ""))?;
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).trim().to_owned());
        let (folder, took) = (project::name_of(&self.folder), begun.elapsed().as_secs_f64());
        println!("{folder}: {} in {took:.1} s\n{}\n", self.name, said.join("\n").trim());
        if output.status.success() { Ok(()) } else { Err(Failure::of(output.status, &said[0])) }
    }

    /// What is left to say of one that failed beside others, after it was tried alone where that is done.
    fn try_again(&self, failure: &Failure) -> Option<String> {
        let names = failure.tests.join(", ");
        if !tries_again() || failure.tests.is_empty() {
            return Some(format!("{}: {} {names}", self.name, failure.why));
        }
        match self.run_quietly(&failure.tests) {
            Ok(()) => {
                println!("FLAKY {}: passed only when tried again: {names}", self.name);
                None
            }
            Err(again) => Some(format!("{}: {} twice: {names}", self.name, again.why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_names_its_failed_tests_last() {
        let output =
            "\nfailures:\n\n---- a::b stdout ----\n    indented\n\nfailures:\n    a::b\n    c\n\ntest result: FAILED.";
        assert_eq!(failed_in(output), ["a::b", "c"]);
        assert!(failed_in("test result: ok.").is_empty());
    }

    #[test]
    fn only_built_tests_are_taken() {
        let line = |test: bool, program: &str| {
            format!(
                r#"{{"reason": "compiler-artifact", "manifest_path": "/w/crates/a/Cargo.toml",
                   "profile": {{"test": {test}}}, "target": {{"name": "crash"}}, "executable": {program}}}"#
            )
        };
        let found = read(&line(true, r#""/w/target/debug/deps/crash-1""#)).unwrap();
        assert_eq!((found.name.as_str(), found.folder.to_str()), ("crash", Some("/w/crates/a")));
        assert!(read(&line(false, r#""/x""#)).is_none());
        assert!(read(&line(true, "null")).is_none());
        assert!(read("no message").is_none());
    }
}
