use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, Seen, page};
use crate::problem::Problem;
use crate::resources::runs::Json_;
use crate::state::App;
use crate::wire::{Page, PageQuery, etag, time};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::MemoryEntry;
use weir_control::{Kept, Permission};

type Answer<T> = Result<T, Problem>;

/// What a flow remembers from one run to the next, in figures.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MemoryView {
    /// Whether the flow's `settings`, as they are edited, have `memory`.
    enabled: bool,
    entries: u64,
    /// Keys and values as JSON.
    bytes: u64,
    /// The flow's own limit, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    /// What all flows of the organisation remember, in bytes.
    used: u64,
    /// What the tier allows them together; no limit where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EntryView {
    key: String,
    value: Json_,
    bytes: u64,
    revision: u64,
    created_at: String,
    updated_at: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EntryBody {
    value: Json_,
}

pub fn routes() -> Vec<Endpoint> {
    let (whole, one) = ("/api/flows/{id}/memory", "/api/flows/{id}/memory/entries/{key}");
    vec![
        Endpoint::get(whole, "memory", "How much a flow remembers from one run to the next")
            .needs(Permission::VariablesRead)
            .gives::<MemoryView>(200, "Figures and limits")
            .handler(state),
        Endpoint::delete(whole, "clearMemory", "Takes away everything a flow remembers")
            .needs(Permission::VariablesWrite)
            .gives_nothing("It remembers nothing now")
            .or(&[409])
            .handler(clear),
        Endpoint::get("/api/flows/{id}/memory/entries", "memoryEntries", "What a flow remembers")
            .needs(Permission::VariablesRead)
            .query::<PageQuery>()
            .gives::<Page<EntryView>>(200, "Entries, the newest first")
            .handler(list),
        Endpoint::get(one, "memoryEntry", "Something a flow remembers")
            .needs(Permission::VariablesRead)
            .gives::<EntryView>(200, "The entry")
            .handler(show),
        Endpoint::put(one, "setMemoryEntry", "Has a flow remember something, or something else")
            .needs(Permission::VariablesWrite)
            .takes::<EntryBody>()
            .revised()
            .gives::<EntryView>(200, "Remembered")
            .or(&[402, 422])
            .handler(set),
        Endpoint::delete(one, "forgetMemoryEntry", "Has a flow forget something")
            .needs(Permission::VariablesWrite)
            .revised()
            .gives_nothing("Forgotten")
            .handler(forget),
    ]
}

fn view(entry: Kept<MemoryEntry>) -> EntryView {
    EntryView {
        key: entry.value.key.to_string(),
        value: Json_(entry.value.value.into()),
        bytes: entry.value.bytes,
        revision: entry.revision,
        created_at: time(entry.created_at),
        updated_at: time(entry.updated_at),
    }
}

async fn state(State(app): State<Arc<App>>, By(caller): By, Place(id): Place<String>) -> Answer<Json<MemoryView>> {
    let state = app.control.memory_state(&caller, &id).await?;
    let weir_control::MemoryState { enabled, bytes, entries, limit, used, allowed } = state;
    Ok(Json(MemoryView { enabled, entries, bytes, limit, used, allowed }))
}

async fn clear(State(app): State<Arc<App>>, By(caller): By, Place(id): Place<String>) -> Answer<StatusCode> {
    app.control.clear_memory(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<EntryView>>> {
    Ok(Page::of(app.control.memory_entries(&caller, &id, &page(query.after, query.limit)).await?, view))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, key)): Place<(String, String)>,
) -> Answer<(HeaderMap, Json<EntryView>)> {
    let entry = app.control.memory_entry(&caller, &id, &key).await?;
    Ok((etag(&entry), Json(view(entry))))
}

async fn set(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, key)): Place<(String, String)>,
    Seen(seen): Seen,
    Body(body): Body<EntryBody>,
) -> Answer<(HeaderMap, Json<EntryView>)> {
    let entry = app.control.set_memory(&caller, &id, &key, body.value.0, seen).await?;
    Ok((etag(&entry), Json(view(entry))))
}

async fn forget(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, key)): Place<(String, String)>,
    Seen(seen): Seen,
) -> Answer<StatusCode> {
    app.control.forget_memory(&caller, &id, &key, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
