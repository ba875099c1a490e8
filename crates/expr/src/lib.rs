//! The expression language of flows: the pure subset of JavaScript expressions over JSON values.
//!
//! An [`Expr`] is parsed once, with every method and name resolved that can be, then evaluated any number of times
//! against a [`Scope`] within a budget of [`Fuel`]. A [`Template`] is JSON with `{{ expression }}` in its strings. A
//! [`Script`] is the tree dialect's own little language, read into the same expressions.
//!
//! The crate never reads a clock, a file, the environment or randomness; it never runs what it was not given as an
//! allow-listed method; and no input makes it panic, overflow its stack or use unbounded memory.
//!
//! Results equal JavaScript's, except where a flow is better served:
//! - `==` and `!=` are `===` and `!==`.
//! - Two arrays or two objects cannot be compared; JavaScript would compare identities, which do not survive a replay.
//! - A method name that is not called reads as the member of that name, so usually undefined; prototypes do not exist.
//! - Below `vars` what is missing is undefined, and `vars.a.b` also finds the literal key `"a.b"`.
//! - `sort` and `reverse` return copies.
//! - Text consists of whole characters: a cut through a surrogate pair leaves U+FFFD, and splitting into characters
//!   never does so.
//! - In a result, undefined members are left out and undefined items are null, as in `JSON.stringify`; NaN and the
//!   infinities are errors.
//!
//! Read `ast.rs` first, then `parser/mod.rs` and `eval/mod.rs`; `names.rs` is the allow-list.

mod ast;
mod calls;
mod check;
mod declare;
mod eval;
mod expr;
mod fuel;
mod lexer;
mod names;
mod number;
mod parser;
mod print;
mod problem;
mod references;
mod scope;
mod script;
mod template;
mod template_text;
#[cfg(test)]
mod tests;
mod undefined;

pub use calls::text_literal;
pub use check::{Env, Shape, check, infer};
pub use declare::{declarations, language};
pub use expr::Expr;
pub use fuel::Fuel;
pub use lexer::is_reserved;
pub use names::methods;
pub use problem::{EvalError, Problem};
pub use references::Reference;
pub use scope::Scope;
pub use script::{Script, Statement, Warning, parse_script, parse_script_expr};
pub use template::{Part, Template};
