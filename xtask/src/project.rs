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

/// This program, also where a build has put another in its place meanwhile.
pub fn program() -> Result<PathBuf> {
    let name = format!("xtask{}", std::env::consts::EXE_SUFFIX);
    Ok(profile()?.join(name))
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
