use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Folders that hold what tools made.
const NOT_OURS: [&str; 7] = ["target", ".git", ".tools", ".weir", "node_modules", "dist", "fuzz-found"];

/// A file of the project, by its path from the project's folder.
pub struct File {
    pub path: String,
    pub bytes: usize,
    /// Empty where it is not text.
    pub text: String,
}

impl File {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The crate's folder, for files below `crates/`.
    pub fn krate(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the whole file is test code.
    pub fn is_test(&self) -> bool {
        ["/tests/", "/tests.rs", "/benches/", "/examples/"].iter().any(|part| self.path.contains(part))
    }

    /// The lines of product code with their numbers: all before a test module that is written out in the file.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let mine = self.is_rust() && !self.is_test() && self.path.contains("/src/");
        self.numbered().take(if mine { self.product_end() } else { 0 })
    }

    /// The other lines of a Rust file.
    pub fn test_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let skipped = self.product_lines().count();
        self.numbered().skip(skipped).filter(|_| self.is_rust())
    }

    pub fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }

    fn product_end(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{');
        lines.windows(2).position(opens).unwrap_or(lines.len())
    }
}

/// Every file of the project, sorted by path.
pub fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut found = Vec::new();
        collect(&root(), &mut found);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(found.iter().any(|file| file.path == "Cargo.toml"), "the project's folder was not found");
        found
    })
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the project's folder")
}

fn collect(folder: &Path, found: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !NOT_OURS.iter().any(|not| name == *not) {
            collect(&path, found);
        }
        // A file may be gone again: other programs work in the same folder.
        if let (true, Ok(bytes)) = (kind.is_file(), std::fs::read(&path)) {
            let path = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.push(File { path, bytes: bytes.len(), text: String::from_utf8(bytes).unwrap_or_default() });
        }
    }
}

/// The texts between quotes on a line of Rust, without escapes.
pub fn literals(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}
