use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, Seen, page};
use crate::problem::Problem;
use crate::resources::runs::Json_;
use crate::resources::triggers::AnswerName;
use crate::state::App;
use crate::wire::{Page, PageQuery, etag, read_time, time};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_base::{Text, Value};
use weir_control::model::{
    AccessRule, HttpMethod, Interface, InterfaceAuth, InterfaceKey, InterfaceSpec, OpenFlow, OpenVariables, TokenRule,
};
use weir_control::{InterfacePatch, Kept, NewInterface, Permission};

type Answer<T> = Result<T, Problem>;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InterfaceView {
    id: String,
    project: String,
    name: String,
    description: String,
    enabled: bool,
    /// `flow` or `variables`.
    #[serde(rename = "type")]
    sort: String,
    /// As it was set; of keys the names and dates.
    settings: Json_,
    /// Where a flow is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    revision: u64,
    created_at: String,
    updated_at: String,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum MethodName {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Who is let in.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum AuthBody {
    /// Everybody.
    None {},
    /// Whoever brings one of the interface's keys, as `Authorization: Bearer …` or `X-API-Key`.
    Key {},
    /// Whoever brings a token that is signed by the issuer.
    Jwt {
        /// Where the issuer's public keys are.
        jwks_url: String,
        issuer: String,
        audience: String,
        /// Claims the token must have; in a list, or in words such as those of `scope`, the text must occur.
        #[serde(default)]
        claims: BTreeMap<String, String>,
    },
}

/// Somebody who may use the variables: a project, or only one service or one flow of it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleBody {
    project: String,
    service: Option<String>,
    /// A flow's name.
    flow: Option<String>,
    #[serde(default)]
    read_only: bool,
}

/// What an interface opens.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum SpecBody {
    Flow {
        /// The flow's id.
        flow: String,
        /// `POST` alone where absent.
        methods: Option<Vec<MethodName>>,
        auth: AuthBody,
        /// `result` where absent.
        answer: Option<AnswerName>,
        /// How long a result is waited for, in milliseconds; 30000 where absent.
        deadline: Option<u64>,
        /// JSON Schema of the body.
        request: Option<Json_>,
        /// JSON Schema of the query, which is an object of texts.
        query: Option<Json_>,
        /// JSON Schema of what is answered.
        response: Option<Json_>,
        /// Requests a minute, all callers together.
        rate: Option<u32>,
        /// Requests a minute of each caller.
        caller_rate: Option<u32>,
        /// The largest body, in bytes.
        largest_body: Option<u64>,
    },
    /// Variables of the project, or of one of its services, that other projects may use.
    Variables {
        service: Option<String>,
        #[serde(default)]
        read: Vec<String>,
        #[serde(default)]
        write: Vec<String>,
        /// Nobody where empty.
        #[serde(default)]
        allow: Vec<RuleBody>,
    },
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewInterfaceBody {
    /// The end of the path it is open at, and what other projects call it.
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "yes")]
    enabled: bool,
    spec: SpecBody,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InterfacePatchBody {
    description: Option<String>,
    enabled: Option<bool>,
    /// All settings together; keys stay.
    spec: Option<SpecBody>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewKeyBody {
    name: String,
    /// RFC 3339; it never expires where absent.
    expires_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewKeyView {
    id: String,
    name: String,
    /// Shown this once.
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    let (all, one) = ("/api/projects/{project}/interfaces", "/api/projects/{project}/interfaces/{interface}");
    let variable = "/api/projects/{project}/interfaces/{interface}/variables/{name}";
    vec![
        Endpoint::get(all, "interfaces", "What a project opens to others: flows at paths, and variables")
            .needs(Permission::InterfacesRead)
            .query::<PageQuery>()
            .gives::<Page<InterfaceView>>(200, "Interfaces, the newest first")
            .handler(list),
        Endpoint::post(all, "createInterface", "Opens a flow at a path, or variables to other projects")
            .needs(Permission::InterfacesWrite)
            .takes::<NewInterfaceBody>()
            .gives::<InterfaceView>(201, "Open")
            .or(&[409, 422])
            .handler(create),
        Endpoint::get(one, "interface", "An interface")
            .needs(Permission::InterfacesRead)
            .gives::<InterfaceView>(200, "The interface")
            .handler(show),
        Endpoint::patch(one, "changeInterface", "Changes an interface; its path and its keys stay")
            .needs(Permission::InterfacesWrite)
            .takes::<InterfacePatchBody>()
            .revised()
            .gives::<InterfaceView>(200, "Changed")
            .or(&[422])
            .handler(change),
        Endpoint::delete(one, "deleteInterface", "Closes what an interface has opened")
            .needs(Permission::InterfacesWrite)
            .revised()
            .gives_nothing("Closed")
            .handler(delete),
        Endpoint::post(
            "/api/projects/{project}/interfaces/{interface}/keys",
            "createInterfaceKey",
            "Makes a key that opens this interface and nothing else",
        )
        .needs(Permission::InterfacesWrite)
        .takes::<NewKeyBody>()
        .gives::<NewKeyView>(201, "The key, this once")
        .or(&[409, 422])
        .handler(create_key),
        Endpoint::delete(
            "/api/projects/{project}/interfaces/{interface}/keys/{id}",
            "revokeInterfaceKey",
            "Revokes a key of an interface",
        )
        .needs(Permission::InterfacesWrite)
        .gives_nothing("It opens nothing any more")
        .or(&[409])
        .handler(revoke_key),
        Endpoint::get(variable, "readThroughInterface", "Reads a variable in the name of another project")
            .needs(Permission::VariablesRead)
            .query::<AskerQuery>()
            .gives::<OpenVariableView>(200, "Its value; null where it was never set")
            .handler(read),
        Endpoint::put(variable, "writeThroughInterface", "Sets a variable in the name of another project")
            .needs(Permission::VariablesWrite)
            .query::<AskerQuery>()
            .takes::<OpenVariableBody>()
            .gives::<OpenVariableView>(200, "Set")
            .or(&[422])
            .handler(write),
    ]
}

/// In whose name something is asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskerQuery {
    /// A project the interface allows; nobody is let in without.
    r#as: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OpenVariableBody {
    value: Json_,
}

#[derive(Serialize, JsonSchema)]
struct OpenVariableView {
    name: String,
    value: Json_,
}

fn view(app: &App, interface: Kept<Interface>) -> InterfaceView {
    InterfaceView {
        url: app.control.interface_url(&interface),
        id: interface.id.to_string(),
        project: interface.value.project.to_string(),
        name: interface.value.name.to_string(),
        description: interface.value.description.to_string(),
        enabled: interface.value.enabled,
        sort: interface.value.spec.sort().to_owned(),
        settings: Json_(settings(&interface.value.spec)),
        revision: interface.revision,
        created_at: time(interface.created_at),
        updated_at: time(interface.updated_at),
    }
}

/// The settings without the hashes of keys.
fn settings(spec: &InterfaceSpec) -> Value {
    let mut shown = serde_json::to_value(spec).unwrap_or_default();
    if let Some(members) = shown.as_object_mut() {
        members.remove("type");
    }
    if let Some(keys) = shown.pointer_mut("/auth/keys") {
        *keys = spec.keys().iter().map(key_view).collect();
    }
    Value::from_json(&shown.to_string()).unwrap_or_default()
}

fn key_view(key: &InterfaceKey) -> serde_json::Value {
    let InterfaceKey { id, name, created_at, expires_at, .. } = key;
    let mut shown = serde_json::json!({"id": id, "name": name, "createdAt": time(*created_at)});
    if let Some(at) = expires_at {
        shown["expiresAt"] = time(*at).into();
    }
    shown
}

fn spec(body: SpecBody) -> InterfaceSpec {
    let schema = |schema: Option<Json_>| schema.map(|schema| serde_json::Value::from(&schema.0));
    match body {
        SpecBody::Flow {
            flow,
            methods,
            auth,
            answer,
            deadline,
            request,
            query,
            response,
            rate,
            caller_rate,
            largest_body,
        } => InterfaceSpec::Flow(Box::new(OpenFlow {
            flow: flow.into(),
            methods: methods.map_or_else(|| vec![HttpMethod::Post], |all| all.into_iter().map(method).collect()),
            auth: self::auth(auth),
            answer: answer.unwrap_or(AnswerName::Result).meant(),
            deadline: deadline.unwrap_or(30_000),
            request: schema(request),
            query: schema(query),
            response: schema(response),
            rate,
            caller_rate,
            largest_body,
        })),
        SpecBody::Variables { service, read, write, allow } => InterfaceSpec::Variables(OpenVariables {
            service: service.map(Text::from),
            read: read.into_iter().map(Text::from).collect(),
            write: write.into_iter().map(Text::from).collect(),
            allow: allow.into_iter().map(rule).collect(),
        }),
    }
}

fn method(name: MethodName) -> HttpMethod {
    match name {
        MethodName::Get => HttpMethod::Get,
        MethodName::Post => HttpMethod::Post,
        MethodName::Put => HttpMethod::Put,
        MethodName::Patch => HttpMethod::Patch,
        MethodName::Delete => HttpMethod::Delete,
    }
}

fn auth(body: AuthBody) -> InterfaceAuth {
    match body {
        AuthBody::None {} => InterfaceAuth::None,
        AuthBody::Key {} => InterfaceAuth::Key { keys: Vec::new() },
        AuthBody::Jwt { jwks_url, issuer, audience, claims } => InterfaceAuth::Jwt(TokenRule {
            jwks_url: jwks_url.into(),
            issuer: issuer.into(),
            audience: audience.into(),
            claims: claims.into_iter().map(|(name, wanted)| (name.into(), wanted.into())).collect(),
        }),
    }
}

fn rule(body: RuleBody) -> AccessRule {
    let RuleBody { project, service, flow, read_only } = body;
    AccessRule { project: project.into(), service: service.map(Text::from), flow: flow.map(Text::from), read_only }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<InterfaceView>>> {
    let found = app.control.interfaces(&caller, &project, &page(query.after, query.limit)).await?;
    Ok(Page::of(found, |interface| view(&app, interface)))
}

async fn create(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Body(body): Body<NewInterfaceBody>,
) -> Answer<(StatusCode, HeaderMap, Json<InterfaceView>)> {
    let NewInterfaceBody { name, description, enabled, spec } = body;
    let new = NewInterface { name, description, enabled, spec: self::spec(spec) };
    let made = app.control.create_interface(&caller, &project, new).await?;
    Ok((StatusCode::CREATED, etag(&made), Json(view(&app, made))))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, interface)): Place<(String, String)>,
) -> Answer<(HeaderMap, Json<InterfaceView>)> {
    let found = app.control.interface(&caller, &project, &interface).await?;
    Ok((etag(&found), Json(view(&app, found))))
}

