//! Generated code before the real compilers, and what Node makes of it.
//!
//! Needs Node and the pinned compilers, which `make test` puts into `.tools/toolchain`.

mod compilers;
mod examples;
mod expressions;
mod generate;
mod host;
mod nodes;
mod organisms;
mod project;
mod proxied;
mod records;
