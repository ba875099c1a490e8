//! The one folder a flow may touch, opened component by component so that no link leads out of it.

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, fsync, mkdirat, openat, renameat, statat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use weir_base::{Text, Value, hash_value_hex};
use weir_kind::{Category, TaskContext, TaskError};

/// The largest file that is read or written.
pub(super) const LARGEST: u64 = 16 * 1024 * 1024;

/// A place in the flow's folder: the folder, the parts of the path, and its text for messages.
pub(super) struct Place {
    root: PathBuf,
    folders: Vec<String>,
    name: String,
    shown: String,
}

impl Place {
    pub fn new(cx: &TaskContext<'_>, path: &str) -> Result<Place, TaskError> {
        let root = cx.flow().files.clone().ok_or_else(|| {
            let message = "the flow has no folder for files; name one in `settings.files`";
            TaskError::new(Category::Denied, "FILES_NOT_ALLOWED", message)
        })?;
        let mut parts = parts(path)?;
        let name = parts.pop().ok_or_else(|| invalid(path, "it names no file"))?;
        Ok(Place { root, folders: parts, name, shown: path.to_owned() })
    }

    /// All of the file, which may be no larger than `limit`.
    pub fn read(&self, limit: u64) -> Result<Vec<u8>, TaskError> {
        let folder = self.folder(false)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&folder, &self.name, flags, Mode::empty()).map_err(|errno| self.failed(errno))?;
        let stat = fstat(&file).map_err(|errno| self.failed(errno))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(invalid(&self.shown, "it is not a plain file"));
        }
        let mut bytes = Vec::new();
        let read = File::from(file).take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| self.broken(&error))?;
        if bytes.len() as u64 > limit {
            let message = format!("`{}` is larger than {limit} bytes", self.shown);
            return Err(TaskError::new(Category::Limit, "FILE_TOO_LARGE", message));
        }
        Ok(bytes)
    }

    /// Puts `bytes` in the file's place, all or nothing; tells whether that changed anything.
    /// Folders on the way are made. `key` names the half-written file, so a repetition writes over it.
    pub fn write(&self, bytes: &[u8], key: &str) -> Result<bool, TaskError> {
        let folder = self.folder(true)?;
        self.refuse_special(&folder)?;
        if self.read(LARGEST).is_ok_and(|current| current == bytes) {
            return Ok(false);
        }
        let temporary = format!(".weir-{}", hash_value_hex(&Value::from(Text::from(key))));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o644);
        let mut file = File::from(openat(&folder, &temporary, flags, mode).map_err(|errno| self.failed(errno))?);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(|error| self.broken(&error))?;
        renameat(&folder, &temporary, &folder, &self.name).map_err(|errno| self.failed(errno))?;
        fsync(&folder).map_err(|errno| self.failed(errno))?;
        Ok(true)
    }

    /// A rename replaces a link or a device by a file; that is nobody's wish.
    fn refuse_special(&self, folder: &OwnedFd) -> Result<(), TaskError> {
        match statat(folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => Ok(()),
            Ok(_) => Err(invalid(&self.shown, "there is something there that is not a plain file")),
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.failed(errno)),
        }
    }

    fn folder(&self, make: bool) -> Result<OwnedFd, TaskError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut folder = openat(CWD, &self.root, flags, Mode::empty()).map_err(|errno| self.no_root(errno))?;
        for part in &self.folders {
            if make {
                let made = mkdirat(&folder, part, Mode::from_raw_mode(0o755));
                made.or_else(|errno| if errno == Errno::EXIST { Ok(()) } else { Err(self.failed(errno)) })?;
            }
            let next = openat(&folder, part, flags | OFlags::NOFOLLOW, Mode::empty());
            folder = next.map_err(|errno| self.failed(errno))?;
        }
        Ok(folder)
    }

    fn no_root(&self, errno: Errno) -> TaskError {
        let message = format!("the flow's folder cannot be opened: {errno}");
        TaskError::new(Category::Denied, "FILES_NOT_ALLOWED", message)
    }

    fn failed(&self, errno: Errno) -> TaskError {
        match errno {
            Errno::NOENT => TaskError::input("FILE_NOT_FOUND", format!("there is no file `{}`", self.shown)),
            Errno::LOOP | Errno::NOTDIR => invalid(&self.shown, "a link or a file stands where a folder is expected"),
            other => self.broken(&other.into()),
        }
    }

    fn broken(&self, error: &std::io::Error) -> TaskError {
        TaskError::internal("FILE_IO", format!("`{}`: {error}", self.shown)).retryable(true)
    }
}

fn parts(path: &str) -> Result<Vec<String>, TaskError> {
    if path.starts_with('/') {
        return Err(invalid(path, "it must be relative to the flow's folder"));
    }
    if path.ends_with('/') {
        return Err(invalid(path, "it names a folder"));
    }
    let mut parts = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." || part.contains(['\0', '\\']) || part.len() > 255 {
            return Err(invalid(path, "`..`, backslashes and names of over 255 bytes are not allowed"));
        }
        parts.push(part.to_owned());
    }
    Ok(parts)
}

fn invalid(path: &str, reason: &str) -> TaskError {
    let shown = crate::params::shortened(path, 120).escape_debug().to_string();
    TaskError::input("FILE_PATH_INVALID", format!("`{shown}`: {reason}"))
}

/// File work blocks; it is done beside the tasks that do not.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TaskError> + Send + 'static,
) -> Result<T, TaskError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(TaskError::internal("FILE_IO", error.to_string())))
}
