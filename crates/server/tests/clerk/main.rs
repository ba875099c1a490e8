//! What Clerk tells of its users, as events signed by another program, one after the other and out of order.

#[path = "../outside_oidc/house.rs"]
mod house;

use house::{House, Plan};
use serde::Deserialize;
use std::sync::Arc;
use weir_base::Value;
use weir_control::{Caller, NoWeb, Origin};
use weir_egress::{Client, Request};
use weir_kind::EgressPolicy;
use weir_vault::Secret;

#[derive(Deserialize)]
struct Vectors {
    secret: String,
    /// Seconds since 1970.
    now: i64,
    events: Vec<Event>,
}

#[derive(Clone, Deserialize)]
struct Event {
    name: String,
    id: String,
    timestamp: String,
    signature: String,
    body: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("events.json")).unwrap()
}

fn event(name: &str) -> Event {
    vectors().events.into_iter().find(|event| event.name == name).unwrap_or_else(|| panic!("no event `{name}`"))
}

async fn house() -> House {
    let Vectors { secret, now, .. } = vectors();
    let clerk = Some(Secret::new(secret));
    let house = House::open(|_| Plan { clerk, ..Plan::new(Arc::new(NoWeb)) }).await;
    house.clock.set(now * 1_000_000);
    house.control.first_start("owner@a.test", "a-long-passphrase").await.unwrap();
    house
}

/// The status and, of a problem, the code.
async fn send(house: &House, event: &Event) -> (u16, String) {
    let mut request = Request::new("POST", &format!("{}/webhooks/clerk", house.url)).unwrap();
    request.header("content-type", "application/json").unwrap();
    request.header("svix-id", &event.id).unwrap();
    request.header("svix-timestamp", &event.timestamp).unwrap();
    request.header("svix-signature", &event.signature).unwrap();
    request.body = event.body.clone().into();
    let own = vec!["127.0.0.1".to_owned()];
    let policy = EgressPolicy { hosts: own.clone(), private: own, ..EgressPolicy::default() };
    let mut response = Client::new(weir_egress::Options::default()).send(request, &policy).await.unwrap();
    let body = String::from_utf8(response.body.bytes().await.unwrap().to_vec()).unwrap();
    let problem = Value::from_json(&body).unwrap_or_default();
    (response.status, problem.get("code").and_then(Value::as_str).unwrap_or_default().to_owned())
}

async fn tell(house: &House, names: &[&str]) {
    for name in names {
        assert_eq!(send(house, &event(name)).await, (204, String::new()), "{name}");
    }
}

/// Name, whether it is switched off, and how many organisations it belongs to.
async fn account(house: &House, email: &str) -> Option<(String, bool, usize)> {
    let user = house.control.operator_user(email).await.ok()?;
    let memberships = house.control.memberships(&user.id).await.unwrap();
    Some((user.value.name.to_string(), user.value.disabled, memberships.len()))
}

