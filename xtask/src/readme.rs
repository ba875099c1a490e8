use crate::serve::{Served, empty};
use crate::{process, programs, project, tools};
use anyhow::{Context, Result, ensure};
use std::fmt::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The sections of the README that are tried, the second with the server of the first stopped, and what stands there for
/// what a server prints, and for Temporal's address.
const TOUR: &str = "## A tour of the server";
const MOVE: &str = "## From one machine to Temporal";
const URL: &str = "http://127.0.0.1:7878";
const SIGN_IN: &str = "http://127.0.0.1:7878/sign-in/TOKEN";
const TEMPORAL: &str = "127.0.0.1:7233";

/// Where the README has the data of `make run`.
const DATA: &str = ".weir";

/// Printed between two commands.
const MARK: &str = "@@ next";

/// A command as it stands after a `$`, and the lines that must appear in what it prints; `…` stands for anything.
#[derive(Debug, PartialEq)]
struct Step<'a> {
    command: String,
    expected: Vec<&'a str>,
}

/// Carries out every command of the tour against a fresh server, and of the move to Temporal with its data, and compares
/// what they print.
pub fn check() -> Result<()> {
    let text = std::fs::read_to_string(project::root().join("README.md"))?;
    let of = |name: &str| section(&text, name).map(steps).with_context(|| format!("README.md has no `{name}`"));
    let (tour, moved) = (of(TOUR)?, of(MOVE)?);
    ensure!(tour.len() > 10 && moved.len() > 5, "there are only {} and {} commands", tour.len(), moved.len());
    let shell = Shell { folder: empty("readme")?, weir: programs::weir()?, temporal: tools::temporal()? };
    let served = Served::start(&shell.weir, &shell.folder.join(DATA))?;
    let (url, sign_in) = (served.url.clone(), served.address("sign in").context("the server prints no sign-in link")?);
    // What the second shell goes on with.
    let keep = "declare -p URL HOOK > variables\n";
    let real = |script: String| script.replace(SIGN_IN, &sign_in).replace(URL, &url);
    let mut wrong = different(&tour, &shell.run(&real(script(&tour) + keep), &[])?, &url);
    served.stop()?;
    let cluster = Cluster::start(&shell.temporal)?;
    let begin =
        format!(". ./variables\n{}", patiently(&format!("temporal operator cluster health --address {TEMPORAL}")));
    let moving = (begin + &script(&moved) + "kill $(jobs -p)\nwait\n").replace(TEMPORAL, &cluster.address);
    let listen = url.strip_prefix("http://").unwrap_or(&url);
    wrong += &different(&moved, &shell.run(&moving, &[("WEIR_LISTEN", listen)])?, &url);
    ensure!(wrong.is_empty(), "what README.md says is not true:\n{wrong}");
    println!("readme: {} commands", tour.len() + moved.len());
    Ok(())
}

/// What was to be printed and was not.
fn different(steps: &[Step], printed: &str, url: &str) -> String {
    let mut wrong = String::new();
    for (step, said) in steps.iter().zip(printed.split(MARK).chain(std::iter::repeat(""))) {
        for line in step.expected.iter().filter(|line| !appears(&line.replace(URL, url), said)) {
            let _ = writeln!(wrong, "$ {}\n  does not print: {line}\n  but: {}", step.command, said.trim());
        }
    }
    wrong
}

/// Temporal's development server, in memory.
struct Cluster {
    child: Child,
    address: String,
}

impl Cluster {
    fn start(program: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(program);
        command.args(["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", &port.to_string()]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { child, address: format!("127.0.0.1:{port}") })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = &text[text.find(name)? + name.len()..];
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
    steps.iter().map(|step| format!("{}\n{}echo '{MARK}'\n", step.command, come(&step.command))).collect()
}

/// Waits for what goes on in the background, as whoever types the next command does.
fn come(command: &str) -> String {
    let goes_on = command.split(" #").next().is_some_and(|typed| typed.trim_end().ends_with('&'));
    match goes_on {
        true if command.contains("weir serve") => patiently("curl -sf $URL/ready"),
        true => patiently("weir flows runtimes main"),
        false => String::new(),
    }
}

/// Until this succeeds, for a minute at least.
fn patiently(command: &str) -> String {
    format!("for _ in $(seq 300); do {command} > /dev/null 2>&1 && break; sleep 0.2; done\n")
}

/// Where commands are carried out, and the programs they find.
struct Shell {
    folder: PathBuf,
    weir: PathBuf,
    temporal: PathBuf,
}

impl Shell {
    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Result<String> {
        let path = std::env::var("PATH").unwrap_or_default();
        let beside = |program: &Path| program.parent().unwrap_or(Path::new(".")).display().to_string();
        let mut command = Command::new("bash");
        command.args(["-c", &format!("exec 2>&1\n{script}")]).current_dir(&self.folder).stdin(Stdio::null());
        command.env("PATH", format!("{}:{}:{path}", beside(&self.weir), beside(&self.temporal)));
        command.env("XDG_CONFIG_HOME", self.folder.join("config"));
        for name in ["WEIR_SERVER", "WEIR_KEY", "WEIR_DATA", "WEIR_TEMPORAL"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        Ok(String::from_utf8_lossy(&process::output(&mut command)?.stdout).into_owned())
    }
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
        let found = steps(section(text, TOUR).unwrap());
        assert_eq!(found.len(), 2);
        assert_eq!((&*found[0].command, found[0].expected.len()), ("cat > f <<'E'\na\nE", 0));
        assert_eq!((&*found[1].command, &*found[1].expected), ("one \\\n  two", &["said … so"][..]));
    }

    #[test]
    fn what_was_never_printed_is_noticed() {
        let tried =
            [Step { command: "one".into(), expected: vec!["a"] }, Step { command: "two".into(), expected: vec!["b"] }];
        assert_eq!(different(&tried, &format!("a\n{MARK}\nb\n{MARK}\n"), URL), "");
        assert!(different(&tried, &format!("a\n{MARK}\n"), URL).contains("$ two"));
    }

    #[test]
    fn what_goes_on_in_the_background_is_waited_for() {
        assert!(come("weir serve --data x &   # with data").contains("/ready"));
        assert!(come("weir worker &").contains("runtimes"));
        assert_eq!(come("weir flows ls   # these & those &"), "");
    }

    #[test]
    fn what_is_missing_is_noticed() {
        assert!(appears("{\"a\":1,…\"c\":3", "x\n{\"a\":1,\"b\":2,\"c\":3}"));
        assert!(!appears("c…a", "a b c"));
        assert!(!appears("303", "401"));
    }
}
