//! The C side of a [`Disk`](super::Disk): the two tables of functions SQLite calls.
//!
//! The unsafe code of a disk is all here. SQLite promises that a `sqlite3_file` it passes is one that `open`
//! has filled and `close` has not emptied, that buffers are as long as it says, and that one connection calls
//! its files from one thread at a time.
#![allow(unsafe_code)]

use super::Shared;
use super::locks::{Busy, Held, SHARED, SLOTS, ShmLocks};
use super::state::{Dead, WriteError};
use libsqlite3_sys as ffi;
use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds from the start of the Julian calendar to 1970.
const JULIAN_EPOCH: i64 = 210_866_760_000_000;

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// A disk's entry in SQLite's list of file layers.
///
/// The entry itself is never freed: a connection may look at it after the disk is gone. It is a few hundred bytes.
pub struct Registration {
    vfs: &'static mut ffi::sqlite3_vfs,
}

// SAFETY: SQLite guards its list with a mutex of its own; the entry is not changed after it was registered.
unsafe impl Send for Registration {}
// SAFETY: as above; a shared reference gives access to the name only.
unsafe impl Sync for Registration {}

impl Registration {
    pub fn new(shared: Shared) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let name = format!("weir-disk-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let name = CString::new(name).unwrap_or_default().into_raw();
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<OpenFile>() as c_int,
            mxPathname: 4096,
            pNext: ptr::null_mut(),
            zName: name,
            pAppData: Box::into_raw(Box::new(shared)).cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the entry lives for ever and all its functions fit their types.
        let code = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the file layer");
        Self { vfs }
    }

    pub fn name(&self) -> String {
        // SAFETY: the name was made from a `CString` and lives for ever.
        unsafe { CStr::from_ptr(self.vfs.zName) }.to_string_lossy().into_owned()
    }

    /// Takes the entry off the list; no file can be opened under it any more.
    pub fn end(&mut self) {
        // SAFETY: the entry was registered in `new`.
        unsafe { ffi::sqlite3_vfs_unregister(self.vfs) };
    }
}

/// What SQLite allocates for a file: its own head, and ours behind it.
#[repr(C)]
struct OpenFile {
    head: ffi::sqlite3_file,
    handle: *mut Handle,
}

struct Handle {
    shared: Shared,
    path: String,
    life: u64,
    level: c_int,
    is_temporary: bool,
    only_reads: bool,
    memory: Option<Arc<Shm>>,
    held: Held,
}

/// Memory that the connections to one file share.
#[derive(Default)]
pub struct Shm {
    inner: Mutex<ShmInner>,
}

#[derive(Default)]
struct ShmInner {
    regions: Vec<Box<[UnsafeCell<u64>]>>,
    locks: ShmLocks,
}

// SAFETY: the regions are only touched by SQLite, which orders its accesses by the locks and barriers below;
// the rest is behind the mutex.
unsafe impl Send for Shm {}
// SAFETY: as above.
unsafe impl Sync for Shm {}

impl Shm {
    fn lock(&self) -> MutexGuard<'_, ShmInner> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl ShmInner {
    /// The address of a region, made with zeros where it is missing and `extend` is set. It never moves.
    fn region(&mut self, number: usize, bytes: usize, extend: bool) -> *mut c_void {
        while extend && self.regions.len() <= number {
            self.regions.push((0..bytes.div_ceil(8)).map(|_| UnsafeCell::new(0)).collect());
        }
        self.regions.get(number).map_or(ptr::null_mut(), |region| UnsafeCell::raw_get(region.as_ptr()).cast())
    }
}

/// # Safety
/// `file` is an open file of this layer, and nobody else looks at it during the call.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Handle {
    // SAFETY: `open` stored a box's pointer there and `close` has not taken it back.
    unsafe { &mut *(*file.cast::<OpenFile>()).handle }
}

/// # Safety
/// `vfs` is an entry made by [`Registration::new`].
unsafe fn disk<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a Shared {
    // SAFETY: `pAppData` is the pointer of a box that is never freed.
    unsafe { &*(*vfs).pAppData.cast::<Shared>() }
}

