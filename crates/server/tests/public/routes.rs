//! What a request to each route looks like. A new place in a path, or a new body, wants a line here.

use crate::world::{Client, Tenant, World, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_server::Endpoint;
use weir_store::{Change, Document, Scope, Table};
use weir_testkit::document;

/// Where a path begins, the place in it, and what stands there.
const PLACES: [(&str, &str, &str); 32] = [
    ("/api/deleted-flows/", "id", "deleted"),
    ("/api/runtimes/", "name", "connection"),
    ("/api/flows/", "id", "flow"),
    ("/api/triggers/", "flow_id", "flow"),
    ("/api/triggers/", "token", "token"),
    ("/api/flows/", "trigger", "trigger"),
    ("/api/flows/", "number", "number"),
    ("/api/flows/", "host", "host"),
    ("/api/runs/", "run", "run"),
    ("/api/runs/", "name", "query"),
    ("/api/keys/", "id", "key"),
    ("/api/invitations/", "id", "invitation"),
    ("/api/sessions/", "id", "session"),
    ("/api/identities/", "id", "identity"),
    ("/api/members/", "user", "user"),
    ("/api/projects/", "project", "project"),
    ("/api/projects/{project}/services/", "service", "service"),
    ("/api/projects/{project}/hosts/", "host", "projectHost"),
    ("/api/projects/{project}/secrets/", "name", "secret"),
    ("/api/projects/{project}/variables/", "name", "variable"),
    ("/api/flows/", "key", "memory"),
    ("/api/projects/{project}/interfaces/", "interface", "interface"),
    ("/api/projects/{project}/interfaces/{interface}/keys/", "id", "interfaceKey"),
    ("/api/projects/{project}/interfaces/{interface}/variables/", "name", "variable"),
    ("/i/", "tenant", "tenant"),
    ("/i/", "project", "project"),
    ("/i/", "interface", "interface"),
    ("/api/kinds/", "kind", "kind"),
    ("/api/identities/", "provider", "provider"),
    ("/api/sign-in/", "provider", "provider"),
    ("/sign-in/with/", "provider", "provider"),
    ("/sign-in/", "token", "link"),
];

/// What stands in places that belong to nobody, or to a secret only its holder knows.
pub const NOBODYS: [&str; 7] = ["number", "query", "kind", "provider", "link", "token", "connection"];

/// The places of a path: its name in braces, and what stands there.
pub fn places(path: &str) -> Vec<(String, &'static str)> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let meaning = |name: &str| {
        let found = PLACES.iter().find(|(begin, place, _)| path.starts_with(begin) && *place == name);
        found.unwrap_or_else(|| panic!("tests/public/routes.rs says nothing of `{name}` in {path}")).2
    };
    names.map(|name| (name.to_owned(), meaning(name))).collect()
}

/// A body that a route takes.
pub fn body(endpoint: &Endpoint) -> Value {
    let file = json!({"source": FLOW});
    match endpoint.name {
        "signIn" => json!({"email": "nobody@example.org", "password": "not the right one"}),
        "switchTenant" => json!({"tenant": "nowhere"}),
        "askForReset" => json!({"email": "nobody@example.org"}),
        "resetPassword" => json!({"token": "weirr_none", "password": "another long password"}),
        "changePassword" => json!({"old": "not the right one", "new": "another long password"}),
        "confirmTwoFactor" => json!({"code": "000000"}),
        "removeTwoFactor" => json!({"password": "not the right one"}),
        "changeMember" => json!({"role": "viewer"}),
        "invite" => json!({"email": "guest@example.org", "role": "viewer"}),
        "acceptInvitation" => json!({"token": "weiri_none", "password": "another long password"}),
        "createKey" => json!({"name": "made"}),
        "createProject" | "createService" => json!({"name": "made"}),
        "changeProject" => json!({"description": "changed"}),
        "createFlow" => json!({"name": "made", "source": FLOW}),
        "changeFlow" | "check" => file,
        "createTrigger" => json!({"name": "made", "spec": {"type": "webhook"}}),
        "changeTrigger" => json!({"enabled": false}),
        "setSecret" => json!({"value": "hidden"}),
        "setVariable" | "writeThroughInterface" | "setMemoryEntry" => json!({"value": 1}),
        "createInterface" => json!({"name": "made", "spec": {"type": "variables"}}),
        "changeInterface" => json!({"description": "changed"}),
        "createInterfaceKey" => json!({"name": "made"}),
        "reportHost" => json!({"state": "running", "error": "none"}),
        "reportProjectHost" => json!({"state": "running", "flows": {"none": {"state": "running"}}}),
        "bulkRuns" => json!({"runs": [], "action": "pause"}),
        "signalRun" => json!({"name": "go"}),
        "approveRun" => json!({"name": "go", "approved": true}),
        "decideRun" => json!({"path": "a", "decision": "retry"}),
        "previewExpression" => json!({"expression": "input"}),
        "complete" => json!({"text": FLOW, "offset": 0}),
        "scope" => json!({"files": [{"name": "flow.yaml", "text": FLOW}], "offset": 0}),
        "import" => json!({"bundle": {}}),
        "forkRun" => json!({"at": 1}),
        "validate" => json!({"nodes": [], "edges": []}),
        "convert" => json!({"source": FLOW, "to": "ir"}),
        "compile" => json!({"workflow": {"nodes": [], "edges": []}}),
        _ if endpoint.body.is_none() || endpoint.body_optional => Value::Null,
        name => panic!("tests/public/routes.rs has no body for `{name}`"),
    }
}

