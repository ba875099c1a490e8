//! The compilers of this repository, lent to a data folder or to a project. `make test` installs them.

use super::process::Place;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Puts them into a data folder, which is made.
pub fn lend(place: &Place, data: &str) {
    std::fs::create_dir(place.path(data)).unwrap();
    symlink(installed(), place.path(data).join("toolchain")).unwrap();
}

/// Puts the packages beside a generated project, as `npm install` would.
pub fn lend_packages(place: &Place, project: &str) {
    symlink(installed().join("node_modules"), place.path(project).join("node_modules")).unwrap();
}

fn installed() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/toolchain").canonicalize();
    tools.expect("`make test` installs the compilers")
}
