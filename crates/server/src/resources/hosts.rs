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
use std::sync::Arc;
use weir_control::model::{HostNeeds, HostState, HostedFlow, WorkerHost};
use weir_control::{FlowReport, Kept, Permission};

type Answer<T> = Result<T, Problem>;

/// A program on another machine that runs a flow's generated worker, as it has told of itself.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HostView {
    name: String,
    /// Whether it runs every compiled flow of the project, and not this one alone.
    whole_project: bool,
    /// Whether it has not been heard of for two minutes, and did not say that it ends.
    silent: bool,
    #[serde(flatten)]
    flow: OnHost,
    /// When it was heard of first, and last.
    since: String,
    seen_at: String,
}

/// How a flow is on a host.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnHost {
    state: HostPhase,
    /// Whether its worker runs, and the host has said so within two minutes.
    healthy: bool,
    /// The compilation whose worker takes new runs, its hash, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    compilation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loaded_at: Option<String>,
    /// Earlier compilations that still have runs to end.
    finishing: Vec<u64>,
    /// What its steps need beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<Needs>,
    /// Why the newest compilation is not the one that runs, or what its steps wait for.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Weir's own worker, which performs kinds without TypeScript.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Needs {
    /// The task queue from which it takes work.
    queue: String,
    kinds: Vec<String>,
    /// Whether nobody does.
    missing: bool,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HostPhase {
    /// It builds a version, or waits for its worker.
    Starting,
    Running,
    /// The newest version does not start; one before it may go on.
    Failed,
    /// It has ended by itself.
    Stopped,
}

/// What a host tells of one flow.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnHostBody {
    state: HostPhase,
    /// The compilation whose worker takes new runs, and the hash of its files; the server's own of that number where
    /// there is no hash.
    compilation: Option<u64>,
    hash: Option<String>,
    /// Earlier compilations that still have runs to end; the newest hundred are kept.
    #[serde(default)]
    finishing: Vec<u64>,
    needs: Option<Needs>,
    error: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    let one = "/api/flows/{id}/hosts/{host}";
    vec![
        Endpoint::get(
            "/api/flows/{id}/hosts",
            "hosts",
            "Where a flow's generated worker runs: hosts of its own, and of its project",
        )
        .needs(Permission::FlowsRead)
        .query::<PageQuery>()
        .gives::<Page<HostView>>(200, "Hosts, the newest first")
        .handler(list),
        Endpoint::get(one, "host", "A host of a flow's generated worker")
            .needs(Permission::FlowsRead)
            .gives::<HostView>(200, "The host")
            .handler(show),
        Endpoint::put(one, "reportHost", "What a host tells of itself, every half minute")
            // A host set up before there was `hosts.serve` has a key with the other, and ends where it is refused.
            .needs_either(Permission::HostsServe, Permission::FlowsDeploy)
            .takes::<OnHostBody>()
            .gives::<HostView>(200, "Kept")
            .or(&[402, 422])
            .handler(report),
        Endpoint::delete(one, "removeHost", "Takes a host off the list; one that still runs comes back")
            .needs(Permission::FlowsDeploy)
            .gives_nothing("It is off the list")
            .handler(remove),
    ]
}

/// As the flow of this id sees it.
fn view(app: &App, flow: &str, host: &Kept<WorkerHost>) -> HostView {
    let hosted = host.value.flows.get(flow).cloned().unwrap_or_default();
    let mut shown = on_host(app, host, &hosted);
    shown.error = shown.error.or_else(|| host.value.error.as_ref().map(ToString::to_string));
    HostView {
        name: host.value.name.to_string(),
        whole_project: host.value.flow.is_none(),
        silent: app.control.is_silent(host),
        flow: shown,
        since: time(host.created_at),
        seen_at: time(host.updated_at),
    }
}

pub fn on_host(app: &App, host: &Kept<WorkerHost>, hosted: &HostedFlow) -> OnHost {
    OnHost {
        state: hosted.state.into(),
        healthy: app.control.is_healthy(host, hosted.state),
        compilation: hosted.compilation,
        hash: hosted.hash.as_ref().map(ToString::to_string),
        loaded_at: hosted.loaded_at.map(time),
        finishing: hosted.finishing.clone(),
        needs: hosted.needs.as_ref().map(Needs::from),
        error: hosted.error.as_ref().map(ToString::to_string),
    }
}

impl From<OnHostBody> for FlowReport {
    fn from(body: OnHostBody) -> Self {
        let OnHostBody { state, compilation, hash, finishing, needs, error } = body;
        let needs = needs.map(|Needs { queue, kinds, missing }| HostNeeds {
            queue: queue.into(),
            kinds: kinds.into_iter().map(Into::into).collect(),
            missing,
        });
        Self { state: state.into(), compilation, hash, finishing, needs, error }
    }
}

impl From<&HostNeeds> for Needs {
    fn from(needs: &HostNeeds) -> Self {
        let kinds = needs.kinds.iter().map(ToString::to_string).collect();
        Self { queue: needs.queue.to_string(), kinds, missing: needs.missing }
    }
}

impl From<HostState> for HostPhase {
    fn from(state: HostState) -> Self {
        match state {
            HostState::Starting => HostPhase::Starting,
            HostState::Running => HostPhase::Running,
            HostState::Failed => HostPhase::Failed,
            HostState::Stopped => HostPhase::Stopped,
        }
    }
}

impl From<HostPhase> for HostState {
    fn from(state: HostPhase) -> Self {
        match state {
            HostPhase::Starting => HostState::Starting,
            HostPhase::Running => HostState::Running,
            HostPhase::Failed => HostState::Failed,
            HostPhase::Stopped => HostState::Stopped,
        }
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<HostView>>> {
    let found = app.control.worker_hosts(&caller, &id, &page(query.after, query.limit)).await?;
    Ok(Page::of(found, |host| view(&app, &id, &host)))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, host)): Place<(String, String)>,
) -> Answer<Json<HostView>> {
    Ok(Json(view(&app, &id, &app.control.worker_host(&caller, &id, &host).await?)))
}

async fn report(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, host)): Place<(String, String)>,
    Body(body): Body<OnHostBody>,
) -> Answer<Json<HostView>> {
    Ok(Json(view(&app, &id, &app.control.report_host(&caller, &id, &host, body.into()).await?)))
}

async fn remove(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, host)): Place<(String, String)>,
) -> Answer<StatusCode> {
    app.control.remove_host(&caller, &id, &host).await?;
    Ok(StatusCode::NO_CONTENT)
}
