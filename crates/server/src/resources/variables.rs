use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, Seen, SeenOrNew, revision_needed};
use crate::problem::Problem;
use crate::resources::runs::Json_;
use crate::state::App;
use crate::wire::{etag_of, time};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::{ControlError, Permission};
use weir_store::Variable;

type Answer<T> = Result<T, Problem>;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct VariableView {
    name: String,
    value: Json_,
    changed_at: String,
    /// One more with each change, whether of a run or of a person.
    revision: u64,
}

#[derive(Serialize, JsonSchema)]
struct VariableList {
    items: Vec<VariableView>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VariableBody {
    value: Json_,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScopeQuery {
    /// Of this service; of the project itself where absent.
    service: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    let one = "/api/projects/{project}/variables/{name}";
    vec![
        Endpoint::get("/api/projects/{project}/variables", "variables", "Variables of a project or a service")
            .needs(Permission::VariablesRead)
            .query::<ScopeQuery>()
            .gives::<VariableList>(200, "Variables, by name")
            .handler(list),
        Endpoint::get(one, "variable", "A variable")
            .needs(Permission::VariablesRead)
            .query::<ScopeQuery>()
            .gives::<VariableView>(200, "Its value")
            .handler(show),
        Endpoint::put(one, "setVariable", "Sets a variable, whatever runs do with it")
            .needs(Permission::VariablesWrite)
            .query::<ScopeQuery>()
            .takes::<VariableBody>()
            .revised_or_new()
            .gives::<VariableView>(200, "Set")
            .or(&[422])
            .handler(set),
        Endpoint::delete(one, "deleteVariable", "Deletes a variable")
            .needs(Permission::VariablesWrite)
            .query::<ScopeQuery>()
            .revised()
            .gives_nothing("Deleted")
            .handler(delete),
    ]
}

fn view(variable: Variable) -> VariableView {
    let Variable { name, value, changed_at, revision } = variable;
    VariableView { name: name.to_string(), value: Json_(value), changed_at: time(changed_at), revision }
}

fn told(variable: Variable) -> (HeaderMap, Json<VariableView>) {
    (etag_of(variable.revision), Json(view(variable)))
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Params(query): Params<ScopeQuery>,
) -> Answer<Json<VariableList>> {
    let found = app.control.variables(&caller, &project, query.service.as_deref()).await?;
    Ok(Json(VariableList { items: found.into_iter().map(view).collect() }))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, name)): Place<(String, String)>,
    Params(query): Params<ScopeQuery>,
) -> Answer<(HeaderMap, Json<VariableView>)> {
    Ok(told(app.control.variable(&caller, &project, query.service.as_deref(), &name).await?))
}

async fn set(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, name)): Place<(String, String)>,
    Params(query): Params<ScopeQuery>,
    SeenOrNew(seen): SeenOrNew,
    Body(body): Body<VariableBody>,
) -> Answer<(HeaderMap, Json<VariableView>)> {
    let service = query.service.as_deref();
    match app.control.set_variable(&caller, &project, service, &name, body.value.0, seen).await {
        Err(ControlError::Conflict { seen: 0, .. }) => Err(revision_needed()),
        set => Ok(told(set?)),
    }
}

async fn delete(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, name)): Place<(String, String)>,
    Params(query): Params<ScopeQuery>,
    Seen(seen): Seen,
) -> Answer<StatusCode> {
    app.control.delete_variable(&caller, &project, query.service.as_deref(), &name, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
