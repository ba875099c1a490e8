use super::hosts::{HostPhase, OnHost, OnHostBody, on_host};
use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, page};
use crate::problem::Problem;
use crate::state::App;
use crate::wire::{Page, PageQuery, time};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_base::Text;
use weir_control::model::WorkerHost;
use weir_control::{Caller, HostReport, Kept, Permission};

type Answer<T> = Result<T, Problem>;

/// A program on another machine that runs generated workers of a project, as it has told of itself.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProjectHostView {
    name: String,
    /// The only flow it runs, by id; absent where it runs every compiled flow of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<String>,
    state: HostPhase,
    /// Whether it works, and has said so within two minutes.
    healthy: bool,
    /// Whether it has not been heard of for two minutes, and did not say that it ends.
    silent: bool,
    /// What keeps it from its work as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Which code it runs of each flow.
    flows: Vec<HostedView>,
    /// When it was heard of first, and last.
    since: String,
    seen_at: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HostedView {
    /// The flow's id, and its name; absent where the flow is gone and only runs that had begun go on.
    flow: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    at: OnHost,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProjectHostBody {
    state: HostPhase,
    /// What keeps it from its work as a whole.
    error: Option<String>,
    /// How it is with each flow, by the flow's id. Flows that are not in the project are left out.
    #[serde(default)]
    flows: BTreeMap<String, OnHostBody>,
}

pub fn routes() -> Vec<Endpoint> {
    let all = "/api/projects/{project}/hosts";
    let one = "/api/projects/{project}/hosts/{host}";
    vec![
        Endpoint::get(all, "projectHosts", "Where a project's generated workers run")
            .needs(Permission::FlowsRead)
            .query::<PageQuery>()
            .gives::<Page<ProjectHostView>>(200, "Hosts of the whole project and of single flows, the newest first")
            .handler(list),
        Endpoint::get(one, "projectHost", "A host of a whole project")
            .needs(Permission::FlowsRead)
            .gives::<ProjectHostView>(200, "The host")
            .handler(show),
        Endpoint::put(one, "reportProjectHost", "What a host of a project tells of itself, every half minute")
            .needs_either(Permission::HostsServe, Permission::FlowsDeploy)
            .takes::<ProjectHostBody>()
            .gives::<ProjectHostView>(200, "Kept")
            .or(&[402, 422])
            .handler(report),
        Endpoint::delete(one, "removeProjectHost", "Takes a host off the list; one that still runs comes back")
            .needs(Permission::FlowsDeploy)
            .gives_nothing("It is off the list")
            .handler(remove),
    ]
}

fn view(app: &App, names: &BTreeMap<Text, Text>, host: Kept<WorkerHost>) -> ProjectHostView {
    let hosted = host.value.flows.iter().map(|(flow, hosted)| HostedView {
        flow: flow.to_string(),
        name: names.get(flow).map(ToString::to_string),
        at: on_host(app, &host, hosted),
    });
    ProjectHostView {
        name: host.value.name.to_string(),
        only: host.value.flow.as_ref().map(ToString::to_string),
        state: host.value.state.into(),
        healthy: app.control.is_healthy(&host, host.value.state),
        silent: app.control.is_silent(&host),
        error: host.value.error.as_ref().map(ToString::to_string),
        flows: hosted.collect(),
        since: time(host.created_at),
        seen_at: time(host.updated_at),
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<ProjectHostView>>> {
    let names = app.control.flows_of_project(&caller, &project).await?;
    let found = app.control.project_hosts(&caller, &project, &page(query.after, query.limit)).await?;
    Ok(Page::of(found, |host| view(&app, &names, host)))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, host)): Place<(String, String)>,
) -> Answer<Json<ProjectHostView>> {
    let host = app.control.project_host(&caller, &project, &host).await?;
    shown(&app, &caller, &project, host).await
}

async fn shown(app: &App, caller: &Caller, project: &str, host: Kept<WorkerHost>) -> Answer<Json<ProjectHostView>> {
    let names = app.control.flows_of_project(caller, project).await?;
    Ok(Json(view(app, &names, host)))
}

async fn report(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, host)): Place<(String, String)>,
    Body(body): Body<ProjectHostBody>,
) -> Answer<Json<ProjectHostView>> {
    let flows = body.flows.into_iter().map(|(flow, told)| (flow.into(), told.into())).collect();
    let told = HostReport { state: body.state.into(), error: body.error, flows };
    let kept = app.control.report_project_host(&caller, &project, &host, told).await?;
    shown(&app, &caller, &project, kept).await
}

async fn remove(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, host)): Place<(String, String)>,
) -> Answer<StatusCode> {
    app.control.remove_project_host(&caller, &project, &host).await?;
    Ok(StatusCode::NO_CONTENT)
}
