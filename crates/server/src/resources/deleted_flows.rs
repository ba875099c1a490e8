use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Params, Place, page};
use crate::problem::Problem;
use crate::resources::flows::{FlowView, view};
use crate::state::App;
use crate::wire::{Page, etag, time};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::DeletedFlow;
use weir_control::{Control, Kept, Permission};

type Answer<T> = Result<T, Problem>;

/// A deleted flow that can come back.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DeletedFlowView {
    /// The id that it had, and has again.
    id: String,
    project: String,
    service: String,
    name: String,
    title: String,
    deleted_by: String,
    deleted_at: String,
    /// After this it is gone for good; before, where more were deleted since than the tier allows flows.
    until: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeletedQuery {
    project: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 where absent.
    limit: Option<u32>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/deleted-flows", "deletedFlows", "Flows that were deleted within 30 days")
            .needs(Permission::FlowsRead)
            .query::<DeletedQuery>()
            .gives::<Page<DeletedFlowView>>(200, "Flows that can come back, those deleted last first")
            .handler(list),
        Endpoint::post(
            "/api/deleted-flows/{id}/restore",
            "restoreFlow",
            "Brings a deleted flow back with its versions and triggers, switched off",
        )
        .needs(Permission::FlowsWrite)
        .gives::<FlowView>(200, "It is there again")
        .or(&[402, 409])
        .handler(restore),
    ]
}

fn deleted(gone: Kept<DeletedFlow>) -> DeletedFlowView {
    let Kept { created_at, value: DeletedFlow { flow, draft, by, .. }, .. } = gone;
    DeletedFlowView {
        id: flow.to_string(),
        project: draft.project.to_string(),
        service: draft.service.to_string(),
        name: draft.name.to_string(),
        title: draft.title.to_string(),
        deleted_by: by.to_string(),
        deleted_at: time(created_at),
        until: time(Control::restorable_until(created_at)),
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<DeletedQuery>,
) -> Answer<Json<Page<DeletedFlowView>>> {
    let DeletedQuery { project, after, limit } = query;
    let project = project.map(Into::into);
    Ok(Page::of(app.control.deleted_flows(&caller, project, &page(after, limit)).await?, deleted))
}

async fn restore(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
) -> Answer<(HeaderMap, Json<FlowView>)> {
    let flow = app.control.restore_flow(&caller, &id).await?;
    let status = app.control.flow_status(&caller, &flow.id).await?;
    Ok((etag(&flow), Json(view(flow, status))))
}
