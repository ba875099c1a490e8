use crate::serve::{Served, empty};
use crate::{process, programs, project};
use anyhow::{Context, Result, ensure};
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The section of the README that is tried, and what stands there for what a server prints.
const SECTION: &str = "## A tour of the server";
const URL: &str = "http://127.0.0.1:7878";
const SIGN_IN: &str = "http://127.0.0.1:7878/sign-in/TOKEN";

/// Printed between two commands.
const MARK: &str = "@@ next";

/// A command as it stands after a `$`, and the lines that must appear in what it prints; `…` stands for anything.
#[derive(Debug, PartialEq)]
struct Step<'a> {
    command: String,
    expected: Vec<&'a str>,
}

/// Carries out every command of the tour, in one shell and against a fresh server, and compares what they print.
pub fn check() -> Result<()> {
    let text = std::fs::read_to_string(project::root().join("README.md"))?;
    let steps = steps(section(&text).context("README.md has no tour of the server")?);
    ensure!(steps.len() > 10, "the tour has only {} commands", steps.len());
    let weir = programs::weir()?;
    let folder = empty("readme")?;
    let served = Served::start(&weir, &folder.join("data"))?;
    let sign_in = served.address("sign in").context("the server prints no sign-in link")?;
    let script = script(&steps).replace(SIGN_IN, &sign_in).replace(URL, &served.url);
    let printed = run(&script, &folder, &weir)?;
    let mut wrong = String::new();
    for (step, said) in steps.iter().zip(printed.split(MARK)) {
        for line in step.expected.iter().filter(|line| !appears(&line.replace(URL, &served.url), said)) {
            let _ = writeln!(wrong, "$ {}\n  does not print: {line}\n  but: {}", step.command, said.trim());
        }
    }
    served.stop()?;
    ensure!(wrong.is_empty(), "the tour in README.md is not true:\n{wrong}");
    println!("readme: {} commands", steps.len());
    Ok(())
}

fn section(text: &str) -> Option<&str> {
    let rest = &text[text.find(SECTION)? + SECTION.len()..];
    Some(rest.find("\n## ").map_or(rest, |end| &rest[..end]))
}

/// The commands between ```` ```console ```` fences. One goes on on the next line after a `\`, and until the end of a
/// here-document.
fn steps(section: &str) -> Vec<Step<'_>> {
    let mut found: Vec<Step> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        let mut lines = block.split("\n```").next().unwrap_or_default().lines();
        while let Some(line) = lines.next() {
            let Some(first) = line.strip_prefix("$ ") else {
                found.last_mut().into_iter().for_each(|step| step.expected.push(line));
                continue;
            };
            let mut command = first.to_owned();
            let ends = |command: &str| {
                !command.ends_with('\\') && here(command).is_none_or(|end| command.ends_with(&format!("\n{end}")))
            };
            while !ends(&command) {
                let Some(next) = lines.next() else { break };
                command.push('\n');
                command.push_str(next);
            }
            found.push(Step { command, expected: Vec::new() });
        }
    }
    found
}

/// The word a here-document ends with.
fn here(command: &str) -> Option<&str> {
    let rest = command.lines().next()?.split_once("<<'")?.1;
    rest.split('\'').next()
}

fn script(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("{}\necho '{MARK}'\n", step.command)).collect()
}

fn run(script: &str, folder: &Path, weir: &Path) -> Result<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let beside = weir.parent().unwrap_or(Path::new(".")).display().to_string();
    let mut command = Command::new("bash");
    command.args(["-c", &format!("exec 2>&1\n{script}")]).current_dir(folder).stdin(Stdio::null());
    command.env("PATH", format!("{beside}:{path}")).env("XDG_CONFIG_HOME", folder.join("config"));
    for name in ["WEIR_SERVER", "WEIR_KEY", "WEIR_DATA"] {
        command.env_remove(name);
    }
    Ok(String::from_utf8_lossy(&process::output(&mut command)?.stdout).into_owned())
}

/// Whether a printed line has these parts in this order.
fn appears(expected: &str, printed: &str) -> bool {
    let has = |line: &str| {
        let mut rest = line;
        expected.trim().split('…').all(|part| match rest.find(part) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
    };
    printed.lines().any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_what_they_print() {
        let text = "x\n## A tour of the server\n\n```console\n$ cat > f <<'E'\na\nE\n$ one \\\n  two\nsaid … so\n```\n\n## Next\n$ no\n";
        let found = steps(section(text).unwrap());
        assert_eq!(found.len(), 2);
        assert_eq!((&*found[0].command, found[0].expected.len()), ("cat > f <<'E'\na\nE", 0));
        assert_eq!((&*found[1].command, &*found[1].expected), ("one \\\n  two", &["said … so"][..]));
    }

    #[test]
    fn what_is_missing_is_noticed() {
        assert!(appears("{\"a\":1,…\"c\":3", "x\n{\"a\":1,\"b\":2,\"c\":3}"));
        assert!(!appears("c…a", "a b c"));
        assert!(!appears("303", "401"));
    }
}
