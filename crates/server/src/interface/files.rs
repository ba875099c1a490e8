//! Where the files of the built interface are: in an optimised program itself, else in the folder they were built into.

use std::borrow::Cow;

/// A file as it is kept: text is compressed with Brotli, once, and in no other form.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub bytes: Cow<'static, [u8]>,
    pub compressed: bool,
}

/// The file of this name, such as `assets/index-1a2b3c.js`.
pub fn find(name: &str) -> Option<File> {
    let plain = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', '\0']));
    if !plain {
        return None;
    }
    let compressed = read(&format!("{name}.br")).map(|bytes| File { bytes, compressed: true });
    compressed.or_else(|| read(name).map(|bytes| File { bytes, compressed: false }))
}

#[cfg(not(debug_assertions))]
fn read(name: &str) -> Option<Cow<'static, [u8]>> {
    let found = FILES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    FILES.get(found).map(|(_, bytes)| Cow::Borrowed(*bytes))
}

#[cfg(debug_assertions)]
fn read(name: &str) -> Option<Cow<'static, [u8]>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/dist/");
    std::fs::read(format!("{folder}{name}")).ok().map(Cow::Owned)
}

#[cfg(not(debug_assertions))]
include!(concat!(env!("OUT_DIR"), "/interface.rs"));
