//! The command as it is used: files in, exit code and JSON out.
#![allow(dead_code)]

pub mod asking;
pub mod compilers;
pub mod process;
pub mod server;
pub mod stub;
pub mod witness;

use std::path::Path;
use std::process::{Command, Output};
use weir_base::Value;

/// A folder with these files and room for data.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

pub fn weir(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.current_dir(folder).args(args).env_remove("WEIR_DATA").env("NO_COLOR", "1");
    command.output().unwrap()
}

/// What `weir run FILE --json` says: the exit code, the one object it prints (null where it prints none), and stderr.
pub fn run(folder: &Path, file: &str, input: &Value) -> (i32, Value, String) {
    let input = input.to_json();
    let output = weir(folder, &["run", file, "--json", "--virtual-time", "--data", "data", "--input", &input]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let value = Value::from_json(&printed).unwrap_or_default();
    (output.status.code().unwrap_or(-1), value, String::from_utf8(output.stderr).unwrap())
}
