use crate::exit::UsageError;
use std::path::{Path, PathBuf};

/// Where runs are kept: `--data`, else `$WEIR_DATA`, else the user's data folder.
pub fn directory(given: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || from("HOME").map(|home| home.join(".local").join("share"));
    let shared = || from("XDG_DATA_HOME").or_else(home).map(|folder| folder.join("weir"));
    let found = given.cloned().or_else(|| from("WEIR_DATA")).or_else(shared);
    found.ok_or_else(|| UsageError("there is no home folder to keep runs in: give --data DIR".into()).into())
}

/// Nothing is fine, it will be made; a file in its place is not.
pub fn require_folder(data: &Path) -> anyhow::Result<()> {
    if exists(data)? && !data.is_dir() {
        anyhow::bail!(UsageError(format!("{} is a file, not a folder", data.display())));
    }
    Ok(())
}

/// A folder that may not be looked into is an error, not an empty one.
pub fn exists(path: &Path) -> anyhow::Result<bool> {
    path.try_exists().map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}
