//! Puts the pages of the codes into the program.

use std::fmt::Write;
use std::path::Path;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
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
}
