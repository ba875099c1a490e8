//! Fail points under SQLite on real files: every write, truncation, sync and deletion is announced before and after.
//!
//! The layer hands everything on to the usual one, so that files and locks are those of the machine.
//! SQLite promises that a `sqlite3_file` it passes is one that `open` has filled and `close` has not emptied.
#![allow(unsafe_code)]

use libsqlite3_sys as ffi;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

const NAME: &std::ffi::CStr = c"weir-passages";

type Hook = Box<dyn Fn(&'static str) + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Tells `hook` of every passage from now on: `write.before`, `write.after`, and the same of `truncate`, `sync` and
/// `delete`. It is called on SQLite's threads, in the middle of the operation.
///
/// Returns the name of the file layer to open stores under. `None` where this process has a hook already.
pub fn announce_passages(hook: impl Fn(&'static str) + Send + Sync + 'static) -> Option<&'static str> {
    HOOK.set(Box::new(hook)).ok()?;
    register();
    NAME.to_str().ok()
}

fn announce(point: &'static str) {
    if let Some(hook) = HOOK.get() {
        hook(point);
    }
}

fn register() {
    // SAFETY: initialising and looking up the default layer have no conditions; it lives for ever.
    let base = unsafe {
        ffi::sqlite3_initialize();
        ffi::sqlite3_vfs_find(ptr::null())
    };
    assert!(!base.is_null(), "SQLite has a file layer of its own");
    // SAFETY: `base` is an entry of SQLite's list. The copy lives for ever; the functions it keeps do not look at
    // `pAppData`, and those that do are called with `base` below.
    unsafe {
        let mut layer = *base;
        (layer.pNext, layer.zName, layer.pAppData) = (ptr::null_mut(), NAME.as_ptr(), base.cast());
        layer.xOpen = Some(open);
        layer.xDelete = Some(delete);
        let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(layer)), 0);
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the file layer");
    }
}

/// The functions of a file with ours among them, and the table they were taken from.
#[repr(C)]
struct Methods {
    table: ffi::sqlite3_io_methods,
    base: *const ffi::sqlite3_io_methods,
}

/// Our table for one of the usual layer's. There are a handful of those; each is made once and never freed.
fn methods(base: *const ffi::sqlite3_io_methods) -> *const ffi::sqlite3_io_methods {
    static MADE: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, ours)) = made.iter().find(|(known, _)| *known == base as usize) {
        return *ours as *const ffi::sqlite3_io_methods;
    }
    // SAFETY: `base` is a table of the usual layer, which lives for ever.
    let mut table = unsafe { *base };
    table.xWrite = Some(write);
    table.xTruncate = Some(truncate);
    table.xSync = Some(sync);
    let ours: *const Methods = Box::leak(Box::new(Methods { table, base }));
    made.push((base as usize, ours as usize));
    ours.cast()
}

/// # Safety
/// `file` was opened by [`open`] and is not closed.
unsafe fn base(file: *mut ffi::sqlite3_file) -> ffi::sqlite3_io_methods {
    // SAFETY: `open` has put a pointer to the head of a `Methods` there.
    unsafe { *(*(*file).pMethods.cast::<Methods>()).base }
}

/// # Safety
/// `vfs` is the entry made by [`register`].
unsafe fn base_layer(vfs: *mut ffi::sqlite3_vfs) -> *mut ffi::sqlite3_vfs {
    // SAFETY: `register` has put the usual layer there.
    unsafe { (*vfs).pAppData.cast() }
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    opened: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's arguments are handed on as they came; the entry has room for the usual layer's files.
    unsafe {
        let layer = base_layer(vfs);
        let Some(open) = (*layer).xOpen else { return ffi::SQLITE_CANTOPEN };
        let code = open(layer, name, file, flags, opened);
        if !(*file).pMethods.is_null() {
            (*file).pMethods = methods((*file).pMethods);
        }
        code
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    announce("delete.before");
    // SAFETY: SQLite's arguments are handed on as they came.
    let code = unsafe {
        let layer = base_layer(vfs);
        (*layer).xDelete.map_or(ffi::SQLITE_IOERR_DELETE, |delete| delete(layer, name, sync))
    };
    announce("delete.after");
    code
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    announce("write.before");
    // SAFETY: SQLite's arguments are handed on as they came.
    let code = unsafe { base(file).xWrite.map_or(ffi::SQLITE_IOERR_WRITE, |write| write(file, bytes, count, offset)) };
    announce("write.after");
    code
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    announce("truncate.before");
    // SAFETY: SQLite's arguments are handed on as they came.
    let code = unsafe { base(file).xTruncate.map_or(ffi::SQLITE_IOERR_TRUNCATE, |truncate| truncate(file, size)) };
    announce("truncate.after");
    code
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    announce("sync.before");
    // SAFETY: SQLite's arguments are handed on as they came.
    let code = unsafe { base(file).xSync.map_or(ffi::SQLITE_IOERR_FSYNC, |sync| sync(file, flags)) };
    announce("sync.after");
    code
}
