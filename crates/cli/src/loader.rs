use std::cell::RefCell;
use std::path::{Path, PathBuf};
use weir_base::FileId;
use weir_dialects::{Loader, SourceFile};

/// The largest file that is read as a flow.
const MAX_BYTES: u64 = 16 << 20;

/// Reads the files a flow names, as long as they lie in the flow's own folder.
pub struct FolderLoader {
    root: PathBuf,
    next: RefCell<u32>,
}

impl FolderLoader {
    /// For the flow in `file`; files it brings in are numbered from `next` on.
    pub fn beside(file: &Path, next: u32) -> Self {
        Self { root: folder_of(file).to_owned(), next: RefCell::new(next) }
    }

    /// The path, if it leads nowhere outside the folder, links included.
    fn inside(&self, from: &str, path: &str) -> Option<PathBuf> {
        let beside = Path::new(from).parent().unwrap_or(Path::new(""));
        let wanted = beside.join(path).canonicalize().ok()?;
        wanted.starts_with(self.root.canonicalize().ok()?).then(|| beside.join(path))
    }
}

impl Loader for FolderLoader {
    fn load(&self, from: &str, path: &str) -> Option<SourceFile> {
        let found = self.inside(from, path)?;
        let text = read(&found).ok()?;
        let id = FileId(self.next.replace_with(|next| *next + 1));
        Some(SourceFile { id, name: found.to_string_lossy().into_owned(), text })
    }

    fn list(&self, from: &str, directory: &str) -> Vec<String> {
        let Some(folder) = self.inside(from, directory) else { return Vec::new() };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        let mut names: Vec<String> =
            files.map(|entry| Path::new(directory).join(entry.file_name()).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// The folder a file lies in.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file of a flow that is called by this name, with or without its ending.
pub fn beside(folder: &Path, name: &str) -> Option<PathBuf> {
    if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
        return None;
    }
    let endings = ["", ".yaml", ".yml", ".json"].map(|ending| folder.join(format!("{name}{ending}")));
    endings.into_iter().find(|path| path.is_file())
}

/// A text file, if it is one and not too large; the error says what is wrong.
pub fn read(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let shown = path.display();
    let file = std::fs::File::open(path).map_err(|error| format!("{shown}: {error}"))?;
    let mut bytes = Vec::new();
    // Not by the size the system tells: a device or a pipe tells none and may never end.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| format!("{shown}: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{shown}: larger than {} MiB, which no flow is", MAX_BYTES >> 20));
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("{shown}: not UTF-8 text (byte {})", error.utf8_error().valid_up_to()))
}
