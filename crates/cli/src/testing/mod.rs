//! Tests of flows: saved runs, rehearsed with their own journal, and examples, carried out in virtual time.

mod compare;
mod live;
pub mod saved;
mod server;

use std::path::{Path, PathBuf};

/// How deep folders are searched.
const DEPTH: usize = 4;

/// One test: a folder with `expected.json`.
pub struct Case {
    folder: PathBuf,
}

/// What differed; nothing if the test passed.
#[derive(Default)]
pub struct Outcome {
    pub differences: Vec<String>,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }

    fn failed(why: impl ToString) -> Self {
        Self { differences: vec![why.to_string()] }
    }
}

/// Every test in a folder and below it, sorted.
pub fn find(folder: &Path) -> Vec<Case> {
    let mut found = Vec::new();
    search(folder, DEPTH, &mut found);
    found
}

fn search(folder: &Path, depth: usize, found: &mut Vec<Case>) {
    if folder.join("expected.json").is_file() {
        return found.push(Case { folder: folder.to_owned() });
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut below: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !hidden(path)).collect();
    below.sort();
    if depth > 0 {
        below.iter().for_each(|folder| search(folder, depth - 1, found));
    }
}

impl Case {
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub async fn run(&self, with: Option<&Path>, save: Option<&Path>) -> Outcome {
        let outcome = match self.folder.join("journal.jsonl").is_file() {
            true => saved::rehearse_saved(&self.folder, with),
            false => live::run(&self.folder, save).await,
        };
        outcome.unwrap_or_else(|error| Outcome::failed(format!("{error:#}")))
    }
}
