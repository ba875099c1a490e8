//! The folder of a generated project. It remembers what was written into it, so that nothing of anybody else is lost.

use crate::exit::UsageError;
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use weir_base::{Value, hash_value_hex};

/// Hashes of the files that were written, by name.
const WRITTEN: &str = ".weir-compile.json";

pub struct Folder {
    path: PathBuf,
    /// What was written the last time.
    written: BTreeMap<String, String>,
}

impl Folder {
    /// A folder that is there or can be made; a file of that name is wrong usage.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        if path.exists() && !path.is_dir() {
            anyhow::bail!(UsageError(format!("--out {}: this is a file, not a folder", path.display())));
        }
        let noted = std::fs::read_to_string(path.join(WRITTEN)).unwrap_or_default();
        // A note that cannot be read leaves every file another's.
        let noted = Value::from_json(&noted).unwrap_or_default();
        let hashes = noted.as_object().into_iter().flatten();
        let hashes = hashes.filter_map(|(name, hash)| Some((name.to_string(), hash.as_str()?.to_owned())));
        Ok(Self { path: path.to_owned(), written: hashes.collect() })
    }

    /// Wrong usage where a file that would be written over holds what was not written by this command.
    pub fn refuse_foreign(&self, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
        let foreign: Vec<&str> =
            files.iter().filter(|(name, text)| self.is_foreign(name, text)).map(|(name, _)| name.as_str()).collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let names = foreign.join(", ");
        let folder = self.path.display();
        anyhow::bail!(UsageError(format!(
            "{folder}: {names} would be written over, and hold what `weir compile` did not write; take another folder, or --force"
        )))
    }

    /// Wrong usage where a folder stands where a file is to be: nothing here takes a folder away, whatever is asked for.
    pub fn refuse_blocked(&self, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
        let is_folder = |name: &&str| self.path.join(name).symlink_metadata().is_ok_and(|found| found.is_dir());
        let blocked: Vec<&str> = files.keys().map(String::as_str).chain([WRITTEN]).filter(is_folder).collect();
        if blocked.is_empty() {
            return Ok(());
        }
        let (folder, names) = (self.path.display(), blocked.join(", "));
        anyhow::bail!(UsageError(format!(
            "{folder}: {names} would be a file, and a folder of that name is there; move it away, or take another --out"
        )))
    }

    fn is_foreign(&self, name: &str, text: &str) -> bool {
        let path = self.path.join(name);
        match std::fs::read_to_string(&path) {
            Ok(there) => there != text && self.written.get(name) != Some(&hash(&there)),
            Err(_) => path.symlink_metadata().is_ok(),
        }
    }

    /// All files, and none any more that was written before and is not among them.
    pub fn write(&self, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.path).with_context(|| self.path.display().to_string())?;
        for (name, text) in files {
            self.put(name, text)?;
        }
        self.written.keys().filter(|name| !files.contains_key(*name)).for_each(|name| self.remove(name));
        let hashes = files.iter().map(|(name, text)| (name.as_str(), Value::from(hash(text))));
        self.put(WRITTEN, &format!("{}\n", Value::object(hashes).to_json_pretty()))
    }

    /// Whole or not at all; what is a link is replaced, not followed.
    fn put(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        let written = tempfile::NamedTempFile::new_in(&self.path).and_then(|mut half| {
            std::io::Write::write_all(&mut half, text.as_bytes())?;
            readable(half.as_file())?;
            half.persist(&path).map(drop).map_err(|error| error.error)
        });
        written.with_context(|| path.display().to_string())
    }

    /// Only what is as it was written, and only in this very folder.
    fn remove(&self, name: &str) {
        let path = self.path.join(name);
        let own = !name.contains(['/', '\\'])
            && std::fs::read_to_string(&path).is_ok_and(|text| self.written.get(name) == Some(&hash(&text)));
        if own {
            // One that stays does no harm.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// As files of a project are, where a temporary one is its owner's alone.
fn readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

fn hash(text: &str) -> String {
    hash_value_hex(&Value::from(text))
}