fn is(name: &str, disabled: bool) -> Option<(String, bool, usize)> {
    Some((name.to_owned(), disabled, 1))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_kept_in_step_and_switched_off() {
    let house = house().await;
    tell(&house, &["ada is made"]).await;
    assert_eq!(account(&house, "ada@a.test").await, is("Ada Lovelace", false));
    tell(&house, &["ada is renamed", "ada is renamed, an older event", "ada is made", "ada is renamed"]).await;
    assert_eq!(account(&house, "ada@a.test").await, is("Augusta Lovelace", false));
    tell(&house, &["ada moves"]).await;
    assert_eq!(account(&house, "ada@a.test").await, None);
    assert_eq!(account(&house, "countess@a.test").await, is("Augusta Lovelace", false));
    let user = house.control.operator_user("countess@a.test").await.unwrap();
    let tenant = house.control.memberships(&user.id).await.unwrap().remove(0).tenant;
    let page = weir_control::PageOf { after: None, limit: 10 };
    let members = house.control.members(&Caller::system(tenant, "test"), &page).await.unwrap();
    assert_eq!(&*members.items[0].value.email, "countess@a.test");
    tell(&house, &["ada moves to an unverified address", "ada takes the owner's address"]).await;
    assert_eq!(account(&house, "else@a.test").await, None);
    assert_eq!(account(&house, "countess@a.test").await, is("Augusta Lovelace", false));
    assert_eq!(account(&house, "owner@a.test").await, is("", false));
    let link = house.control.sign_in_link(&user).await.unwrap();
    let signed_in = house.control.sign_in_by_link(&link, &Origin::default()).await.unwrap();
    let still = async || house.control.by_session(&signed_in.token, &"".into()).await.is_ok();
    assert!(still().await);
    tell(&house, &["ada is banned"]).await;
    assert_eq!(account(&house, "countess@a.test").await, is("Ada Lovelace", true));
    tell(&house, &["ada is let in again"]).await;
    assert_eq!(account(&house, "countess@a.test").await, is("Ada Lovelace", false));
    assert!(!still().await, "what was open when she was banned stays closed");
    tell(&house, &["ada is deleted", "ada is updated after that", "ada is deleted", "ada is made"]).await;
    assert_eq!(account(&house, "countess@a.test").await, is("Ada Lovelace", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_made_before_the_address_is_verified_or_after_the_deletion() {
    let house = house().await;
    tell(&house, &["bob is unverified", "bob has no verification"]).await;
    assert_eq!(account(&house, "bob@a.test").await, None);
    tell(&house, &["bob is verified", "bob is unverified"]).await;
    assert_eq!(account(&house, "bob@a.test").await, is("Bob", false));
    tell(&house, &["cid is deleted", "cid is made, late"]).await;
    assert_eq!(account(&house, "cid@a.test").await, None);
    tell(&house, &["a session"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_another_origin_stay_as_they_are() {
    let house = house().await;
    tell(&house, &["the owner", "the owner is deleted"]).await;
    assert_eq!(account(&house, "owner@a.test").await, is("", false));
    // One without a password may be opened by Clerk, but is not Clerk's to change.
    house.control.create_tenant("Guests", &"guest@a.test".into(), None).await.unwrap();
    tell(&house, &["a guest", "a guest is renamed", "a guest is deleted"]).await;
    assert_eq!(account(&house, "guest@a.test").await, is("", false));
    assert_eq!(account(&house, "guest2@a.test").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_many_times_at_once() {
    let house = Arc::new(house().await);
    let sent: Vec<_> = (0..8)
        .map(|_| {
            let house = house.clone();
            tokio::spawn(async move { send(&house, &event("ada is made")).await })
        })
        .collect();
    for one in sent {
        assert_eq!(one.await.unwrap(), (204, String::new()));
    }
    assert_eq!(account(&house, "ada@a.test").await, is("Ada Lovelace", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_or_not_an_event() {
    let house = house().await;
    let refused = (401, "SIGNATURE_REFUSED".to_owned());
    let good = event("ada is made");
    assert_eq!(send(&house, &event("an old message")).await, refused);
    assert_eq!(send(&house, &event("another's secret")).await, refused);
    assert_eq!(send(&house, &Event { body: good.body.replace("ada@", "eve@"), ..good.clone() }).await, refused);
    assert_eq!(send(&house, &Event { id: "msg_99".to_owned(), ..good.clone() }).await, refused);
    assert_eq!(send(&house, &Event { signature: String::new(), ..good.clone() }).await, refused);
    assert_eq!(send(&house, &event("no user")).await, (422, "CLERK_EVENT_INVALID".to_owned()));
    for email in ["ada@a.test", "eve@a.test"] {
        assert_eq!(account(&house, email).await, None);
    }
    let other = House::open(|_| Plan::new(Arc::new(NoWeb))).await;
    assert_eq!(send(&other, &good).await, (404, "NOT_FOUND".to_owned()), "where it is not configured");
}
