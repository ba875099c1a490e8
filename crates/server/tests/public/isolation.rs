//! No tenant sees, guesses, counts or changes another's rows.

use crate::routes::{NOBODYS, Things, body, fill, furnish, nothing, places, told};
use crate::world::{Client, Data, Reply, Tenant, World, on_every_store};
use serde_json::{Value, json};
use weir_server::{Access, Endpoint, endpoints};
use weir_store::{DocumentFilter, DocumentPage, PageRequest, RunFilter, Scope, Table};

on_every_store! {
    what_is_another_tenants_is_like_what_is_not_there
    what_others_have_changes_no_answer
    names_in_bodies_and_queries_reach_no_other_tenant
    ids_that_two_tenants_could_share_stay_apart
    places_in_lists_count_nothing_of_others
}

/// Answers that tell about oneself or about nobody, whoever else there is: only the other's mark may not be in them.
const OF_NOBODY: [&str; 29] = [
    "health",
    "clerk",
    "ready",
    "signIn",
    "signOut",
    "switchTenant",
    "askForReset",
    "resetPassword",
    "changePassword",
    "offerTwoFactor",
    "confirmTwoFactor",
    "removeTwoFactor",
    "acceptInvitation",
    "signInProviders",
    "createProject",
    "createFlow",
    "createKey",
    "invite",
    "bulkRuns",
    "validate",
    "check",
    "convert",
    "compile",
    "kinds",
    "listRuntimes",
    "metrics",
    "complete",
    "scope",
    "import",
];

/// Answers about a tenant or a user: not a byte of them may change by what others have.
const OF_A_TENANT: [&str; 15] = [
    "deletedFlows",
    "caller",
    "session",
    "sessions",
    "identities",
    "members",
    "invitations",
    "keys",
    "projects",
    "flows",
    "runs",
    "audit",
    "usage",
    "analytics",
    "schedule",
];

struct Two {
    world: World,
    a: Tenant,
    b: Tenant,
    own: Things,
    foreign: Things,
}

