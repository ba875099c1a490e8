//! The compilers, looked for once and kept warm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tokio::runtime::Runtime;
use weir_toolchain::{Options, Toolchain, Verdict, Verifier};

/// Where `make test` installs them.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| root().join(".tools/toolchain"));

/// With threads of their own: what is kept warm outlives each test.
static WARM: LazyLock<(Runtime, Verifier)> = LazyLock::new(|| {
    let toolchain = Toolchain::new(FOLDER.clone());
    assert!(toolchain.is_installed(), "{} is missing: `make test` installs it", FOLDER.display());
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    (threads, Verifier::new(toolchain, Options::default()))
});

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

pub fn verdict(files: &BTreeMap<String, String>) -> Verdict {
    let (threads, verifier) = &*WARM;
    threads.block_on(verifier.verify(files)).unwrap()
}

/// Panics with what the compilers say; `name` is what was compiled.
pub fn check(name: &str, files: &BTreeMap<String, String>) {
    let verdict = verdict(files);
    let workflow = files.get("workflow.ts").map_or("", String::as_str);
    assert!(verdict.passed(), "{name}: {verdict:#?}\n{workflow}");
    assert_eq!(verdict.any_types, 0, "{name}");
}

/// Lets Node find the installed packages from this folder.
pub fn link(folder: &Path) {
    let packages = FOLDER.join("node_modules");
    assert!(packages.is_dir(), "{} is missing: `make test` installs it", packages.display());
    std::os::unix::fs::symlink(packages, folder.join("node_modules")).unwrap();
}

/// Turns a folder that [`link`] was called for into JavaScript.
pub fn compile(folder: &Path, args: &[&str]) {
    let compiled = node(folder, "node_modules/typescript7/bin/tsc").args(args).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stdout));
}

pub fn node(folder: &Path, script: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(script).current_dir(folder);
    node
}
