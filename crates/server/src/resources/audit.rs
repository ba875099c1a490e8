use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Params, page};
use crate::problem::Problem;
use crate::state::App;
use crate::wire::{Page, read_time, time};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_base::Text;
use weir_control::model::AuditEntry;
use weir_control::{AuditQuery, Kept, Permission};

/// One change.
#[derive(Serialize, JsonSchema)]
struct AuditView {
    id: String,
    at: String,
    who: String,
    /// Such as `flow.created`.
    action: String,
    /// The id of what was changed.
    target: String,
    before: serde_json::Value,
    after: serde_json::Value,
    /// The client's address; empty for Weir itself.
    from: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Query {
    target: Option<String>,
    action: Option<String>,
    /// Found in who, what, before or after.
    text: Option<String>,
    /// RFC 3339.
    since: Option<String>,
    until: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/audit", "audit", "Who changed what, and from where")
            .needs(Permission::AuditRead)
            .query::<Query>()
            .gives::<Page<AuditView>>(200, "Entries, the newest first")
            .handler(list),
    ]
}

fn view(entry: Kept<AuditEntry>) -> AuditView {
    AuditView {
        id: entry.id.to_string(),
        at: time(entry.created_at),
        who: entry.value.who.to_string(),
        action: entry.value.action.to_string(),
        target: entry.value.target.to_string(),
        before: entry.value.before,
        after: entry.value.after,
        from: entry.value.from.to_string(),
    }
}

fn moment(given: Option<&str>) -> Result<Option<i64>, Problem> {
    let wrong = || Problem::new(StatusCode::BAD_REQUEST, "INVALID_TIME", "write a time like 2027-01-31T12:00:00Z");
    given.map(|text| read_time(text).ok_or_else(wrong)).transpose()
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<Query>,
) -> Result<Json<Page<AuditView>>, Problem> {
    let wanted = AuditQuery {
        target: query.target.map(Text::from),
        action: query.action.map(Text::from),
        text: query.text,
        since: moment(query.since.as_deref())?,
        until: moment(query.until.as_deref())?,
    };
    Ok(Page::of(app.control.audit(&caller, &wanted, &page(query.after, query.limit)).await?, view))
}
