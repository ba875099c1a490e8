//! What tests stand on: a store in memory, one suite that judges every store, and a disk that can lose power.
//!
//! Nothing here is part of the product. [`MemoryStore`] keeps the promises of `weir_store::Store` without a disk,
//! for benches and simulation; [`suite`] holds the cases each store must pass, see [`store_suite!`]; [`Disk`] is
//! a file layer for SQLite on which only what was synced survives a crash; [`announce_passages`] is one on real
//! files that tells of every write and sync; [`postgres`] and [`temporal`] start servers, and
//! [`until`] waits for what other processes do. Start with `suite/mod.rs`.

mod disk;
mod memory;
mod passages;
mod port;
pub mod postgres;
mod row;
pub mod suite;
pub mod temporal;
mod until;

pub use disk::{Disk, Fault, FaultPoint};
pub use memory::MemoryStore;
pub use passages::announce_passages;
pub use port::free_port;
pub use row::document;
pub use until::until;
