//! Accounts: signing in and out, second factors, letters, invitations, and where one is signed in.

use crate::world::{Client, Data, PASSWORD, Reply, World, on_every_store, text};
use serde_json::{Value, json};
use weir_control::Role;
use weir_vault::totp::{Totp, step_at};

on_every_store! {
    wrong_passwords_look_alike_and_have_to_wait
    codes_and_recovery_codes_count_once
    a_letter_sets_a_new_password_once
    an_invitation_is_taken_up_once
    a_link_signs_in_once
    a_good_key_does_not_wait_for_guessers_at_its_address
    sessions_are_listed_and_ended
    one_looks_at_another_organisation
}

async fn sign_in(world: &World, email: &str, password: &str, code: Option<&str>) -> Reply {
    let body = json!({"email": email, "password": password, "code": code});
    world.post(&Client::default(), "/api/session", body).await
}

async fn wrong_passwords_look_alike_and_have_to_wait(data: Data) {
    let world = World::open(data).await;
    world.tenant("Anna").await;
    let (known, unknown) = ("anna@example.org", "nobody@example.org");
    let wrong = sign_in(&world, known, "not the password", None).await;
    assert_eq!(wrong, sign_in(&world, unknown, "not the password", None).await, "nothing tells the two apart");
    assert_eq!(wrong, sign_in(&world, "no address", "not the password", None).await);
    wrong.refused(401, "UNAUTHENTICATED");
    for _ in 0..8 {
        sign_in(&world, known, "not the password", None).await.refused(401, "UNAUTHENTICATED");
    }
    let late = sign_in(&world, known, PASSWORD, None).await;
    assert_eq!(late.headers["retry-after"], "60");
    late.refused(429, "TOO_MANY_REQUESTS");
    world.weather.pass(61);
    let reply = sign_in(&world, " ANNA@example.org ", PASSWORD, None).await;
    let cookie = reply.headers["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    assert_eq!(reply.is(200)["role"], "owner");
}

async fn codes_and_recovery_codes_count_once(data: Data) {
    let world = World::open(data).await;
    let owner = world.tenant("Anna").await.owner;
    let email = "anna@example.org";
    world.send(&owner, "PUT", "/api/two-factor", &json!({"code": "000000"})).await.refused(409, "TOTP_NOT_OFFERED");
    let totp = Totp::parse(&text(&world.post(&owner, "/api/two-factor", Value::Null).await.is(200)["secret"]))
        .expect("a secret");
    let code = || totp.code(step_at(weir_control::Ambient::now(&*world.weather)));
    sign_in(&world, email, PASSWORD, None).await.is(200);
    let wrong = code().chars().rev().map(|digit| if digit == '9' { '0' } else { '9' }).collect::<String>();
    world.send(&owner, "PUT", "/api/two-factor", &json!({"code": wrong})).await.refused(422, "CODE_WRONG");
    world.get(&owner, "/api/session").await.is(200);
    let codes = world.send(&owner, "PUT", "/api/two-factor", &json!({"code": code()})).await.is(200);

    sign_in(&world, email, PASSWORD, None).await.refused(401, "TOTP_NEEDED");
    sign_in(&world, email, PASSWORD, Some(&code())).await.refused(401, "UNAUTHENTICATED");
    world.weather.pass(30);
    let next = code();
    sign_in(&world, email, "not the password", Some(&next)).await.refused(401, "UNAUTHENTICATED");
    sign_in(&world, email, PASSWORD, Some(&next)).await.is(200);
    sign_in(&world, email, PASSWORD, Some(&next)).await.refused(401, "UNAUTHENTICATED");
    let recovery = text(&codes["codes"][0]);
    sign_in(&world, email, PASSWORD, Some(&recovery)).await.is(200);
    sign_in(&world, email, PASSWORD, Some(&recovery)).await.refused(401, "UNAUTHENTICATED");
    // Of two that come at once with one code, one gets in.
    world.weather.pass(60);
    let fresh = code();
    let (one, other) =
        tokio::join!(sign_in(&world, email, PASSWORD, Some(&fresh)), sign_in(&world, email, PASSWORD, Some(&fresh)));
    assert_eq!([one, other].iter().filter(|reply| reply.status == 200).count(), 1);
    world.send(&owner, "DELETE", "/api/two-factor", &json!({"password": "wrong"})).await.refused(422, "PASSWORD_WRONG");
    world.send(&owner, "DELETE", "/api/two-factor", &json!({"password": PASSWORD})).await.is(204);
    sign_in(&world, email, PASSWORD, None).await.is(200);
}

async fn a_letter_sets_a_new_password_once(data: Data) {
    let world = World::open(data).await;
    let owner = world.tenant("Anna").await.owner;
    let (open, email) = (Client::default(), "anna@example.org");
    let ask = async |email: &str| world.post(&open, "/api/password/reset", json!({"email": email})).await;
    let set = async |token: &str, password: &str| {
        world.send(&open, "PUT", "/api/password/reset", &json!({"token": token, "password": password})).await
    };
    let before = world.letters.all().len();
    // What is done about it is done later: until then both cost the same.
    let held = world.gate.lock().await;
    let mut answers = Vec::new();
    for email in ["nobody@example.org", email] {
        let before = world.count.now();
        let answer = ask(email).await;
        answers.push((answer, world.count.now() - before));
    }
    assert_eq!(answers[0], answers[1], "nobody hears whether there is an account");
    answers.remove(0).0.is(204);
    drop(held);
    world.at_rest().await;
    let letters = world.letters.all();
    assert_eq!(letters.len(), before + 1);
    assert_eq!(&*letters[before].to, email);
    let token = world.letters.token(email);
    set(&token, "short").await.refused(422, "PASSWORD_REFUSED");
    set(&token, "another plain long password").await.is(204);
    set(&token, "a third plain long password").await.refused(401, "UNAUTHENTICATED");
    world.get(&owner, "/api/session").await.refused(401, "UNAUTHENTICATED");
    sign_in(&world, email, PASSWORD, None).await.refused(401, "UNAUTHENTICATED");
    sign_in(&world, email, "another plain long password", None).await.is(200);
    // Too old is as good as used.
    ask(email).await.is(204);
    world.at_rest().await;
    world.weather.pass(3_601);
    set(&world.letters.token(email), "a third plain long password").await.refused(401, "UNAUTHENTICATED");
    // A flood of letters has to wait.
    let mut last = ask(email).await;
    for _ in 0..20 {
        last = ask(email).await;
    }
    last.refused(429, "TOO_MANY_REQUESTS");
}

async fn an_invitation_is_taken_up_once(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let (open, email) = (Client::default(), "guest@example.org");
    let invite = async |role: &str| {
        world.post(&tenant.owner, "/api/invitations", json!({"email": email, "role": role})).await.is(201)
    };
    let accept = async |token: &str, password: &str| {
        world
            .post(&open, "/api/invitations/accept", json!({"token": token, "name": "Guest", "password": password}))
            .await
    };
    assert!(invite("viewer").await.get("link").is_none(), "a letter has left");
    let first = world.letters.token(email);
    invite("editor").await;
    let second = world.letters.token(email);
    accept(&first, PASSWORD).await.refused(401, "UNAUTHENTICATED");
    accept(&second, "short").await.refused(422, "PASSWORD_REFUSED");
    let (one, other) = tokio::join!(accept(&second, PASSWORD), accept(&second, PASSWORD));
    let taken = [one.status, other.status].iter().filter(|status| **status == 204).count();
    assert_eq!(taken, 1, "{} {}", one.text, other.text);
    accept(&second, PASSWORD).await.refused(401, "UNAUTHENTICATED");
    let guest = world.sign_in(email).await;
    let sessions = world.get(&guest, "/api/sessions").await.is(200);
    assert_eq!(
        sessions.as_array().map(Vec::len),
        Some(1),
        "who has joined is signed in where they signed in: {sessions:#}"
    );
    assert_eq!(world.get(&guest, "/api/session").await.is(200)["role"], "editor");
    world
        .post(&tenant.owner, "/api/invitations", json!({"email": email, "role": "viewer"}))
        .await
        .refused(409, "MEMBER_ALREADY");
    // Withdrawn, and too old.
    let other = json!({"email": "other@example.org", "role": "viewer"});
    let id = text(&world.post(&tenant.owner, "/api/invitations", other.clone()).await.is(201)["id"]);
    let withdrawn = world.letters.token("other@example.org");
    world.send(&tenant.owner, "DELETE", &format!("/api/invitations/{id}"), &Value::Null).await.is(204);
    accept(&withdrawn, PASSWORD).await.refused(401, "UNAUTHENTICATED");
    world.post(&tenant.owner, "/api/invitations", other).await.is(201);
    world.weather.pass(8 * 24 * 3_600);
    accept(&world.letters.token("other@example.org"), PASSWORD).await.refused(401, "UNAUTHENTICATED");
}

async fn a_link_signs_in_once(data: Data) {
    let world = World::open(data).await;
    world.tenant("Anna").await;
    let user = world.control.operator_user("anna@example.org").await.expect("a user");
    let link = async || format!("/sign-in/{}", world.control.sign_in_link(&user).await.expect("a link"));
    let (open, first, late) = (Client::default(), link().await, link().await);
    let reply = world.get(&open, &first).await;
    assert_eq!((reply.status.as_u16(), &reply.headers["location"]), (303, &"/".parse().expect("a value")));
    let cookie = reply.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
    world.get(&open.with("cookie", &cookie), "/api/session").await.is(200);
    world.get(&open, &first).await.refused(401, "UNAUTHENTICATED");
    world.weather.pass(15 * 60 + 1);
    world.get(&open, &late).await.refused(401, "UNAUTHENTICATED");
    for _ in 0..10 {
        world.get(&open, "/sign-in/weirc_guessed").await;
    }
    world.get(&open, "/sign-in/weirc_guessed").await.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(world.get(&open, &link().await).await.status, 303, "what fits does not wait for who guesses");
}

async fn a_good_key_does_not_wait_for_guessers_at_its_address(data: Data) {
    let world = World::open(data).await;
    let tenant = world.tenant("Anna").await;
    let made = json!({"name": "short", "expiresAt": "2999-01-01T00:00:00Z"});
    let expiring = world.post(&tenant.owner, "/api/keys", made).await.is(201);
    let (good, guess) = (Client::key(&text(&expiring["key"])), Client::key("weir_none_guessed"));
    for _ in 0..10 {
        world.get(&guess, "/api/caller").await.refused(401, "UNAUTHENTICATED");
    }
    world.get(&guess, "/api/caller").await.refused(429, "TOO_MANY_REQUESTS");
    world.get(&good, "/api/caller").await.is(200);
    world.get(&guess, "/api/caller").await.refused(429, "TOO_MANY_REQUESTS");
    // One that has expired is nobody's guess.
    world.weather.pass(1_000 * 366 * 24 * 3_600);
    for _ in 0..12 {
        world.get(&good, "/api/caller").await.refused(401, "UNAUTHENTICATED");
    }
}

async fn sessions_are_listed_and_ended(data: Data) {
    let world = World::open(data).await;
    let here = world.tenant("Anna").await.owner;
    let there = world.sign_in("anna@example.org").await;
    let sessions = world.get(&here, "/api/sessions").await.is(200);
    let others: Vec<&Value> =
        sessions.as_array().expect("a list").iter().filter(|one| one["current"] == false).collect();
    assert_eq!((sessions.as_array().map(Vec::len), others.len()), (Some(2), 1), "{sessions:#}");
    let path = format!("/api/sessions/{}", text(&others[0]["id"]));
    world.send(&here, "DELETE", &path, &Value::Null).await.is(204);
    world.get(&there, "/api/session").await.refused(401, "UNAUTHENTICATED");
    world.send(&here, "DELETE", &path, &Value::Null).await.refused(404, "NOT_FOUND");
    // A new password ends the others.
    let other = world.sign_in("anna@example.org").await;
    let change = json!({"old": PASSWORD, "new": "another plain long password"});
    world
        .send(&here, "PUT", "/api/password", &json!({"old": "wrong", "new": "another plain long password"}))
        .await
        .refused(422, "PASSWORD_WRONG");
    world.send(&here, "PUT", "/api/password", &change).await.is(204);
    world.get(&other, "/api/session").await.refused(401, "UNAUTHENTICATED");
    let out = world.send(&here, "DELETE", "/api/session", &Value::Null).await;
    assert!(out.headers["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    world.get(&here, "/api/session").await.refused(401, "UNAUTHENTICATED");
    // A session has its time.
    let last = sign_in(&world, "anna@example.org", "another plain long password", None).await;
    let last = Client::browser(&last);
    world.weather.pass(14 * 24 * 3_600 + 1);
    world.get(&last, "/api/session").await.refused(401, "UNAUTHENTICATED");
}

async fn one_looks_at_another_organisation(data: Data) {
    let world = World::open(data).await;
    let (a, b) = (world.tenant("Anna").await, world.tenant("Bert").await);
    let to = async |client: &Client, tenant: &str| {
        world.post(client, "/api/session/tenant", json!({"tenant": tenant})).await
    };
    to(&a.owner, &b.id).await.refused(404, "NOT_FOUND");
    world
        .control
        .invite(&weir_control::Caller::system(b.id.as_str(), "test"), "anna@example.org", Role::Viewer)
        .await
        .expect("invited");
    let token = world.letters.token("anna@example.org");
    let accept = async |password: &str| {
        world.post(&Client::default(), "/api/invitations/accept", json!({"token": token, "password": password})).await
    };
    accept("not the password").await.refused(422, "PASSWORD_WRONG");
    accept(PASSWORD).await.is(204);
    let session = to(&a.owner, &b.id).await.is(200);
    assert_eq!((&session["tenant"], &session["role"]), (&json!(b.id), &json!("viewer")));
    world.post(&a.owner, "/api/projects", json!({"name": "mine"})).await.refused(403, "FORBIDDEN");
    assert_eq!(to(&a.owner, &a.id).await.is(200)["role"], "owner");
    world.post(&a.owner, "/api/projects", json!({"name": "mine"})).await.is(201);
}
