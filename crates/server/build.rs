//! Puts the pages of the codes and the built interface into the program.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let folder = here().join("../../docs/errors");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("docs/errors is there")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.strip_suffix(".md")).map(str::to_owned))
        .filter(|name| name != "README")
        .collect();
    names.sort();
    let mut code = format!("const ERRORS: [(&str, &str); {}] = [\n", names.len());
    for name in &names {
        let path = folder.join(format!("{name}.md"));
        writeln!(code, "    ({name:?}, include_str!({:?})),", path.display().to_string()).expect("text");
    }
    code.push_str("];\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo says where");
    std::fs::write(Path::new(&out).join("errors.rs"), code).expect("writes");
    interface(Path::new(&out));
}

/// Asked as it runs: what was compiled in another folder of the same sources may be used again here.
fn here() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where"))
}

/// Puts the built interface into an optimised program. Others read it from its folder as they run, so that building
/// the interface again builds nothing here; and without Node there is a page that says what to do.
fn interface(out: &Path) {
    let folder = here().join("../../ui/dist");
    let mut files = Vec::new();
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rerun-if-changed={}", folder.display());
        collect(&folder, "", &mut files);
        if files.is_empty() {
            println!("cargo:warning=ui/dist is empty: this program has no interface for browsers; `make ui` builds it");
        }
    }
    files.sort();
    let mut code = format!("static FILES: [(&str, &[u8]); {}] = [\n", files.len());
    for name in &files {
        let path = folder.join(name);
        writeln!(code, "    ({name:?}, include_bytes!({:?})),", path.display().to_string()).expect("text");
    }
    code.push_str("];\n");
    std::fs::write(out.join("interface.rs"), code).expect("writes");
}

fn collect(folder: &Path, before: &str, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => collect(&entry.path(), &format!("{name}/"), files),
            false => files.push(name),
        }
    }
}
