//! The language as TypeScript declares it, for editors: hover, completion and signatures come from here.
//!
//! What there is comes from the allow-list in `names.rs`. A method or function without a line here does not compile,
//! and what the allow-list leaves out is not declared, so an editor offers exactly what can be run.

mod globals;
mod methods;
mod schema;
mod types;

pub use types::declarations;

use std::fmt::Write;

const HEAD: &str = "\
// What an expression of a flow can call, made of the allow-list of the language. Not written by hand:
//     WRITE=1 cargo test -p weir-expr what_editors_are_given

interface CallableFunction {}
interface Function {}
interface IArguments {}
interface NewableFunction {}
interface RegExp {}
/** A value that is put in as a request leaves. It can only be joined with text, or passed on. */
interface Secret {}
";

/// The whole language as a TypeScript declaration that needs no library beside it.
pub fn language() -> String {
    let mut out = HEAD.to_owned();
    methods::write(&mut out);
    globals::write(&mut out);
    out
}

/// A comment as editors show it. It cannot end before its end.
fn comment(out: &mut String, indent: &str, text: &str) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("*/", "* /");
    if !text.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{indent}/** {text} */");
    }
}

#[cfg(test)]
mod tests;
