//! Who may do what: every route for every role, every key and every way of not being somebody.

use crate::routes::{FLOW, body, fill, furnish, nothing, told};
use crate::world::{Client, Data, Reply, Settings, World, on_every_store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_control::{NewKey, Permission, Role};
use weir_server::{Access, Endpoint, endpoints};

on_every_store! {
    every_route_for_every_role
    a_hosts_key_opens_nothing_else
    a_key_that_was_made_for_a_host_before_still_serves_one
    nobody_is_let_in_without_a_key
    one_owner_stays_and_nobody_gives_more_than_they_have
}

/// Routes for whoever is signed in that take keys as well.
const TAKE_KEYS: [&str; 3] = ["caller", "kinds", "kind"];

async fn patient(data: Data) -> World {
    let mut settings = Settings::default();
    settings.control.sign_in_tries = u32::MAX;
    World::with(data, settings).await
}

async fn ask(world: &World, endpoint: &Endpoint, client: &Client) -> Reply {
    let path = fill(endpoint.path, 0, &nothing(), &nothing());
    world.send(&told(endpoint, client), endpoint.method.as_str(), &path, &body(endpoint)).await
}

fn is_forbidden(reply: &Reply) -> bool {
    reply.status == 403 && reply.json()["code"] == "FORBIDDEN"
}

async fn every_route_for_every_role(data: Data) {
    let world = patient(data).await;
    let tenant = world.tenant("Anna").await;
    let mut members = Vec::new();
    for role in Role::ALL {
        let name = role.as_str();
        members.push((role, world.member(&tenant.id, &format!("{name}@example.org"), role).await));
    }
    let mut keys = Keys { world: &world, tenant: &tenant.id, made: BTreeMap::new() };
    for endpoint in &endpoints() {
        let needed = endpoint.access.permissions();
        let name = format!("{} {}", endpoint.method, endpoint.path);
        for (role, browser) in members.iter().filter(|_| !needed.is_empty()) {
            let given = |permission: &Permission| permission.is_given_to(*role);
            let any = needed.iter().any(given);
            let others = Permission::ALL.into_iter().filter(|one| !needed.contains(one)).collect();
            let mut clients = vec![(browser.clone(), any), (keys.of(*role, None).await, any)];
            clients.push((keys.of(*role, Some(others)).await, false));
            for permission in &needed {
                clients.push((keys.of(*role, Some(vec![*permission])).await, given(permission)));
            }
            for (number, (client, may)) in clients.iter().enumerate() {
                let reply = ask(&world, endpoint, client).await;
                let text = &reply.text;
                assert_eq!(is_forbidden(&reply), !may, "{name} as {} with client {number}: {text}", role.as_str());
                assert!(*may || !text.contains("no such"), "{name}: refused before anything is looked for");
                assert_ne!(reply.status, 401, "{name} as {}: {text}", role.as_str());
            }
        }
    }
}

/// Keys by role and scopes, made when they are first asked for: with everything the role may, with one permission
/// alone, with every other.
struct Keys<'a> {
    world: &'a World,
    tenant: &'a str,
    made: BTreeMap<(Role, Option<Vec<Permission>>), Client>,
}

impl Keys<'_> {
    async fn of(&mut self, role: Role, scopes: Option<Vec<Permission>>) -> Client {
        if let Some(client) = self.made.get(&(role, scopes.clone())) {
            return client.clone();
        }
        let client = self.world.key(self.tenant, role, scopes.clone()).await;
        self.made.insert((role, scopes), client.clone());
        client
    }
}

/// What a host's key opens: code, and its own word. Every other route that asks for anything is closed to it.
async fn a_hosts_key_opens_nothing_else(data: Data) {
    let world = patient(data).await;
    let tenant = world.tenant("Anna").await;
    let things = furnish(&world, &tenant, "aardvark").await;
    let key = world.key(&tenant.id, Role::Operator, Some(vec![Permission::HostsServe])).await;
    let mut opened = Vec::new();
    for endpoint in endpoints().iter().filter(|endpoint| !endpoint.access.permissions().is_empty()) {
        let path = fill(endpoint.path, 0, &things, &things);
        let reply = world.send(&told(endpoint, &key), endpoint.method.as_str(), &path, &body(endpoint)).await;
        if !is_forbidden(&reply) {
            assert_eq!(reply.status, 200, "{}: {}", endpoint.name, reply.text);
            opened.push(endpoint.name);
        }
    }
    opened.sort_unstable();
    assert_eq!(opened, ["compiledCode", "newestCode", "projectCode", "reportHost", "reportProjectHost"]);
}