/// What a route must be told besides who asks.
pub fn told(endpoint: &Endpoint, client: &Client) -> Client {
    let needed = endpoint.headers.iter().any(|(name, needed)| *needed && *name == "If-Match");
    if needed { client.with("if-match", "*") } else { client.clone() }
}

pub const FLOW: &str = "type: Sequence\nid: all\nchildren:\n  - {type: PrintAction, id: say, props: {message: \"Hello {{ input?.body?.name ?? 'you' }}\"}}\n";

/// One of each thing that has an id, by what stands in a path for it.
pub type Things = BTreeMap<&'static str, String>;

/// Ids that look like any other and name nothing.
pub fn nothing() -> Things {
    let id = "01890000-0000-7000-8000-000000000000";
    let named = [("project", "nowhere"), ("service", "nobody"), ("secret", "NONE"), ("variable", "none")];
    let named =
        named.into_iter().chain([("interface", "none"), ("memory", "none"), ("host", "none"), ("projectHost", "none")]);
    let ids = [
        "flow",
        "deleted",
        "trigger",
        "run",
        "key",
        "invitation",
        "session",
        "identity",
        "user",
        "interfaceKey",
        "tenant",
    ];
    let nothing = ["query", "kind", "provider", "connection"].map(|name| (name, "none"));
    let unheld = nothing.into_iter().chain([("number", "1"), ("link", "weirc_none")]);
    let token = format!("weirh_{}", "0".repeat(40));
    let all = named.chain(unheld).map(|(name, value)| (name, value.to_owned()));
    all.chain(ids.map(|name| (name, id.to_owned()))).chain([("token", token)]).collect()
}

