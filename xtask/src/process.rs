use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use weir_base::Value;

/// A command in the project's folder.
pub fn command(program: impl AsRef<Path>, args: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(args).current_dir(crate::project::root());
    command
}

/// As a person would start it. What cargo has told this program of its own package is not handed on: some crates are
/// built again wherever that changes, and all that stands on them.
pub fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = command(Path::new(&program), args);
    let told = std::env::vars_os().map(|(name, _)| name).filter(|name| is_of_a_package(&name.to_string_lossy()));
    for name in told {
        command.env_remove(name);
    }
    command
}

fn is_of_a_package(variable: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|begin| variable.starts_with(begin))
        || ["CARGO_PRIMARY_PACKAGE", "CARGO_CRATE_NAME", "CARGO_BIN_NAME", "OUT_DIR"].contains(&variable)
}

/// Runs to the end with the terminal's own input and output; anything but success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs to the end and keeps what it prints.
pub fn output(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", shown(command)))
}

/// What a program has printed, which is one JSON value.
pub fn json(output: &Output) -> Result<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let said = || format!("no JSON, but: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    Value::from_json(&text).with_context(said)
}

/// Whether a program can be started at all.
pub fn exists(program: &str, args: &[&str]) -> bool {
    let mut probe = command(program, args);
    probe.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let args = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
    let text = std::iter::once(program).chain(args).collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(120) {
        Some((at, _)) => format!("`{}…`", &text[..at]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_not_told_whose_child_it_is() {
        let command = cargo(&["--version"]);
        let kept = |name: &str| command.get_envs().any(|(key, value)| key == name && value.is_some());
        assert!(!kept("CARGO_MANIFEST_DIR") && !kept("CARGO_PKG_NAME"));
        assert!(is_of_a_package("CARGO_PKG_VERSION") && is_of_a_package("CARGO_MANIFEST_DIR"));
        assert!(!is_of_a_package("CARGO_TARGET_DIR") && !is_of_a_package("CARGO_PROFILE_DEV_DEBUG"));
    }
}
