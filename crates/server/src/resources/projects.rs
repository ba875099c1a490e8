use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, Seen, page};
use crate::problem::Problem;
use crate::state::App;
use crate::wire::{Page, PageQuery, etag, time};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::{Project, ProjectSettings, Service};
use weir_control::{Kept, Permission};

type Answer<T> = Result<T, Problem>;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProjectView {
    name: String,
    description: String,
    settings: SettingsBody,
    revision: u64,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SettingsBody {
    /// A flow that is switched on must be stopped before it is changed or published.
    #[serde(default)]
    stop_before_edit: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ServiceView {
    project: String,
    name: String,
    description: String,
    created_at: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewBody {
    name: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PatchBody {
    description: Option<String>,
    settings: Option<SettingsBody>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/projects", "projects", "The organisation's projects")
            .needs(Permission::ProjectsRead)
            .query::<PageQuery>()
            .gives::<Page<ProjectView>>(200, "Projects, the newest first")
            .handler(list),
        Endpoint::post("/api/projects", "createProject", "Makes a project with its service `default`")
            .needs(Permission::ProjectsWrite)
            .takes::<NewBody>()
            .gives::<ProjectView>(201, "Made")
            .or(&[409, 422])
            .handler(create),
        Endpoint::get("/api/projects/{project}", "project", "A project")
            .needs(Permission::ProjectsRead)
            .gives::<ProjectView>(200, "The project")
            .handler(show),
        Endpoint::patch("/api/projects/{project}", "changeProject", "Changes a project's description or settings")
            .needs(Permission::ProjectsWrite)
            .takes::<PatchBody>()
            .revised()
            .gives::<ProjectView>(200, "Changed")
            .or(&[422])
            .handler(change),
        Endpoint::delete("/api/projects/{project}", "deleteProject", "Deletes a project that holds no flow any more")
            .needs(Permission::ProjectsWrite)
            .revised()
            .gives_nothing("Deleted")
            .or(&[402])
            .handler(delete),
        Endpoint::get("/api/projects/{project}/services", "services", "A project's services")
            .needs(Permission::ProjectsRead)
            .query::<PageQuery>()
            .gives::<Page<ServiceView>>(200, "Services, the newest first")
            .handler(services),
        Endpoint::post("/api/projects/{project}/services", "createService", "Makes a service")
            .needs(Permission::ProjectsWrite)
            .takes::<NewBody>()
            .gives::<ServiceView>(201, "Made")
            .or(&[409, 422])
            .handler(create_service),
        Endpoint::delete("/api/projects/{project}/services/{service}", "deleteService", "Deletes an empty service")
            .needs(Permission::ProjectsWrite)
            .gives_nothing("Deleted")
            .or(&[409])
            .handler(delete_service),
    ]
}

fn view(project: Kept<Project>) -> ProjectView {
    ProjectView {
        name: project.value.name.to_string(),
        description: project.value.description.to_string(),
        settings: SettingsBody { stop_before_edit: project.value.settings.stop_before_edit },
        revision: project.revision,
        created_at: time(project.created_at),
        updated_at: time(project.updated_at),
    }
}

fn service_view(service: Kept<Service>) -> ServiceView {
    ServiceView {
        project: service.value.project.to_string(),
        name: service.value.name.to_string(),
        description: service.value.description.to_string(),
        created_at: time(service.created_at),
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<ProjectView>>> {
    Ok(Page::of(app.control.projects(&caller, &page(query.after, query.limit)).await?, view))
}

async fn create(
    State(app): State<Arc<App>>,
    By(caller): By,
    Body(body): Body<NewBody>,
) -> Answer<(StatusCode, HeaderMap, Json<ProjectView>)> {
    let project = app.control.create_project(&caller, &body.name, &body.description).await?;
    Ok((StatusCode::CREATED, etag(&project), Json(view(project))))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(name): Place<String>,
) -> Answer<(HeaderMap, Json<ProjectView>)> {
    let project = app.control.show_project(&caller, &name).await?;
    Ok((etag(&project), Json(view(project))))
}

async fn change(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(name): Place<String>,
    Seen(seen): Seen,
    Body(body): Body<PatchBody>,
) -> Answer<(HeaderMap, Json<ProjectView>)> {
    let settings = body.settings.map(|settings| ProjectSettings { stop_before_edit: settings.stop_before_edit });
    let project = app.control.change_project(&caller, &name, body.description.as_deref(), settings, seen).await?;
    Ok((etag(&project), Json(view(project))))
}

async fn delete(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(name): Place<String>,
    Seen(seen): Seen,
) -> Answer<StatusCode> {
    app.control.delete_project(&caller, &name, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn services(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<ServiceView>>> {
    let found = app.control.services(&caller, &project, &page(query.after, query.limit)).await?;
    Ok(Page::of(found, service_view))
}

async fn create_service(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Body(body): Body<NewBody>,
) -> Answer<(StatusCode, Json<ServiceView>)> {
    let service = app.control.create_service(&caller, &project, &body.name, &body.description).await?;
    Ok((StatusCode::CREATED, Json(service_view(service))))
}

async fn delete_service(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, service)): Place<(String, String)>,
) -> Answer<StatusCode> {
    app.control.delete_service(&caller, &project, &service).await?;
    Ok(StatusCode::NO_CONTENT)
}
