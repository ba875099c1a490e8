use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, Seen, page};
use crate::problem::Problem;
use crate::resources::flows::{FileBody, FlowView, files_view, view as flow_view};
use crate::state::App;
use crate::wire::{Page, PageQuery, etag, time};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::{Release, Revision};
use weir_control::{Kept, Permission};

type Answer<T> = Result<T, Problem>;

/// A published version. It never changes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct VersionView {
    number: u64,
    /// Content hash of what runs.
    hash: String,
    dialect: String,
    notes: String,
    published_by: String,
    published_at: String,
    files: Vec<FileBody>,
}

/// A text of the draft, kept when it was saved.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RevisionView {
    number: u64,
    by: String,
    at: String,
    files: Vec<FileBody>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PublishBody {
    #[serde(default)]
    notes: String,
}

/// What changed from one version to another, file by file.
#[derive(Serialize, JsonSchema)]
struct DiffView {
    files: Vec<FileDiff>,
}

#[derive(Serialize, JsonSchema)]
struct FileDiff {
    name: String,
    /// `added`, `removed`, `changed` or `same`.
    change: String,
    /// Before and after, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DiffQuery {
    /// Another version; the draft where absent.
    to: Option<u64>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/flows/{id}/versions", "versions", "A flow's published versions")
            .needs(Permission::FlowsRead)
            .query::<PageQuery>()
            .gives::<Page<VersionView>>(200, "Versions, the newest first")
            .handler(list),
        Endpoint::post("/api/flows/{id}/versions", "publish", "Publishes the draft; a running flow uses it at once")
            .needs(Permission::FlowsPublish)
            .may_take::<PublishBody>()
            .revised()
            .gives::<VersionView>(201, "Published; the same text again is the same version")
            .or(&[422])
            .handler(publish),
        Endpoint::get("/api/flows/{id}/versions/{number}", "version", "A published version")
            .needs(Permission::FlowsRead)
            .gives::<VersionView>(200, "The version")
            .handler(show),
        Endpoint::get("/api/flows/{id}/versions/{number}/diff", "versionDiff", "What changed since a version")
            .needs(Permission::FlowsRead)
            .query::<DiffQuery>()
            .gives::<DiffView>(200, "File by file")
            .handler(diff),
        Endpoint::post("/api/flows/{id}/versions/{number}/restore", "restoreVersion", "Makes the draft what it was")
            .needs(Permission::FlowsWrite)
            .revised()
            .gives::<FlowView>(200, "The flow; its draft is that version's text again")
            .or(&[422])
            .handler(restore),
        Endpoint::get("/api/flows/{id}/revisions", "revisions", "Texts of the draft, kept at every save")
            .needs(Permission::FlowsRead)
            .query::<PageQuery>()
            .gives::<Page<RevisionView>>(200, "Revisions, the newest first")
            .handler(revisions),
        Endpoint::get("/api/flows/{id}/revisions/{number}", "revision", "A text of the draft")
            .needs(Permission::FlowsRead)
            .gives::<RevisionView>(200, "The revision")
            .handler(revision),
    ]
}

fn view(release: Kept<Release>) -> VersionView {
    VersionView {
        files: files_view(&release.value.files),
        number: release.value.number,
        hash: release.value.hash.to_string(),
        dialect: release.value.dialect.to_string(),
        notes: release.value.notes.to_string(),
        published_by: release.value.by.to_string(),
        published_at: time(release.created_at),
    }
}

fn revision_view(revision: Kept<Revision>) -> RevisionView {
    RevisionView {
        files: files_view(&revision.value.files),
        number: revision.value.number,
        by: revision.value.by.to_string(),
        at: time(revision.created_at),
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<VersionView>>> {
    Ok(Page::of(app.control.releases(&caller, &id, &page(query.after, query.limit)).await?, view))
}

async fn publish(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Seen(seen): Seen,
    Body(body): Body<PublishBody>,
) -> Answer<(StatusCode, Json<VersionView>)> {
    let release = app.control.publish(&caller, &id, seen, &body.notes).await?;
    Ok((StatusCode::CREATED, Json(view(release))))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, number)): Place<(String, u64)>,
) -> Answer<Json<VersionView>> {
    Ok(Json(view(app.control.release(&caller, &id, number).await?)))
}

async fn diff(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, number)): Place<(String, u64)>,
    Params(query): Params<DiffQuery>,
) -> Answer<Json<DiffView>> {
    let old = app.control.release(&caller, &id, number).await?.value.files;
    let new = match query.to {
        Some(number) => app.control.release(&caller, &id, number).await?.value.files,
        None => app.control.flow(&caller, &id).await?.value.files,
    };
    let mut files: Vec<FileDiff> = Vec::new();
    for file in &old {
        let after = new.iter().find(|other| other.name == file.name).map(|other| other.text.to_string());
        files.push(file_diff(&file.name, Some(file.text.to_string()), after));
    }
    for file in new.iter().filter(|file| old.iter().all(|other| other.name != file.name)) {
        files.push(file_diff(&file.name, None, Some(file.text.to_string())));
    }
    Ok(Json(DiffView { files }))
}

fn file_diff(name: &str, before: Option<String>, after: Option<String>) -> FileDiff {
    let change = match (&before, &after) {
        (None, _) => "added",
        (_, None) => "removed",
        (before, after) if before == after => "same",
        _ => "changed",
    };
    FileDiff { name: name.to_owned(), change: change.to_owned(), before, after }
}

async fn restore(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, number)): Place<(String, u64)>,
    Seen(seen): Seen,
) -> Answer<(HeaderMap, Json<FlowView>)> {
    let flow = app.control.restore(&caller, &id, number, seen).await?;
    let status = app.control.flow_status(&caller, &flow.id).await?;
    Ok((etag(&flow), Json(flow_view(flow, status))))
}

async fn revisions(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<RevisionView>>> {
    let found = app.control.revisions(&caller, &id, &page(query.after, query.limit)).await?;
    Ok(Page::of(found, revision_view))
}

async fn revision(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, number)): Place<(String, u64)>,
) -> Answer<Json<RevisionView>> {
    Ok(Json(revision_view(app.control.revision(&caller, &id, number).await?)))
}
