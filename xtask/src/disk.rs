//! Whether there is room for what `make test` builds, said before it begins and not by the first program that fails.

use crate::project;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

const GB: u64 = 1_000_000_000;

/// What a fresh clone puts into its target folder, `.tools/` and `node_modules` until the tests are through.
const WHOLE: u64 = 10 * GB;

/// And what the compiler keeps beside it for the next edit, where it is not told to keep nothing.
const FOR_EDITS: u64 = 7 * GB;

/// What the tests write even where everything is built.
const LEAST: u64 = 2 * GB;

/// Below this, what failed has failed for want of room.
const FULL: u64 = GB / 5;

/// Refuses to begin what could not end.
pub fn check_room() -> Result<()> {
    let target = project::target()?;
    let Some(free) = free(&target) else { return Ok(()) };
    match want(free, size(&target), whole(std::env::var("CARGO_INCREMENTAL").ok().as_deref())) {
        Some(missing) => bail!(
            "the disk of {} has {} free, and `make test` needs about {} more: make room, or name a folder elsewhere in \
             CARGO_TARGET_DIR",
            target.display(),
            shown(free),
            shown(missing)
        ),
        None => Ok(()),
    }
}

/// After something has failed: whether that may be why.
pub fn say_if_full() {
    let free = project::target().ok().and_then(|target| free(&target));
    if let Some(free) = free.filter(|free| *free < FULL) {
        println!("the disk has only {} free; that may be why something failed", shown(free));
    }
}

/// What is needed, where there is less than that. What stands in the target folder already is not written again.
fn want(free: u64, there: u64, whole: u64) -> Option<u64> {
    let needed = whole.saturating_sub(there).max(LEAST);
    (free < needed).then_some(needed)
}

fn whole(incremental: Option<&str>) -> u64 {
    if incremental == Some("0") { WHOLE } else { WHOLE + FOR_EDITS }
}

fn free(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// What the files in a folder take up. What is named twice is counted once for each name.
fn size(folder: &Path) -> u64 {
    let mut left: Vec<PathBuf> = vec![folder.to_owned()];
    let mut sum = 0;
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(data) if data.is_dir() => left.push(entry.path()),
                Ok(data) => sum += data.len(),
                Err(_) => {}
            }
        }
    }
    sum
}

fn shown(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / GB as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_clone_needs_all_and_a_built_one_little() {
        assert_eq!(want(WHOLE - 1, 0, WHOLE), Some(WHOLE));
        assert_eq!(want(WHOLE, 0, WHOLE), None);
        assert_eq!(want(3 * GB, WHOLE, WHOLE), None);
        assert_eq!(want(GB, 40 * GB, WHOLE), Some(LEAST));
        assert_eq!((whole(Some("0")), whole(None)), (WHOLE, WHOLE + FOR_EDITS));
    }

    #[test]
    fn files_in_folders_are_counted() {
        let folder = std::env::temp_dir().join(format!("weir-size-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("a/b")).unwrap();
        std::fs::write(folder.join("a/b/c"), [0; 100]).unwrap();
        std::fs::write(folder.join("d"), [0; 11]).unwrap();
        assert_eq!(size(&folder), 111);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