/// # Safety
/// `name` is a C string.
unsafe fn path(name: *const c_char) -> String {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

fn code<T>(result: Result<T, Dead>, failed: c_int) -> c_int {
    result.map_or(failed, |_| ffi::SQLITE_OK)
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let file = file.cast::<OpenFile>();
    // SAFETY: SQLite gives `szOsFile` bytes; without methods it will not call `close` after a failure.
    unsafe { (*file).head.pMethods = ptr::null() };
    // SAFETY: `vfs` is ours.
    let shared = unsafe { disk(vfs) }.clone();
    let mut state = shared.lock();
    let path = match name.is_null() {
        true => state.temporary_name(),
        // SAFETY: a name that is not null is a C string.
        false => unsafe { path(name) },
    };
    let missing = state.file(&path).is_none();
    if state.dead || (missing && flags & ffi::SQLITE_OPEN_CREATE == 0) {
        return ffi::SQLITE_CANTOPEN;
    }
    state.create(&path);
    let life = state.life;
    drop(state);
    let is_temporary = flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0;
    let only_reads = flags & ffi::SQLITE_OPEN_READONLY != 0;
    let (memory, held) = (None, Held::default());
    let handle = Handle { shared, path, life, level: 0, is_temporary, only_reads, memory, held };
    // SAFETY: as above; `flags_out` is null or writable.
    unsafe {
        (*file).handle = Box::into_raw(Box::new(handle));
        (*file).head.pMethods = &METHODS;
        if !flags_out.is_null() {
            *flags_out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the file is open, so the pointer is that of a box; it is not used again.
    let mut handle = unsafe { Box::from_raw((*file.cast::<OpenFile>()).handle) };
    // SAFETY: the file is SQLite's and writable.
    unsafe { (*file).pMethods = ptr::null() };
    handle.release_memory();
    handle.lower(0);
    if handle.is_temporary {
        handle.shared.lock().discard(&handle.path);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, length: c_int, offset: i64) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    // SAFETY: SQLite's buffer has `length` bytes.
    let into = unsafe { slice::from_raw_parts_mut(into.cast::<u8>(), length as usize) };
    into.fill(0);
    let state = handle.shared.lock();
    if state.alive(handle.life).is_err() {
        return ffi::SQLITE_IOERR_READ;
    }
    let found = state.file(&handle.path).map(|image| image.read(offset as usize, into.len())).unwrap_or_default();
    into[..found.len()].copy_from_slice(found);
    if found.len() == into.len() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, length: c_int, offset: i64) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    // SAFETY: SQLite's buffer has `length` bytes.
    let bytes = unsafe { slice::from_raw_parts(from.cast::<u8>(), length as usize) };
    match handle.shared.lock().write(handle.life, &handle.path, offset as usize, bytes) {
        Ok(()) => ffi::SQLITE_OK,
        Err(WriteError::Dead) => ffi::SQLITE_IOERR_WRITE,
        Err(WriteError::Full) => ffi::SQLITE_FULL,
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let result = handle.shared.lock().truncate(handle.life, &handle.path, length as usize);
    code(result, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let result = handle.shared.lock().sync(handle.life, &handle.path);
    code(result, ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let state = handle.shared.lock();
    let length = state.file(&handle.path).map_or(0, |image| image.len());
    // SAFETY: SQLite's pointer is writable.
    unsafe { *size = length as i64 };
    code(state.alive(handle.life), ffi::SQLITE_IOERR_FSTAT)
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let mut state = handle.shared.lock();
    // As with the usual layer, nobody keeps others out of what it can only read.
    if state.alive(handle.life).is_err() || (handle.only_reads && level > SHARED) {
        return ffi::SQLITE_IOERR_LOCK;
    }
    let lock = state.locks.entry(handle.path.clone()).or_default();
    busy(lock.raise(&mut handle.level, level))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { handle(file) }.lower(level.min(SHARED));
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, reserved: *mut c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let is_reserved = handle.shared.lock().locks.get(&handle.path).is_some_and(|lock| lock.is_reserved());
    // SAFETY: SQLite's pointer is writable.
    unsafe { *reserved = c_int::from(is_reserved) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _operation: c_int, _argument: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    512
}

/// A write that is cut off leaves the bytes beside it alone, as on every usual file system.
unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    number: c_int,
    bytes: c_int,
    extend: c_int,
    address: *mut *mut c_void,
) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let region = match handle.memory() {
        Ok(memory) => memory.lock().region(number as usize, bytes as usize, extend != 0),
        Err(Dead) => return ffi::SQLITE_IOERR_SHMMAP,
    };
    // SAFETY: SQLite's pointer is writable; the region lives as long as the handle keeps its memory.
    unsafe { *address = region };
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let mask = (((1u32 << count) - 1) << first) as u8;
    debug_assert!((first + count) as usize <= SLOTS);
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        handle.release(mask);
        return ffi::SQLITE_OK;
    }
    let memory = match handle.memory() {
        Ok(memory) => memory,
        Err(Dead) => return ffi::SQLITE_IOERR_SHMLOCK,
    };
    let locks = &mut memory.lock().locks;
    match flags & ffi::SQLITE_SHM_SHARED != 0 {
        true => busy(locks.share(&mut handle.held, mask)),
        false => busy(locks.exclude(&mut handle.held, mask)),
    }
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    handle.release_memory();
    let mut state = handle.shared.lock();
    if delete != 0 && state.alive(handle.life).is_ok() {
        state.memories.remove(&handle.path);
    }
    ffi::SQLITE_OK
}

impl Handle {
    fn memory(&mut self) -> Result<Arc<Shm>, Dead> {
        let mut state = self.shared.lock();
        state.alive(self.life)?;
        let memory = match self.memory.take() {
            Some(memory) => memory,
            None => state.memories.entry(self.path.clone()).or_default().clone(),
        };
        self.memory = Some(memory.clone());
        Ok(memory)
    }

    fn release(&mut self, mask: u8) {
        if let Some(memory) = &self.memory {
            memory.lock().locks.release(&mut self.held, mask);
        }
    }

    /// The memory ends with the last who has it; whoever comes next reads the log anew.
    fn release_memory(&mut self) {
        self.release(u8::MAX);
        self.memory = None;
        let mut state = self.shared.lock();
        if state.life == self.life && state.memories.get(&self.path).is_some_and(|left| Arc::strong_count(left) == 1) {
            state.memories.remove(&self.path);
        }
    }

    /// Locks of an earlier life are gone already.
    fn lower(&mut self, level: c_int) {
        let mut state = self.shared.lock();
        if state.life != self.life {
            return;
        }
        if let Some(lock) = state.locks.get_mut(&self.path) {
            lock.lower(&mut self.level, level);
        }
    }
}

fn busy(result: Result<(), Busy>) -> c_int {
    result.map_or(ffi::SQLITE_BUSY, |()| ffi::SQLITE_OK)
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_directory: c_int) -> c_int {
    // SAFETY: `vfs` is ours and the name is a C string.
    let (shared, path) = unsafe { (disk(vfs), path(name)) };
    let mut state = shared.lock();
    let life = state.life;
    match state.delete(life, &path, sync_directory != 0) {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(Dead) => ffi::SQLITE_IOERR_DELETE,
    }
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _wanted: c_int,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: `vfs` is ours and the name is a C string.
    let (shared, path) = unsafe { (disk(vfs), path(name)) };
    let state = shared.lock();
    // SAFETY: SQLite's pointer is writable.
    unsafe { *answer = c_int::from(state.file(&path).is_some()) };
    if state.dead { ffi::SQLITE_IOERR_ACCESS } else { ffi::SQLITE_OK }
}

/// Names are taken as they are; the disk has no folders.
unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    capacity: c_int,
    full: *mut c_char,
) -> c_int {
    // SAFETY: the name is a C string.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if name.len() > capacity as usize {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: SQLite's buffer has `capacity` bytes, which are enough.
    unsafe { ptr::copy_nonoverlapping(name.as_ptr().cast(), full, name.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(vfs: *mut ffi::sqlite3_vfs, length: c_int, into: *mut c_char) -> c_int {
    // SAFETY: `vfs` is ours and SQLite's buffer has `length` bytes.
    let (shared, into) = unsafe { (disk(vfs), slice::from_raw_parts_mut(into.cast::<u8>(), length as usize)) };
    let mut state = shared.lock();
    for chunk in into.chunks_mut(8) {
        chunk.copy_from_slice(&state.random().to_le_bytes()[..chunk.len()]);
    }
    length
}

unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    std::thread::sleep(Duration::from_micros(micros.max(0) as u64));
    micros
}

fn julian_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    JULIAN_EPOCH + since.as_millis() as i64
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, days: *mut f64) -> c_int {
    // SAFETY: SQLite's pointer is writable.
    unsafe { *days = julian_millis() as f64 / 86_400_000.0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_int64(_vfs: *mut ffi::sqlite3_vfs, millis: *mut i64) -> c_int {
    // SAFETY: SQLite's pointer is writable.
    unsafe { *millis = julian_millis() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn last_error(_vfs: *mut ffi::sqlite3_vfs, _length: c_int, _text: *mut c_char) -> c_int {
    0
}
