//! The TypeScript compilers that generated code is checked with.
