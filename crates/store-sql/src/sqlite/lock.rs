use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use weir_store::StoreError;

/// Holds `weir.lock` of a data directory. The system lets go of it when the process ends, however it ends.
pub struct OwnerLock {
    _file: File,
}

impl OwnerLock {
    /// Takes the lock, or tells who has it.
    pub fn take(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join("weir.lock");
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => write_pid(&mut file).map_err(failed)?,
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { pid: read_pid(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(Self { _file: file })
    }
}

/// Whether some process, this one included, owns the data in a directory now.
pub fn is_owned(directory: &Path) -> bool {
    let file = OpenOptions::new().read(true).write(true).open(directory.join("weir.lock"));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn failed(error: std::io::Error) -> StoreError {
    let text = format!("weir.lock: {error}");
    match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::Full(text),
        _ => StoreError::Io(text),
    }
}
