use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, MaybeSeen, Params, Place, page};
use crate::problem::Problem;
use crate::state::App;
use crate::wire::{Page, PageQuery, time};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::Secret;
use weir_control::{Kept, Permission};

type Answer<T> = Result<T, Problem>;

/// All that is shown of a secret.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SecretView {
    project: String,
    name: String,
    description: String,
    revision: u64,
    created_at: String,
    updated_at: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SecretBody {
    value: String,
    description: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    let one = "/api/projects/{project}/secrets/{name}";
    vec![
        Endpoint::get("/api/projects/{project}/secrets", "secrets", "Names of a project's secrets")
            .needs(Permission::SecretsRead)
            .query::<PageQuery>()
            .gives::<Page<SecretView>>(200, "Secrets without their values, the newest first")
            .handler(list),
        Endpoint::get(one, "secret", "A secret, without its value")
            .needs(Permission::SecretsRead)
            .gives::<SecretView>(200, "All that is shown of it")
            .handler(show),
        Endpoint::put(one, "setSecret", "Sets a secret; its value is never given out again")
            .needs(Permission::SecretsWrite)
            .takes::<SecretBody>()
            .header("If-Match")
            .gives::<SecretView>(200, "Set")
            .or(&[409, 422])
            .handler(set),
        Endpoint::delete(one, "deleteSecret", "Deletes a secret")
            .needs(Permission::SecretsWrite)
            .header("If-Match")
            .gives_nothing("Deleted")
            .or(&[409])
            .handler(delete),
    ]
}

fn view(secret: Kept<Secret>) -> SecretView {
    SecretView {
        project: secret.value.project.to_string(),
        name: secret.value.name.to_string(),
        description: secret.value.description.to_string(),
        revision: secret.revision,
        created_at: time(secret.created_at),
        updated_at: time(secret.updated_at),
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<SecretView>>> {
    Ok(Page::of(app.control.secrets(&caller, &project, &page(query.after, query.limit)).await?, view))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, name)): Place<(String, String)>,
) -> Answer<Json<SecretView>> {
    Ok(Json(view(app.control.secret(&caller, &project, &name).await?)))
}

async fn set(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, name)): Place<(String, String)>,
    MaybeSeen(seen): MaybeSeen,
    Body(body): Body<SecretBody>,
) -> Answer<Json<SecretView>> {
    let description = body.description.as_deref();
    Ok(Json(view(app.control.set_secret(&caller, &project, &name, &body.value, description, seen).await?)))
}

async fn delete(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, name)): Place<(String, String)>,
    MaybeSeen(seen): MaybeSeen,
) -> Answer<StatusCode> {
    app.control.delete_secret(&caller, &project, &name, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