/// A host that is up while the server is replaced ends as soon as it is refused.
async fn a_key_that_was_made_for_a_host_before_still_serves_one(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let flow = world.flow(&tenant.key, "greet", FLOW).await;
    let scopes = vec![Permission::FlowsRead, Permission::FlowsDeploy];
    let key = world.key(&tenant.id, Role::Operator, Some(scopes)).await;
    let told = json!({"state": "running", "compilation": 1, "finishing": []});
    world.send(&key, "PUT", &format!("/api/flows/{flow}/hosts/one"), &told).await.is(200);
    world.get(&key, &format!("/api/flows/{flow}/code?after=0&wait=0")).await.is(204);
    let told = json!({"state": "running", "flows": {}});
    world.send(&key, "PUT", "/api/projects/default/hosts/one", &told).await.is(200);
    world.get(&key, "/api/projects/default/code").await.is(200);
}

async fn nobody_is_let_in_without_a_key(data: Data) {
    let world = patient(data).await;
    let tenant = world.tenant("Anna").await;
    let strangers = strangers(&world, &tenant).await;
    for endpoint in &endpoints() {
        let name = format!("{} {}", endpoint.method, endpoint.path);
        if endpoint.access == Access::Open {
            let reply = ask(&world, endpoint, &Client::default()).await;
            assert!(!is_forbidden(&reply) && !reply.text.contains("send a valid key"), "{name}: {}", reply.text);
            continue;
        }
        for (who, stranger) in &strangers {
            let reply = ask(&world, endpoint, stranger).await;
            assert_eq!(reply.status, 401, "{name} with {who}: {}", reply.text);
            assert_eq!(reply.headers["www-authenticate"], "Bearer", "{name}");
            reply.refused(401, "UNAUTHENTICATED");
        }
        check_cookie(&world, endpoint, &name).await;
        if endpoint.access == Access::SignedIn {
            let reply = ask(&world, endpoint, &tenant.key).await;
            let taken = TAKE_KEYS.contains(&endpoint.name);
            assert_eq!(reply.status != 401, taken, "{name} with a key: {}", reply.text);
        }
    }
}

/// A cookie alone is sent by any page; a change wants what only our own page knows.
async fn check_cookie(world: &World, endpoint: &Endpoint, name: &str) {
    let browser = world.sign_in("anna@example.org").await;
    for client in [browser.without("x-csrf-token"), browser.without("x-csrf-token").with("x-csrf-token", "guessed")] {
        let reply = ask(world, endpoint, &client).await;
        match endpoint.method == "GET" {
            true => assert!(![401, 403].contains(&reply.status.as_u16()), "{name}: {}", reply.text),
            false => drop(reply.refused(403, "CSRF_TOKEN")),
        }
    }
}

/// Every way of not being somebody.
async fn strangers(world: &World, tenant: &crate::world::Tenant) -> Vec<(&'static str, Client)> {
    let owner = weir_control::Caller::system(tenant.id.as_str(), "test");
    let expires_at = Some(weir_control::Ambient::now(&*world.weather) + 60_000_000);
    let new = NewKey { name: "old".into(), service: true, role: None, scopes: None, expires_at };
    let expired = world.control.create_key(&owner, new.clone()).await.expect("a key").text;
    let revoked = world.control.create_key(&owner, NewKey { expires_at: None, ..new }).await.expect("a key");
    world.control.revoke_key(&owner, &revoked.key.id).await.expect("revoked");
    let gone = world.member(&tenant.id, "gone@example.org", Role::Editor).await;
    let own_key = world.post(&gone, "/api/keys", json!({"name": "own"})).await.is(201);
    let user = world.get(&gone, "/api/session").await.is(200)["user"]["id"].as_str().expect("an id").to_owned();
    let out = world.sign_in("gone@example.org").await;
    world.send(&out, "DELETE", "/api/session", &Value::Null).await.is(204);
    world
        .send(&tenant.key.with("if-match", "*"), "DELETE", &format!("/api/members/{user}"), &Value::Null)
        .await
        .is(204);
    world.weather.pass(61);
    let cookie =
        |client: &Client| client.headers.iter().find(|(name, _)| name == "cookie").expect("a cookie").1.clone();
    let session = cookie(&gone).split_once('=').expect("a value").1.to_owned();
    let key = tenant.key.headers[0].1.clone();
    vec![
        ("nothing", Client::default()),
        ("no key", Client::key("")),
        ("a malformed key", Client::key("weir_x")),
        ("an unknown key", Client::key(&revoked.text.replace(char::is_numeric, "0"))),
        ("a revoked key", Client::key(&revoked.text)),
        ("an expired key", Client::key(&expired)),
        ("a key of somebody who has left", Client::key(own_key["key"].as_str().expect("a key"))),
        ("the session of somebody who has left", gone.clone()),
        ("a session that was ended", out),
        ("a session as a key", Client::key(&session)),
        ("a key as a session", Client::default().with("cookie", &format!("weir_session={}", &key[7..]))),
        ("another scheme", Client::default().with("authorization", &key.replace("Bearer", "Basic"))),
        ("a key twice over", Client::key(&format!("{} {}", &key[7..], &key[7..]))),
        ("a malformed cookie", Client::default().with("cookie", "weir_session")),
    ]
}

