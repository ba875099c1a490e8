//! One file per command; each gives the way the process ends.

pub mod bench;
pub mod check;
pub mod compile;
pub mod completions;
pub mod convert;
pub mod fmt;
pub mod fork;
pub mod kinds;
pub mod replay;
pub mod resume;
pub mod run;
pub mod runs;
pub mod save_test;
pub mod server;
pub mod test;
pub mod toolchain;
