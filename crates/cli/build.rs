//! Packs the program's relocations, which are a megabyte and a half otherwise. Linkers that cannot do so ignore it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let (os, env) = (std::env::var("CARGO_CFG_TARGET_OS"), std::env::var("CARGO_CFG_TARGET_ENV"));
    if os.as_deref() == Ok("linux") && env.as_deref() == Ok("gnu") {
        println!("cargo:rustc-link-arg-bin=weir=-Wl,-z,pack-relative-relocs");
    }
}
