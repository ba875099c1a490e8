use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use weir_control::{Actor, Permission};

/// Who asks, with a key or in a browser.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CallerView {
    /// The organisation's id and name.
    tenant: String,
    tenant_name: String,
    role: String,
    /// What may be done, as keys have it in their scopes.
    permissions: Vec<String>,
    /// The key's name, or the person's e-mail address.
    name: String,
    /// Absent for a person in a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/caller", "caller", "Who asks, of which organisation, and what they may do")
            .gives::<CallerView>(200, "The one who asks")
            .handler(show),
    ]
}

async fn show(State(app): State<Arc<App>>, By(caller): By) -> Result<Json<CallerView>, Problem> {
    let tenant = app.control.organisation(&caller).await?;
    let may = Permission::ALL.into_iter().filter(|permission| caller.may(*permission));
    let (name, key) = match &caller.actor {
        Actor::Key { id, name, .. } => (name.to_string(), Some(id.to_string())),
        Actor::User { email, .. } => (email.to_string(), None),
        Actor::System(what) => ((*what).to_owned(), None),
    };
    Ok(Json(CallerView {
        tenant: tenant.id.to_string(),
        tenant_name: tenant.value.name.to_string(),
        role: caller.role.as_str().to_owned(),
        permissions: may.map(|permission| permission.as_str().to_owned()).collect(),
        name,
        key,
    }))
}
