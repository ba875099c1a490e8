use crate::auth::{self, Guard};
use crate::state::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::sync::Arc;
use weir_control::Permission;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody. What it gives away, it gives to the world.
    Open,
    /// Whoever is signed in, in a browser.
    SignedIn,
    /// Members and keys with this permission in the tenant they look at.
    Needs(Permission),
    /// As [`Access::Needs`], with the one or the other.
    NeedsEither(Permission, Permission),
}

impl Access {
    /// Permissions of which one is enough; none where none is asked for.
    pub fn permissions(self) -> Vec<Permission> {
        match self {
            Access::Open | Access::SignedIn => Vec::new(),
            Access::Needs(permission) => vec![permission],
            Access::NeedsEither(one, other) => vec![one, other],
        }
    }
}

type Describe = fn(&mut SchemaGenerator) -> Schema;

/// What a route answers with.
pub struct Answer {
    pub status: u16,
    pub about: &'static str,
    pub kind: &'static str,
    pub schema: Option<Describe>,
}

/// One route: all there is to say about it, in one place.
pub struct Endpoint {
    pub method: Method,
    /// As axum writes it: `/api/flows/{id}`.
    pub path: &'static str,
    /// Its name in generated clients.
    pub name: &'static str,
    pub about: &'static str,
    pub access: Access,
    pub query: Option<Describe>,
    pub body: Option<Describe>,
    /// A body that may be left out.
    pub body_optional: bool,
    pub answers: Vec<Answer>,
    /// Further statuses it may answer with, each a problem.
    pub problems: Vec<u16>,
    /// Headers it reads, and whether they must be there.
    pub headers: Vec<(&'static str, bool)>,
    /// A limit on the body other than the usual one.
    pub webhook: bool,
    handler: MethodRouter<Arc<App>>,
}

macro_rules! methods {
    ($($name:ident $method:ident)*) => {$(
        pub fn $name(path: &'static str, name: &'static str, about: &'static str) -> Self {
            Self::new(Method::$method, path, name, about)
        }
    )*};
}

impl Endpoint {
    methods! { get GET post POST put PUT patch PATCH delete DELETE }

    fn new(method: Method, path: &'static str, name: &'static str, about: &'static str) -> Self {
        Self {
            method,
            path,
            name,
            about,
            access: Access::SignedIn,
            query: None,
            body: None,
            body_optional: false,
            answers: Vec::new(),
            problems: Vec::new(),
            headers: Vec::new(),
            webhook: false,
            handler: MethodRouter::new(),
        }
    }

    pub fn open(self) -> Self {
        Self { access: Access::Open, ..self }
    }

    pub fn needs(self, permission: Permission) -> Self {
        Self { access: Access::Needs(permission), ..self }
    }

    pub fn needs_either(self, one: Permission, other: Permission) -> Self {
        Self { access: Access::NeedsEither(one, other), ..self }
    }

    pub fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(describe::<T>), ..self }
    }

    pub fn takes<T: JsonSchema>(self) -> Self {
        Self { body: Some(describe::<T>), ..self }
    }

    pub fn may_take<T: JsonSchema>(self) -> Self {
        Self { body: Some(describe::<T>), body_optional: true, ..self }
    }

    pub fn gives<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.answers(status, about, "application/json", Some(describe::<T>))
    }

    pub fn gives_text(self, status: u16, about: &'static str, kind: &'static str) -> Self {
        self.answers(status, about, kind, None)
    }

    /// An answer without a body.
    pub fn gives_nothing(self, about: &'static str) -> Self {
        self.answers(204, about, "", None)
    }

    fn answers(mut self, status: u16, about: &'static str, kind: &'static str, schema: Option<Describe>) -> Self {
        self.answers.push(Answer { status, about, kind, schema });
        self
    }

    /// Statuses besides 401, 403, 404, 429, 503 and those that follow from what it takes.
    pub fn or(mut self, problems: &[u16]) -> Self {
        self.problems.extend(problems);
        self
    }

    /// It changes what has a revision, and so wants to know which one was seen.
    pub fn revised(mut self) -> Self {
        self.headers.push(("If-Match", true));
        self.or(&[409, 428])
    }

    /// As [`Endpoint::revised`] for what may not be there yet; only what is there has a revision to be named.
    pub fn revised_or_new(mut self) -> Self {
        self.headers.push(("If-Match", false));
        self.or(&[409, 428])
    }

    pub fn header(mut self, name: &'static str) -> Self {
        self.headers.push((name, false));
        self
    }

    pub fn webhook(self) -> Self {
        Self { webhook: true, ..self }
    }

    pub fn handler<H, T>(self, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(self.method.clone()).unwrap_or(MethodFilter::GET);
        Self { handler: on(filter, handler), ..self }
    }

    /// The route with its guard before it.
    pub(crate) fn into_router(self, app: &Arc<App>) -> Router<Arc<App>> {
        let bytes = if self.webhook { app.options.webhook_bytes } else { app.options.body_bytes };
        let guard = Guard { app: app.clone(), access: self.access };
        let route = Router::new().route(self.path, self.handler).route_layer(DefaultBodyLimit::max(bytes));
        match self.access {
            Access::Open => route,
            _ => route.route_layer(from_fn_with_state(guard, auth::guard)),
        }
    }
}

fn describe<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