async fn two(data: Data) -> Two {
    let world = World::open(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let (own, foreign) = (furnish(&world, &a, "aardvark").await, furnish(&world, &b, "zebra").await);
    Two { world, a, b, own, foreign }
}

impl Two {
    /// What is remembered of somebody who asks for the first time is remembered.
    async fn warm(&self) {
        for client in [&self.a.owner, &self.a.key] {
            self.world.get(client, "/api/usage").await.is(200);
        }
    }

    /// An answer, and how many statements it took.
    async fn ask(&self, endpoint: &Endpoint, client: &Client, path: &str, body: &Value) -> (Reply, u64) {
        let before = self.world.count.now();
        let reply = self.world.send(&told(endpoint, client), endpoint.method.as_str(), path, body).await;
        (reply, self.world.count.now() - before)
    }
}

/// Everything that is kept of a tenant.
async fn rows(world: &World, tenant: &str) -> String {
    let (scope, page) = (Scope::Tenant(tenant.into()), DocumentPage { after: None, limit: 1_000, newest_first: false });
    let mut all = String::new();
    for table in Table::ALL {
        let found = world.documents.documents(&scope, table, &DocumentFilter::default(), &page).await.expect("rows");
        all += &format!("{table:?} {found:#?}\n");
    }
    let filter = RunFilter { tenant: Some(tenant.into()), ..RunFilter::default() };
    let runs = world.store.list_runs(&filter, PageRequest { before: None, limit: 1_000 }).await.expect("runs");
    all + &format!("{:#?}", runs.items)
}

/// The first place whose owner matters, if there is one.
fn owned(path: &str) -> impl Iterator<Item = usize> {
    let places = places(path);
    (0..places.len()).filter(move |index| !NOBODYS.contains(&places[*index].1))
}

async fn what_is_another_tenants_is_like_what_is_not_there(data: Data) {
    let two = two(data).await;
    let before = rows(&two.world, &two.b.id).await;
    two.warm().await;
    let mut tried = 0;
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.access != Access::Open) {
        for client in [&two.a.owner, &two.a.key] {
            for from in owned(endpoint.path).filter(|from| !creates(endpoint, *from)) {
                let paths = [&two.foreign, &nothing()].map(|things| fill(endpoint.path, from, &two.own, things));
                let body = body(endpoint);
                let (foreign, cost) = two.ask(endpoint, client, &paths[0], &body).await;
                let (unknown, usual) = two.ask(endpoint, client, &paths[1], &body).await;
                let name = format!("{} {}", endpoint.method, paths[0]);
                if foreign.status != 401 {
                    assert_eq!(foreign.status, 404, "{name}: {}", foreign.text);
                }
                assert_eq!(foreign, unknown, "{name}");
                assert_eq!(cost, usual, "{name}: statements for what is another's, and for what is not there");
                assert!(!foreign.text.contains("zebra"), "{name}: {}", foreign.text);
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} routes with an owner");
    assert_eq!(rows(&two.world, &two.b.id).await, before, "nothing of the other's was changed");
}

/// A name at the end of a path that is made where it is not there.
fn creates(endpoint: &Endpoint, from: usize) -> bool {
    matches!(endpoint.name, "setSecret" | "setVariable" | "setMemoryEntry" | "reportHost" | "reportProjectHost")
        && from == 1
}

async fn what_others_have_changes_no_answer(data: Data) {
    let world = World::open(data).await;
    let a = world.tenant("Anna").await;
    furnish(&world, &a, "aardvark").await;
    let all = endpoints();
    let lists = all.iter().filter(|endpoint| owned(endpoint.path).next().is_none());
    let mut told_before = Vec::new();
    for endpoint in lists.clone().filter(|endpoint| OF_A_TENANT.contains(&endpoint.name)) {
        for client in [&a.owner, &a.key] {
            told_before.push((endpoint.path, client, world.get(client, &stable(endpoint.path)).await));
        }
    }
    let b = world.tenant("Bert").await;
    furnish(&world, &b, "zebra").await;
    for (path, client, before) in told_before {
        let after = world.get(client, &stable(path)).await;
        assert_eq!(after, before, "{path}");
    }
    for endpoint in lists.filter(|endpoint| !OF_A_TENANT.contains(&endpoint.name)) {
        let known = OF_NOBODY.contains(&endpoint.name) || endpoint.path.contains('{');
        assert!(known, "tests/public/isolation.rs does not say whose rows `{}` shows", endpoint.name);
        let owner = world.sign_in("anna@example.org").await;
        let path = fill(endpoint.path, 0, &nothing(), &nothing());
        let reply = world.send(&told(endpoint, &owner), endpoint.method.as_str(), &path, &body(endpoint)).await;
        assert!(!reply.text.contains("zebra"), "{path}: {}", reply.text);
    }
}

/// The same range of time in both answers.
fn stable(path: &str) -> String {
    match path.ends_with("/analytics") {
        true => format!("{path}?since=2020-01-01T00:00:00Z&until=2120-01-01T00:00:00Z"),
        false => path.to_owned(),
    }
}

async fn names_in_bodies_and_queries_reach_no_other_tenant(data: Data) {
    let two = two(data).await;
    let before = rows(&two.world, &two.b.id).await;
    two.warm().await;
    let flow = &two.own["flow"];
    let source = crate::routes::FLOW;
    let interfaces = "/api/projects/aardvark-project/interfaces";
    let hosts = "/api/projects/aardvark-project/hosts/aardvark-hosts";
    let serves = json!({"state": "running", "compilation": 1});
    let opens = |flow: &str| json!({"type": "flow", "flow": flow, "auth": {"type": "none"}});
    let allows = |project: &str| json!({"type": "variables", "read": ["x"], "allow": [{"project": project}]});
    // What stands for X is the other tenant's in one request, and nobody's in the next.
    let cases = [
        ("POST", "/api/flows".to_owned(), json!({"project": "X", "source": source}), "project"),
        ("POST", "/api/flows".to_owned(), json!({"service": "X", "source": source}), "service"),
        ("PUT", format!("/api/flows/{flow}"), json!({"service": "X"}), "service"),
        ("POST", "/api/runs/bulk".to_owned(), json!({"runs": ["X"], "action": "cancel"}), "run"),
        ("POST", "/api/complete".to_owned(), json!({"project": "X", "text": source, "offset": 10}), "project"),
        ("POST", "/api/scope".to_owned(), json!({"project": "X", "files": [], "offset": 0}), "project"),
        ("POST", "/api/import".to_owned(), json!({"project": "X", "bundle": {}}), "project"),
        ("PUT", hosts.to_owned(), json!({"state": "running", "flows": {"X": serves}}), "flow"),
        ("POST", interfaces.to_owned(), json!({"name": "n", "spec": opens("X")}), "flow"),
        ("POST", interfaces.to_owned(), json!({"name": "n", "spec": {"type": "variables", "service": "X"}}), "service"),
        ("POST", interfaces.to_owned(), json!({"name": "n", "spec": allows("X")}), "project"),
        ("GET", format!("{interfaces}/aardvark-interface/variables/x?as=X"), Value::Null, "project"),
        ("POST", "/api/session/tenant".to_owned(), json!({"tenant": "X"}), "tenant"),
        ("POST", "/api/runs/bulk".to_owned(), json!({"filter": {"flow": "X"}, "action": "cancel"}), "flow"),
        ("POST", "/api/runs/bulk".to_owned(), json!({"filter": {"trigger": "X"}, "action": "cancel"}), "trigger"),
        ("GET", "/api/runs?trigger=X".to_owned(), Value::Null, "trigger"),
        ("GET", "/api/runs?flow=X".to_owned(), Value::Null, "flow"),
        ("GET", "/api/runs?project=X".to_owned(), Value::Null, "project"),
        ("GET", "/api/runs?text=X".to_owned(), Value::Null, "run"),
        ("GET", "/api/flows?project=X".to_owned(), Value::Null, "project"),
        ("GET", "/api/flows?text=X".to_owned(), Value::Null, "project"),
        ("GET", "/api/audit?target=X".to_owned(), Value::Null, "flow"),
        ("GET", "/api/audit?text=X".to_owned(), Value::Null, "project"),
        ("GET", "/api/projects/aardvark-project/variables?service=X".to_owned(), Value::Null, "service"),
        ("POST", "/api/invitations".to_owned(), json!({"email": "X", "role": "viewer"}), "email"),
    ];
    let (mut other, mut nobody) = (two.foreign.clone(), nothing());
    other.extend([("tenant", two.b.id.clone()), ("email", "bert@example.org".to_owned())]);
    nobody.extend([("tenant", two.b.id.replace('-', "a")), ("email", "nobody@example.org".to_owned())]);
    for (method, path, body, what) in cases {
        let mut answers = Vec::new();
        for things in [&other, &nobody] {
            let with = |text: &str| text.replace('X', &things[what]);
            let body = if body.is_null() {
                Value::Null
            } else {
                serde_json::from_str(&with(&body.to_string())).expect("JSON")
            };
            let before = two.world.count.now();
            let client = two.a.owner.with("if-match", "*");
            let reply = two.world.send(&client, method, &with(&path), &body).await;
            let cost = two.world.count.now() - before;
            // What was asked for may stand in the answer; times and new ids differ by themselves.
            answers.push((reply.status, without_ids(&reply.text.replace(&things[what], "X")), cost));
        }
        assert_eq!(answers[0], answers[1], "{method} {path} with {what}");
    }
    assert_eq!(rows(&two.world, &two.b.id).await, before, "nothing of the other's was changed");
}

/// The answer without what differs by itself.
fn without_ids(text: &str) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_str(text) else { return text.to_owned() };
    for name in ["id", "expiresAt", "link", "seenAt"] {
        members.remove(name);
    }
    Value::Object(members).to_string()
}

async fn ids_that_two_tenants_could_share_stay_apart(data: Data) {
    let two = two(data).await;
    let (world, open) = (&two.world, Client::default());
    // A token opens its own flow alone, and costs no more where it does not.
    let hook = |flow: &Things, token: &Things| format!("/api/triggers/{}/webhook/{}", flow["flow"], token["token"]);
    let wrong = [hook(&two.own, &two.foreign), hook(&nothing(), &two.foreign), hook(&two.foreign, &two.own)];
    let unknown = world.post(&open, &hook(&two.foreign, &nothing()), json!({})).await;
    for path in &wrong {
        for _ in 0..2 {
            let before = world.count.now();
            let reply = world.post(&open, path, json!({})).await;
            assert_eq!(reply, unknown, "{path}");
            assert_eq!(world.count.now() - before, 1, "{path}");
        }
    }
    unknown.refused(404, "NOT_FOUND");
    // A path is of its own organisation, and costs no more where it is of another or of nobody.
    let place = |tenant: &str, project: &str, name: &str| format!("/i/{tenant}/{project}/{name}");
    let (a, b) = (&two.a.id, &two.b.id);
    let nowhere = place(b, "nowhere", "none");
    let unknown = world.post(&open, &nowhere, json!({})).await;
    let closed = [
        place(a, "zebra-project", "zebra-interface"),
        place(b, "aardvark-project", "aardvark-interface"),
        place(&nothing()["tenant"], "zebra-project", "zebra-interface"),
        place(b, "zebra-project", "aardvark-interface"),
        place(b, "zebra-project%2Fzebra-interface", "x"),
        nowhere,
    ];
    for path in &closed {
        for method in ["GET", "POST", "PUT"] {
            let before = world.count.now();
            let reply = world.send(&open, method, path, &Value::Null).await;
            assert_eq!(reply, unknown, "{method} {path}");
            assert_eq!(world.count.now() - before, 1, "{method} {path}");
        }
    }
    unknown.refused(404, "NOT_FOUND");
    world.post(&open, &place(b, "zebra-project", "zebra-interface"), json!({})).await.refused(401, "UNAUTHENTICATED");
    // The same idempotency key in a project of the same name is not the same run.
    let mut runs = Vec::new();
    for tenant in [&two.a, &two.b] {
        let flow = world.running(&tenant.key, "same", crate::routes::FLOW).await;
        let client = tenant.key.with("idempotency-key", "the-same");
        let path = format!("/api/triggers/{flow}/inject");
        let begun = world.post(&client, &path, Value::Null).await.is(201);
        let again = world.post(&client, &path, Value::Null).await.is(201);
        assert_eq!(begun["run"], again["run"]);
        runs.push(begun["run"].clone());
    }
    assert_ne!(runs[0], runs[1]);
}

/// What says where to go on is of one organisation alone, and says nothing of how much others have done.
async fn places_in_lists_count_nothing_of_others(data: Data) {
    let world = World::open(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let own = world.running(&a.key, "own", crate::routes::FLOW).await;
    let foreign = world.running(&b.key, "foreign", crate::routes::FLOW).await;
    let start = async |client: &Client, flow: &str| {
        let begun = world.post(client, &format!("/api/triggers/{flow}/inject"), json!({})).await.is(201);
        world.ended(client, &crate::world::text(&begun["run"])).await;
    };
    for _ in 0..3 {
        start(&a.key, &own).await;
        start(&b.key, &foreign).await;
    }
    let mut places = Vec::new();
    let mut next = String::new();
    for _ in 0..2 {
        let page = world.get(&a.key, &format!("/api/runs?limit=1{next}")).await.is(200);
        let place = crate::world::text(&page["next"]);
        next = format!("&after={place}");
        places.push(place);
    }
    let last = world.get(&a.key, &format!("/api/runs?limit=1{next}")).await.is(200);
    assert!(last["next"].is_null() && last["items"].as_array().is_some_and(|items| items.len() == 1), "{last:#}");
    for place in &places {
        assert!(
            place.len() == 43 && !places.iter().any(|other| other != place && other[..8] == place[..8]),
            "{places:?}"
        );
        world.get(&b.key, &format!("/api/runs?limit=1&after={place}")).await.refused(422, "INVALID_CURSOR");
    }
    for wrong in ["1", "0", "x", &"A".repeat(43)] {
        world.get(&a.key, &format!("/api/runs?after={wrong}")).await.refused(422, "INVALID_CURSOR");
        let client = a.key.with("last-event-id", wrong);
        world.get(&client, &format!("/api/flows/{own}/events")).await.refused(422, "INVALID_CURSOR");
    }
    let client = a.key.with("last-event-id", &places[0]);
    world.get(&client, &format!("/api/flows/{own}/events")).await.refused(422, "INVALID_CURSOR");
    // The ids of requests have no number in common either.
    let mut ids = Vec::new();
    for _ in 0..4 {
        let reply = world.raw(World::request(&a.key, "GET", "/health", axum::body::Body::empty())).await;
        let id = reply.headers()["x-request-id"].to_str().expect("text").to_owned();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        ids.push(id);
    }
    assert!(ids.windows(2).all(|pair| pair[0][..8] != pair[1][..8] && pair[0][24..] != pair[1][24..]), "{ids:?}");
}
