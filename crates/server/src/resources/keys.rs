use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, page};
use crate::problem::Problem;
use crate::resources::members::RoleName;
use crate::state::App;
use crate::wire::{Page, PageQuery, read_time, time};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::ApiKey;
use weir_control::{Kept, NewKey, Permission};

type Answer<T> = Result<T, Problem>;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    id: String,
    name: String,
    /// The beginning of the key, to tell it from others.
    prefix: String,
    /// Whose own it is; absent for a service key.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    role: String,
    /// What it is limited to; absent for everything its role may.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// To the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    /// The key itself, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewKeyBody {
    name: String,
    /// A key of nobody, for programs of the whole organisation.
    #[serde(default)]
    service: bool,
    role: Option<RoleName>,
    /// Such as `runs.start`; everything the role may where absent.
    #[schemars(with = "Option<Vec<String>>")]
    scopes: Option<Vec<Permission>>,
    /// RFC 3339.
    expires_at: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/keys", "keys", "One's own API keys; with the permission keys.write, everybody's")
            .needs(Permission::KeysOwn)
            .query::<PageQuery>()
            .gives::<Page<KeyView>>(200, "Keys, the newest first")
            .handler(list),
        Endpoint::post("/api/keys", "createKey", "Makes an API key")
            .needs(Permission::KeysOwn)
            .takes::<NewKeyBody>()
            .gives::<KeyView>(201, "Made; the key is shown this once")
            .or(&[409, 422])
            .handler(create),
        Endpoint::delete("/api/keys/{id}", "revokeKey", "Revokes an API key")
            .needs(Permission::KeysOwn)
            .gives_nothing("Revoked")
            .handler(revoke),
    ]
}

fn view(key: Kept<ApiKey>, text: Option<String>) -> KeyView {
    let scopes = key.value.scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect());
    KeyView {
        id: key.id.to_string(),
        name: key.value.name.to_string(),
        prefix: key.value.prefix.to_string(),
        user: key.value.user.map(|user| user.to_string()),
        role: key.value.role.as_str().to_owned(),
        scopes,
        created_at: time(key.created_at),
        expires_at: key.value.expires_at.map(time),
        last_used_at: key.value.last_used_at.map(time),
        key: text,
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<KeyView>>> {
    Ok(Page::of(app.control.keys(&caller, &page(query.after, query.limit)).await?, |key| view(key, None)))
}

/// What is told whose `expiresAt` cannot be read; the last time is that of the calendar that is used.
pub const EXPIRY: &str = "expiresAt is a time such as 2027-01-31T12:00:00Z, no later than 9999-12-30T22:00:00Z";

async fn create(
    State(app): State<Arc<App>>,
    By(caller): By,
    Body(body): Body<NewKeyBody>,
) -> Answer<(StatusCode, Json<KeyView>)> {
    let expires_at = match &body.expires_at {
        None => None,
        Some(text) => {
            Some(read_time(text).ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "INVALID_TIME", EXPIRY))?)
        }
    };
    let new = NewKey {
        name: body.name,
        service: body.service,
        role: body.role.map(Into::into),
        scopes: body.scopes,
        expires_at,
    };
    let made = app.control.create_key(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(view(made.key, Some(made.text)))))
}

async fn revoke(State(app): State<Arc<App>>, By(caller): By, Place(id): Place<String>) -> Answer<StatusCode> {
    app.control.revoke_key(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
