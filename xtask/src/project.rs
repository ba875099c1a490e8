use crate::process;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The folder with the workspace in it.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where cargo puts what it builds: this program is in `<target>/<profile>/`.
pub fn target() -> Result<PathBuf> {
    let profile = profile()?;
    Ok(profile.parent().context("a profile's folder stands in the target folder")?.to_owned())
}

fn profile() -> Result<PathBuf> {
    let program = std::env::current_exe().context("this program does not know where it is")?;
    Ok(program.parent().context("a program stands in a folder")?.to_owned())
}

/// The `weir` built together with this program, which `make run` and `make bench` see to.
pub fn weir() -> Result<PathBuf> {
    let name = format!("weir{}", std::env::consts::EXE_SUFFIX);
    Ok(profile()?.join(name))
}

/// The `weir` tests use; built first, so that it is never an old one.
pub fn fresh_weir() -> Result<PathBuf> {
    process::run(&mut process::cargo(&["build", "--quiet", "--package", "weir-cli"]))?;
    weir()
}

/// The integration tests of all crates: (crate folder, name of the test).
pub fn test_targets() -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for folder in folders(&root().join("crates"))? {
        let tests = folder.join("tests");
        if !tests.is_dir() {
            continue;
        }
        let name = name_of(&folder);
        found.extend(files(&tests, "rs")?.iter().map(|file| (name.clone(), stem_of(file))));
        let whole = folders(&tests)?.into_iter().filter(|folder| folder.join("main.rs").is_file());
        found.extend(whole.map(|folder| (name.clone(), name_of(&folder))));
    }
    Ok(found)
}

/// The folders in a folder, sorted.
pub fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    entries(folder).map(|all| all.into_iter().filter(|path| path.is_dir()).collect())
}

/// The files in a folder with this ending, sorted.
pub fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let fits = |path: &PathBuf| path.is_file() && path.extension().is_some_and(|found| found == ending);
    entries(folder).map(|all| all.into_iter().filter(fits).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = read.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    Ok(paths)
}

pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

pub fn stem_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
