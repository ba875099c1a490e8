//! The one way out: an HTTP client that only goes where a flow may go.
//!
//! Nothing is allowed unless the flow names it, private addresses least of all, and the check is made on the
//! address that is connected to, for every hop. It reads no environment, uses no proxy, keeps no cookies and
//! never retries. Start with [`Client`], then `policy.rs`.

mod address;
mod body;
mod breaker;
mod bucket;
mod client;
mod error;
mod hosts;
mod policy;
mod redirect;
mod request;
mod resolver;
mod retry_after;

pub use address::is_global;
pub use body::Body;
pub use bucket::Bucket;
pub use client::{Client, Options};
pub use error::EgressError;
pub use request::{Request, Response};
pub use retry_after::retry_after;
