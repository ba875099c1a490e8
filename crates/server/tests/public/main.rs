//! The server as its clients meet it: whose rows are whose, who may do what, what never comes out, where limits hold,
//! and what bad input comes to. On SQLite and on PostgreSQL.
//!
//! Cases are found through the tables of routes: a route without one fails. Start with `world.rs` and `routes.rs`.

mod accounts;
mod canary;
mod counted;
mod flows;
mod hooks;
mod hosts;
#[path = "../../../cli/src/serve/house.rs"]
mod house;
mod input;
mod interfaces;
mod isolation;
mod issuer;
mod limits;
mod live;
mod many;
mod memory;
mod permissions;
mod routes;
mod system;
mod through;
mod variables;
mod verification;
#[path = "../../../cli/src/serve/verification.rs"]
mod verification_flows;
#[path = "../../../cli/src/serve/web.rs"]
mod web;
mod world;