async fn change(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, interface)): Place<(String, String)>,
    Seen(seen): Seen,
    Body(body): Body<InterfacePatchBody>,
) -> Answer<(HeaderMap, Json<InterfaceView>)> {
    let InterfacePatchBody { description, enabled, spec } = body;
    let patch = InterfacePatch { description, enabled, spec: spec.map(self::spec) };
    let changed = app.control.change_interface(&caller, &project, &interface, patch, seen).await?;
    Ok((etag(&changed), Json(view(&app, changed))))
}

async fn delete(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, interface)): Place<(String, String)>,
    Seen(seen): Seen,
) -> Answer<StatusCode> {
    app.control.delete_interface(&caller, &project, &interface, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn create_key(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, interface)): Place<(String, String)>,
    Body(body): Body<NewKeyBody>,
) -> Answer<(StatusCode, HeaderMap, Json<NewKeyView>)> {
    let wrong = || {
        let detail = crate::resources::keys::EXPIRY;
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_TIME", detail)
    };
    let expires_at = body.expires_at.as_deref().map(|text| read_time(text).ok_or_else(wrong)).transpose()?;
    let made = app.control.create_interface_key(&caller, &project, &interface, &body.name, expires_at).await?;
    let shown = NewKeyView {
        id: made.key.id.to_string(),
        name: made.key.name.to_string(),
        key: made.text,
        expires_at: made.key.expires_at.map(time),
    };
    Ok((StatusCode::CREATED, etag(&made.interface), Json(shown)))
}

async fn revoke_key(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, interface, key)): Place<(String, String, String)>,
) -> Answer<StatusCode> {
    app.control.revoke_interface_key(&caller, &project, &interface, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, interface, name)): Place<(String, String, String)>,
    Params(query): Params<AskerQuery>,
) -> Answer<Json<OpenVariableView>> {
    let value = app
        .control
        .read_through(&caller, query.r#as.as_deref().unwrap_or_default(), &project, &interface, &name)
        .await?;
    Ok(Json(OpenVariableView { name, value: Json_(value) }))
}

async fn write(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((project, interface, name)): Place<(String, String, String)>,
    Params(query): Params<AskerQuery>,
    Body(body): Body<OpenVariableBody>,
) -> Answer<Json<OpenVariableView>> {
    let value = app
        .control
        .write_through(&caller, query.r#as.as_deref().unwrap_or_default(), &project, &interface, &name, body.value.0)
        .await?;
    Ok(Json(OpenVariableView { name, value: Json_(value) }))
}
