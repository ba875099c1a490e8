//! The HTTP face of the control plane: routes, what they take and give, and who may use them.
//!
//! It decides nothing: it reads a request, asks [`weir_control::Control`], and writes the answer. It names no store,
//! no runtime and no kind. Every route is a line in its resource's table (`resources/`); the router, the OpenAPI
//! document and the tests are made from these tables. Start with `endpoint.rs`, then `resources/flows.rs`.

mod auth;
mod code_readers;
mod docs;
mod endpoint;
mod extract;
mod health;
mod interface;
mod limits;
mod listen;
mod metrics;
mod observe;
mod openapi;
mod options;
mod problem;
mod readings;
mod resources;
mod state;
mod wire;

pub use endpoint::{Access, Endpoint};
pub use health::Dependency;
pub use listen::{Listening, listen};
pub use observe::{Answered, Requests};
pub use openapi::pretty as openapi;
pub use options::Options;
pub use readings::{Reading, Readings};
pub use resources::endpoints;
pub use state::{App, Phase};

use axum::Router;
use std::sync::Arc;

/// Everything that is served.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        router = router.merge(endpoint.into_router(&app));
    }
    router
        .merge(docs::router())
        .fallback(interface::fallback)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(axum::middleware::from_fn_with_state(app.clone(), auth::always))
        .layer(axum::middleware::from_fn_with_state(app.clone(), observe::observe))
        .with_state(app)
}
