//! The vendor `gateway`: components of imported graphs whose capability is not built. They parse and check.

use weir_kind::Registration;

pub(crate) fn registrations() -> Vec<Registration> {
    let records = [
        include_str!("api_endpoint.yaml"),
        include_str!("graphql_gateway.yaml"),
        include_str!("kong_cache.yaml"),
        include_str!("kong_cors.yaml"),
        include_str!("mcp_server.yaml"),
    ];
    records.into_iter().map(|record| Registration { record, kind: None }).collect()
}