async fn one_owner_stays_and_nobody_gives_more_than_they_have(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let things = furnish(&world, &tenant, "aardvark").await;
    let admin = world.member(&tenant.id, "admin@example.org", Role::Admin).await;
    let viewer = world.member(&tenant.id, "viewer@example.org", Role::Viewer).await;
    let any = |client: &Client| client.with("if-match", "*");
    let owner = format!("/api/members/{}", things["user"]);
    let send = async |client: &Client, method: &str, path: &str, body: Value| {
        world.send(&any(client), method, path, &body).await
    };

    send(&tenant.owner, "DELETE", &owner, Value::Null).await.refused(409, "LAST_OWNER");
    send(&tenant.key, "PATCH", &owner, json!({"role": "admin"})).await.refused(409, "LAST_OWNER");
    send(&admin, "DELETE", &owner, Value::Null).await.refused(403, "FORBIDDEN");
    send(&admin, "PATCH", &owner, json!({"role": "viewer"})).await.refused(403, "FORBIDDEN");
    let own = world.get(&admin, "/api/session").await.is(200)["user"]["id"].as_str().expect("an id").to_owned();
    send(&admin, "PATCH", &format!("/api/members/{own}"), json!({"role": "owner"})).await.refused(403, "FORBIDDEN");
    send(&admin, "POST", "/api/invitations", json!({"email": "o@example.org", "role": "owner"}))
        .await
        .refused(403, "FORBIDDEN");
    send(&admin, "POST", "/api/keys", json!({"name": "k", "role": "owner"})).await.refused(422, "KEY_TOO_STRONG");
    send(&viewer, "POST", "/api/keys", json!({"name": "k", "scopes": ["flows.write"]}))
        .await
        .refused(422, "KEY_TOO_STRONG");
    send(&viewer, "POST", "/api/keys", json!({"name": "k", "service": true})).await.refused(403, "FORBIDDEN");
    send(&viewer, "DELETE", &owner, Value::Null).await.refused(403, "FORBIDDEN");
    let others_key = format!("/api/keys/{}", things["key"]);
    send(&viewer, "DELETE", &others_key, Value::Null).await.refused(404, "NOT_FOUND");

    // With a second owner the first may go, and then the second is the last. Two who go at once do not both go.
    let second = world.member(&tenant.id, "second@example.org", Role::Owner).await;
    let other = world.get(&second, "/api/session").await.is(200)["user"]["id"].as_str().expect("an id").to_owned();
    let other = format!("/api/members/{other}");
    let (first, second) =
        tokio::join!(send(&tenant.owner, "DELETE", &owner, Value::Null), send(&second, "DELETE", &other, Value::Null));
    let gone = [first, second].iter().filter(|reply| reply.status == 204).count();
    assert_eq!(gone, 1, "one owner stays");
    // One's own membership may be ended by whoever it is.
    let own = world.get(&viewer, "/api/session").await.is(200)["user"]["id"].as_str().expect("an id").to_owned();
    send(&viewer, "DELETE", &format!("/api/members/{own}"), Value::Null).await.is(204);
    world.get(&viewer, "/api/flows").await.refused(401, "UNAUTHENTICATED");
}