/// Makes one of everything in a tenant; all names have the mark in them.
pub async fn furnish(world: &World, tenant: &Tenant, mark: &str) -> Things {
    let key = &tenant.key;
    let (project, service) = (format!("{mark}-project"), format!("{mark}-service"));
    let (secret, variable) = (format!("{mark}-secret"), format!("{mark}-variable"));
    world.post(key, "/api/projects", json!({"name": project, "description": mark})).await.is(201);
    world.post(key, &format!("/api/projects/{project}/services"), json!({"name": service})).await.is(201);
    let path = format!("/api/projects/{project}");
    world.send(key, "PUT", &format!("{path}/secrets/{secret}"), &json!({"value": mark})).await.is(200);
    world.send(key, "PUT", &format!("{path}/variables/{variable}"), &json!({"value": mark})).await.is(200);
    let source = format!("settings: {{memory: {{}}}}\n{FLOW}");
    let name = format!("{mark}-flow");
    let flow = json!({"project": project, "service": service, "name": name, "title": mark, "source": source});
    let flow = text(&world.post(key, "/api/flows", flow).await.is(201)["id"]);
    world.post(key, &format!("/api/flows/{flow}/start"), Value::Null).await.is(200);
    let hook = world.hook(key, &flow, &format!("{mark}-hook"), json!({"answer": "result"})).await;
    let ran = world.post(&Client::default(), &hook.path, json!({"name": mark})).await.is(200);
    let entry = format!("/api/flows/{flow}/memory/entries/{mark}-memory");
    world.send(&key.with("if-match", "*"), "PUT", &entry, &json!({"value": mark})).await.is(200);
    compilation(world, tenant, &flow, mark).await;
    let host = json!({"state": "running", "compilation": 1, "error": mark});
    world.send(key, "PUT", &format!("/api/flows/{flow}/hosts/{mark}-host"), &host).await.is(200);
    let host = json!({"state": "running", "error": mark, "flows": {flow.as_str(): host}});
    world.send(key, "PUT", &format!("{path}/hosts/{mark}-hosts"), &host).await.is(200);
    let spec = json!({"type": "flow", "flow": flow, "methods": ["GET", "POST"], "auth": {"type": "key"}});
    let interface = json!({"name": format!("{mark}-interface"), "description": mark, "spec": spec});
    world.post(key, &format!("{path}/interfaces"), interface).await.is(201);
    let opened = json!({"name": format!("{mark}-key")});
    let opened = world.post(key, &format!("{path}/interfaces/{mark}-interface/keys"), opened).await.is(201);
    let deleted = world.flow(key, &format!("{mark}-deleted"), FLOW).await;
    world.send(&key.with("if-match", "*"), "DELETE", &format!("/api/flows/{deleted}"), &Value::Null).await.is(204);
    let guest = json!({"email": format!("{mark}-guest@example.org"), "role": "viewer"});
    let invitation = text(&world.post(key, "/api/invitations", guest).await.is(201)["id"]);
    let made = world.post(&tenant.owner, "/api/keys", json!({"name": format!("{mark}-key")})).await.is(201);
    let sessions = world.get(&tenant.owner, "/api/sessions").await.is(200);
    let user = text(&world.get(&tenant.owner, "/api/session").await.is(200)["user"]["id"]);
    let identity = identity(world, &user, mark).await;
    let token = hook.path.rsplit('/').next().unwrap_or_default().to_owned();
    let ids = [("flow", flow), ("trigger", hook.id), ("run", text(&ran["run"])), ("key", text(&made["id"]))];
    let own = [("session", text(&sessions[0]["id"])), ("user", user), ("identity", identity), ("token", token)];
    let named = [("project", project), ("service", service), ("secret", secret), ("variable", variable)];
    let open = [("interface", format!("{mark}-interface")), ("memory", format!("{mark}-memory"))];
    let open = open.into_iter().chain([("interfaceKey", text(&opened["id"])), ("tenant", tenant.id.clone())]);
    let open = open.chain([("host", format!("{mark}-host")), ("projectHost", format!("{mark}-hosts"))]);
    let open = open.chain([("deleted", deleted)]);
    let mut things = nothing();
    things.extend(ids.into_iter().chain(own).chain(named).chain(open).chain([("invitation", invitation)]));
    things
}

/// An account elsewhere, as a sign-in there would leave it.
async fn identity(world: &World, user: &str, mark: &str) -> String {
    let id = format!("{mark}-identity");
    let body = json!({"user": user, "provider": "elsewhere", "subject": mark});
    let document =
        Document { lookup: Some(format!("elsewhere|{mark}").into()), ..document("", &id, user, "", body.to_string()) };
    let step = Change::Insert(Table::Identities, document);
    world.documents.change(&Scope::System, vec![step]).await.expect("an identity");
    id
}

/// A version as code, as the compilers would leave it.
async fn compilation(world: &World, tenant: &Tenant, flow: &str, mark: &str) {
    let made = json!({
        "flow": flow, "number": 1, "release": 1, "version": mark, "hash": mark, "generator": mark,
        "files": 1, "bytes": 1, "steps": 1, "proxied": [mark], "by": mark
    });
    let files = json!({"flow": flow, "hash": mark, "files": {"workflow.ts": mark}});
    let named =
        |id: String, parent: &str, name: &str, body: Value| document(&tenant.id, &id, parent, name, body.to_string());
    let rows = [
        named(format!("{mark}-compilation"), flow, "1", made),
        named(format!("{mark}-files"), &format!("{flow}/files"), mark, files),
    ];
    let steps = rows.map(|row| Change::Insert(Table::Compilations, row)).to_vec();
    world.documents.change(&Scope::System, steps).await.expect("a compilation");
}

/// The path with its places filled: before the place `from` from one, from there on from another.
pub fn fill(path: &str, from: usize, before: &Things, after: &Things) -> String {
    let mut filled = path.to_owned();
    for (index, (place, meaning)) in places(path).into_iter().enumerate() {
        let things = if index < from { before } else { after };
        filled = filled.replace(&format!("{{{place}}}"), &things[meaning]);
    }
    filled
}
