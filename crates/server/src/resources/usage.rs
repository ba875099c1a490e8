use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use weir_control::Permission;

/// What the organisation has used, and what it may.
#[derive(Serialize, JsonSchema)]
struct UsageBody {
    /// In UTC.
    month: String,
    executions: Used,
    flows: Used,
    members: Used,
    /// Bytes that flows remember from one run to the next.
    memory: Used,
}

#[derive(Serialize, JsonSchema)]
struct Used {
    used: u64,
    /// Absent for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/usage", "usage", "What is used of what the tier allows")
            .needs(Permission::UsageRead)
            .gives::<UsageBody>(200, "This month's use")
            .handler(show),
    ]
}

async fn show(State(app): State<Arc<App>>, By(caller): By) -> Result<Json<UsageBody>, Problem> {
    let usage = app.control.usage(&caller).await?;
    let limits = usage.limits;
    Ok(Json(UsageBody {
        month: usage.month.to_string(),
        executions: Used { used: usage.executions, limit: limits.executions },
        flows: Used { used: usage.flows, limit: limits.flows },
        members: Used { used: usage.members, limit: limits.members },
        memory: Used { used: usage.memory, limit: limits.memory },
    }))
}
