use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::Place;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use weir_control::Permission;
use weir_runs::{Connection, OnRuntime};

type Answer<T> = Result<T, Problem>;

/// Everything that can carry runs.
#[derive(Serialize, JsonSchema)]
struct RuntimesBody {
    items: Vec<RuntimeView>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RuntimeView {
    /// As a flow is started on it: `embedded`, or `temporal:` and the connection's name.
    runtime: String,
    /// The connection's name; absent for this server itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_queue: Option<String>,
    /// Whether this server works on its runs too.
    worker: bool,
}

/// What a look at a connection has found.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CheckedView {
    /// Whether flows can be started on it.
    reachable: bool,
    /// Whether somebody works on its runs.
    has_worker: bool,
    /// What stands in the way, as `docs/errors` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/runtimes", "listRuntimes", "What can carry the runs of a flow")
            .needs(Permission::FlowsRead)
            .gives::<RuntimesBody>(200, "This server, and its connections by name")
            .handler(list),
        Endpoint::post("/api/runtimes/{name}/check", "checkRuntime", "Tries the connection of a runtime")
            .needs(Permission::FlowsDeploy)
            .gives::<CheckedView>(200, "What was found")
            .handler(check),
    ]
}

async fn list(State(app): State<Arc<App>>, By(_): By) -> Answer<Json<RuntimesBody>> {
    let here = RuntimeView {
        runtime: OnRuntime::Embedded.to_string(),
        connection: None,
        namespace: None,
        task_queue: None,
        worker: true,
    };
    let there = app.control.connections().into_iter().map(view);
    Ok(Json(RuntimesBody { items: std::iter::once(here).chain(there).collect() }))
}

/// Without the address, which is nobody's business but the operator's.
fn view(connection: Connection) -> RuntimeView {
    let Connection { name, namespace, task_queue, worker, .. } = connection;
    RuntimeView {
        runtime: OnRuntime::Temporal(name.clone()).to_string(),
        connection: Some(name.to_string()),
        namespace: Some(namespace.to_string()),
        task_queue: Some(task_queue.to_string()),
        worker,
    }
}

async fn check(State(app): State<Arc<App>>, By(_): By, Place(name): Place<String>) -> Answer<Json<CheckedView>> {
    let found = app.control.check_connection(&name).await?;
    let (code, message) = found.problem.unzip();
    let code = code.map(str::to_owned);
    Ok(Json(CheckedView { reachable: found.reachable, has_worker: found.has_worker, code, message }))
}
