use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::Place;
use crate::problem::Problem;
use crate::resources::flows::{FlowLine, line};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_control::Permission;

/// A kind of step.
#[derive(Serialize, JsonSchema)]
struct KindLine {
    name: String,
    title: String,
    summary: String,
    /// Its name in trees.
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<String>,
    /// What it is good for, in a word.
    category: String,
    /// Who it is of.
    vendor: String,
    /// By which an icon is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    /// Other names it is found by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    aliases: Vec<String>,
    /// Whether it can run here; what cannot is checked all the same.
    runnable: bool,
    /// Types of its parameters by their names, in the words of records.
    takes: BTreeMap<String, &'static str>,
    /// Types of what it gives by their names; `*` stands for the whole output.
    gives: BTreeMap<String, &'static str>,
}

#[derive(Serialize, JsonSchema)]
struct Kinds {
    items: Vec<KindLine>,
}

#[derive(Serialize, JsonSchema)]
struct UsesView {
    items: Vec<FlowLine>,
    /// There are others that are not told.
    more: bool,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/kinds", "kinds", "The kinds of steps there are")
            .gives::<Kinds>(200, "Kinds, by name")
            .handler(list),
        Endpoint::get("/api/kinds/{kind}", "kind", "A kind's whole record")
            .gives::<serde_json::Value>(200, "The record: what it takes and gives, rules, examples")
            .handler(show),
        Endpoint::get("/api/kinds/{kind}/flows", "kindFlows", "Flows that have a step of a kind")
            .needs(Permission::FlowsRead)
            .gives::<UsesView>(200, "Flows, by name")
            .handler(uses),
    ]
}

async fn list(State(app): State<Arc<App>>) -> Json<Kinds> {
    let line = |entry: &weir_catalog::Entry| {
        let component = entry.component();
        KindLine {
            name: component.name.to_string(),
            title: component.title.to_string(),
            summary: component.summary.to_string(),
            tree: component.tree.as_ref().map(ToString::to_string),
            category: component.category.as_str().to_owned(),
            vendor: component.vendor.to_string(),
            icon: component.icon.as_ref().map(ToString::to_string),
            aliases: component.aliases.iter().map(ToString::to_string).collect(),
            runnable: component.runnable,
            takes: entry.record().map(|record| types(&record.input_schema)).unwrap_or_default(),
            gives: entry.record().map(|record| types(&record.output_schema)).unwrap_or_default(),
        }
    };
    let mut items: Vec<KindLine> = app.control.catalog().iter().map(line).collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Json(Kinds { items })
}

fn types(fields: &weir_catalog::Fields) -> BTreeMap<String, &'static str> {
    fields.iter().map(|(name, field)| (name.to_string(), field.ty.as_str())).collect()
}

async fn show(State(app): State<Arc<App>>, Place(kind): Place<String>) -> Result<Json<serde_json::Value>, Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such kind");
    let record = app.control.catalog().record(&kind).ok_or_else(unknown)?;
    serde_json::to_value(record)
        .map(Json)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "UNAVAILABLE", error.to_string()))
}

async fn uses(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(kind): Place<String>,
) -> Result<Json<UsesView>, Problem> {
    let found = app.control.uses_of_kind(&caller, &kind).await?;
    Ok(Json(UsesView { items: found.flows.into_iter().map(line).collect(), more: found.more }))
}
