//! Signing in elsewhere, against npm's `oidc-provider` and with GitHub's manners.

mod browser;
mod github;
mod house;
mod provider;
#[path = "../../../cli/src/serve/web.rs"]
mod web;

use browser::{Browser, Page};
use github::GitHub;
use house::{House, Plan};
use provider::Issuer;
use serde_json::json;
use std::sync::Arc;
use web::GuardedWeb;
use weir_base::{Duration, Value};
use weir_control::{Provider, ProviderAt};
use weir_vault::Secret;

/// Weir and a provider it knows as `company`, from whose domain it takes people in.
struct Both {
    house: House,
    issuer: Issuer,
}

fn company(issuer: &Issuer) -> Provider {
    Provider {
        id: "company".into(),
        name: "Company".to_owned(),
        at: ProviderAt::Issuer(issuer.url.clone()),
        client_id: "weir".to_owned(),
        client_secret: Some(Secret::new("the client secret & more")),
        scopes: Vec::new(),
        allow_sign_up: true,
        allowed_domains: vec!["company.test".to_owned()],
        private: true,
    }
}

async fn both() -> Both {
    with(|provider| vec![provider]).await
}

async fn with(providers: impl FnOnce(Provider) -> Vec<Provider>) -> Both {
    let mut started = None;
    let house = House::open(|url| {
        let issuer = started.insert(Issuer::start(&format!("{url}/sign-in/with/company/callback")));
        let providers = providers(company(issuer));
        Plan { providers, ..Plan::new(Arc::new(GuardedWeb::new())) }
    });
    let house = house.await;
    house.control.first_start("owner@company.test", "a-long-passphrase").await.unwrap();
    Both { house, issuer: started.unwrap() }
}

impl Both {
    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.house.url)
    }

    /// To the provider and back, up to the address at which the answer is taken up.
    async fn until_callback(&self, browser: &mut Browser) -> String {
        browser.follow(&self.path("/sign-in/with/company"), "/callback?").await
    }

    async fn sign_in(&self, browser: &mut Browser) -> Page {
        let callback = self.until_callback(browser).await;
        browser.get(&callback).await
    }

    /// Who is signed in in this browser.
    async fn who(&self, browser: &mut Browser) -> Option<Value> {
        let page = browser.get(&self.path("/api/session")).await;
        (page.status == 200).then(|| page.json())
    }

    async fn password(&self, browser: &mut Browser) {
        let body = r#"{"email":"owner@company.test","password":"a-long-passphrase"}"#;
        let page = browser.send("POST", &self.path("/api/session"), Some(body)).await;
        assert_eq!(page.status, 200, "{}", page.body);
        browser.csrf = page.json().get("csrf").and_then(Value::as_str).unwrap().to_owned();
    }

    /// A sign-in that is refused, and leaves nobody signed in.
    async fn refused(&self, expected: &str) -> String {
        let mut browser = Browser::default();
        let page = self.sign_in(&mut browser).await;
        assert_eq!(page.code(), expected, "{}", page.body);
        assert_eq!(self.who(&mut browser).await, None);
        page.body
    }
}

fn user_id(session: &Value) -> String {
    session.get("user").and_then(|user| user.get("id")).and_then(Value::as_str).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_of_an_allowed_domain_gets_an_account_and_finds_it_again() {
    let both = both().await;
    let listed = Browser::default().get(&both.path("/api/sign-in")).await.json().to_json();
    assert_eq!(
        listed,
        json!([{"id": "company", "name": "Company", "url": both.path("/sign-in/with/company")}]).to_string()
    );
    both.issuer.person("u1", "Ada@company.test", true).await;
    let mut browser = Browser::default();
    let page = both.sign_in(&mut browser).await;
    assert_eq!((page.status, page.location), (303, Some(both.path("/"))), "{}", page.body);
    let first = both.who(&mut browser).await.unwrap();
    let user = first.get("user").unwrap();
    assert_eq!(user.get("email").and_then(Value::as_str), Some("ada@company.test"));
    assert_eq!(user.get("name").and_then(Value::as_str), Some("Some Body"));
    assert_eq!(first.get("role").and_then(Value::as_str), Some("owner"), "of an organisation of their own");
    // Another address at the provider is the same person, in another browser.
    both.issuer.person("u1", "countess@elsewhere.test", true).await;
    let mut other = Browser::default();
    assert_eq!(both.sign_in(&mut other).await.status, 303);
    assert_eq!(user_id(&both.who(&mut other).await.unwrap()), user_id(&first));
    let asked = both.issuer.asked().await;
    let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    assert_eq!((text("code_challenge_method"), text("scope")), ("S256".to_owned(), "openid email profile".to_owned()));
    assert_eq!([text("state").len(), text("nonce").len(), text("code_challenge").len()], [43; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_taken_in() {
    let both = both().await;
    both.issuer.person("u1", "ada@elsewhere.test", true).await;
    both.refused("SIGN_IN_NO_ACCOUNT").await;
    both.issuer.person("u2", "ada@company.test", false).await;
    both.refused("SIGN_IN_EMAIL_UNVERIFIED").await;
    // The owner has a password, and never said that the company may open the account.
    both.issuer.person("u3", "owner@company.test", true).await;
    both.refused("SIGN_IN_NOT_LINKED").await;
    both.issuer.nobody().await;
    let said = both.refused("SIGN_IN_REFUSED").await;
    assert!(said.contains("the person said no"), "{said}");
    let page = Browser::default().get(&both.path("/sign-in/with/nobody")).await;
    assert_eq!(page.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_password_is_opened_once_its_owner_has_said_so() {
    let both = both().await;
    let mut browser = Browser::default();
    both.password(&mut browser).await;
    let link = both.path("/api/sign-in/company/link");
    let csrf = std::mem::take(&mut browser.csrf);
    assert_eq!(browser.send("POST", &link, None).await.code(), "CSRF_TOKEN");
    browser.csrf = csrf;
    // Another's account there cannot be added.
    both.issuer.person("u9", "eve@company.test", true).await;
    let go = |page: Page| page.json().get("url").and_then(Value::as_str).unwrap().to_owned();
    let to = go(browser.send("POST", &link, None).await);
    let callback = browser.follow(&to, "/callback?").await;
    assert_eq!(browser.get(&callback).await.code(), "SIGN_IN_OTHER_ADDRESS");
    // Nor by somebody who is not signed in any more.
    browser.forget(&both.issuer.url);
    both.issuer.person("u1", "owner@company.test", true).await;
    let to = go(browser.send("POST", &link, None).await);
    let callback = browser.follow(&to, "/callback?").await;
    assert_eq!(browser.send("DELETE", &both.path("/api/session"), None).await.status, 204);
    assert_eq!(browser.get(&callback).await.code(), "SIGN_IN_STATE");
    both.password(&mut browser).await;
    let to = go(browser.send("POST", &link, None).await);
    let callback = browser.follow(&to, "/callback?").await;
    assert_eq!(browser.get(&callback).await.status, 303);
    let mut other = Browser::default();
    assert_eq!(both.sign_in(&mut other).await.status, 303);
    let who = both.who(&mut other).await.unwrap();
    assert_eq!(user_id(&who), user_id(&both.who(&mut browser).await.unwrap()));
    // What was added can be removed, and then opens nothing.
    let listed = browser.get(&both.path("/api/identities")).await.json();
    let id = listed.as_array().unwrap()[0].get("id").and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(browser.send("DELETE", &both.path(&format!("/api/identities/{id}")), None).await.status, 204);
    both.refused("SIGN_IN_NOT_LINKED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_keeps_its_last_way_in() {
    let both = both().await;
    both.issuer.person("u1", "ada@company.test", true).await;
    let mut browser = Browser::default();
    both.sign_in(&mut browser).await;
    let session = both.who(&mut browser).await.unwrap();
    browser.csrf = session.get("csrf").and_then(Value::as_str).unwrap().to_owned();
    let listed = browser.get(&both.path("/api/identities")).await.json();
    let id = listed.as_array().unwrap()[0].get("id").and_then(Value::as_str).unwrap().to_owned();
    let page = browser.send("DELETE", &both.path(&format!("/api/identities/{id}")), None).await;
    assert_eq!(page.code(), "LAST_SIGN_IN");
    // A second account there with the same verified address is the same person, who has nothing else to open it with.
    both.issuer.person("u2", "ada@company.test", true).await;
    let mut other = Browser::default();
    assert_eq!(both.sign_in(&mut other).await.status, 303);
    assert_eq!(user_id(&both.who(&mut other).await.unwrap()), user_id(&session));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_lets_in_whom_the_domain_would_not() {
    let both = with(|provider| vec![Provider { allow_sign_up: false, ..provider }]).await;
    both.issuer.person("u1", "bob@elsewhere.test", true).await;
    both.refused("SIGN_IN_NO_ACCOUNT").await;
    let mut owner = Browser::default();
    both.password(&mut owner).await;
    let tenant = both.who(&mut owner).await.unwrap().get("tenant").and_then(Value::as_str).unwrap().to_owned();
    let body = r#"{"email":"bob@elsewhere.test","role":"editor"}"#;
    let invite =
        async |owner: &mut Browser| owner.send("POST", &both.path("/api/invitations"), Some(body)).await.status;
    // One of the week before last is none.
    both.house.clock.back(Duration::from_secs(8 * 24 * 3_600));
    assert_eq!(invite(&mut owner).await, 201);
    both.house.clock.pass(Duration::from_secs(8 * 24 * 3_600));
    both.refused("SIGN_IN_NO_ACCOUNT").await;
    assert_eq!(invite(&mut owner).await, 201);
    let mut browser = Browser::default();
    assert_eq!(both.sign_in(&mut browser).await.status, 303);
    let who = both.who(&mut browser).await.unwrap();
    let text = |name: &str| who.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    assert_eq!((text("tenant"), text("role")), (tenant, "editor".to_owned()));
    assert_eq!(owner.get(&both.path("/api/invitations")).await.json().to_json(), r#"{"items":[]}"#, "it is taken up");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_rotated_are_fetched_again_but_not_at_will() {
    let both = both().await;
    both.issuer.person("u1", "ada@company.test", true).await;
    let sign_in = async || both.sign_in(&mut Browser::default()).await;
    assert_eq!(sign_in().await.status, 303);
    both.issuer.rotate("{}").await;
    let page = sign_in().await;
    assert_eq!(page.code(), "SIGN_IN_TOKEN_REFUSED");
    assert!(page.body.contains("a key that is not in the set"), "the keys were fetched a moment ago: {}", page.body);
    both.house.clock.pass(Duration::from_secs(31));
    assert_eq!(sign_in().await.status, 303, "they are fetched again");
    assert_eq!(sign_in().await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_say_something_untrue() {
    let both = both().await;
    both.issuer.person("u1", "ada@company.test", true).await;
    let cases = [
        (r#"{"claims":{"iss":"https://evil.test"}}"#, "another issuer"),
        (r#"{"claims":{"aud":"somebody-else"}}"#, "another audience"),
        (r#"{"claims":{"aud":["weir","other"]}}"#, "for which client"),
        (r#"{"claims":{"aud":["weir","other"],"azp":"other"}}"#, "another client"),
        (r#"{"claims":{"nonce":"of another sign-in"}}"#, "answers another sign-in"),
        (r#"{"claims":{"nonce":null}}"#, "answers another sign-in"),
        (r#"{"claims":{"exp":1700000000}}"#, "expired"),
        (r#"{"claims":{"exp":null}}"#, "has no `exp`"),
        (r#"{"claims":{"sub":null}}"#, "names nobody"),
        (r#"{"claims":{"sub":"u2"}}"#, "speaks of somebody else"),
        (r#"{"header":{"alg":"none"}}"#, "not taken here"),
        (r#"{"header":{"alg":"HS256"},"secret":"the client secret & more, and more of it"}"#, "not taken here"),
        (r#"{"header":{"alg":"HS256"},"secret":"public key"}"#, "not taken here"),
        (r#"{"stranger":true}"#, "not made from this token with this key"),
    ];
    for (how, expected) in cases {
        both.issuer.untrue(how).await;
        let said = both.refused("SIGN_IN_TOKEN_REFUSED").await;
        assert!(said.contains(expected), "{how}: {said}");
        // Who fails so often from one address has to wait; tokens are good for an hour.
        both.house.clock.pass(Duration::from_secs(61));
    }
    assert_eq!(both.sign_in(&mut Browser::default()).await.status, 303, "a true one is still taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_in_the_browser_that_asked() {
    let both = both().await;
    both.issuer.person("u1", "ada@company.test", true).await;
    let (mut mine, mut other) = (Browser::default(), Browser::default());
    let callback = both.until_callback(&mut mine).await;
    assert_eq!(Browser::default().get(&callback).await.code(), "SIGN_IN_STATE", "a browser that asked nothing");
    let others = both.until_callback(&mut other).await;
    assert_eq!(other.get(&callback).await.code(), "SIGN_IN_STATE", "a browser that asked something else");
    assert_eq!(both.who(&mut other).await, None);
    // Somebody else's code with one's own state: the verifier is not theirs.
    let swapped = callback.replace(&part(&callback, "code"), &part(&others, "code"));
    assert_eq!(mine.get(&swapped).await.code(), "SIGN_IN_PROVIDER");
    assert_eq!(both.who(&mut mine).await, None);
    assert_eq!(mine.get(&callback).await.code(), "SIGN_IN_STATE", "it was used up");
    assert_eq!(other.get(&others).await.status, 303, "the other's own sign-in goes on");
    let callback = both.until_callback(&mut mine).await;
    assert_eq!(mine.get(&callback).await.status, 303);
    assert_eq!(mine.get(&callback).await.code(), "SIGN_IN_STATE", "the same answer again");
    let callback = both.until_callback(&mut mine).await;
    both.house.clock.pass(Duration::from_secs(601));
    assert_eq!(mine.get(&callback).await.code(), "SIGN_IN_STATE", "too late");
    let callback = both.until_callback(&mut mine).await;
    let from = part(&callback, "iss");
    let forged = callback.replace(&from, "https%3A%2F%2Fevil.test");
    assert_eq!(mine.get(&forged).await.code(), "SIGN_IN_TOKEN_REFUSED", "an answer from another issuer");
}

/// A member of the query, as it is written.
fn part(url: &str, name: &str) -> String {
    let pairs = url.split(['?', '&']);
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_failures_have_to_wait() {
    let both = both().await;
    let guess = both.path("/sign-in/with/company/callback?state=x&code=y");
    for number in 1..=12 {
        let page = Browser::default().get(&guess).await;
        let expected = if number <= 10 { "SIGN_IN_STATE" } else { "TOO_MANY_REQUESTS" };
        assert_eq!(page.code(), expected, "try {number}: {}", page.body);
    }
    // Whoever shows what fits does not wait for those who guess from the same address.
    both.issuer.person("u1", "ada@company.test", true).await;
    assert_eq!(both.sign_in(&mut Browser::default()).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_what_was_configured() {
    let both = with(|provider| {
        let named = |id: &str, at: ProviderAt, private| Provider { id: id.into(), at, private, ..provider.clone() };
        let ProviderAt::Issuer(url) = provider.at.clone() else { unreachable!() };
        let other = ProviderAt::Issuer(format!("{url}/"));
        let guarded = ProviderAt::Issuer(url.replace("http:", "https:"));
        vec![named("slash", other, true), named("guarded", guarded, false)]
    })
    .await;
    let page = Browser::default().get(&both.path("/sign-in/with/slash")).await;
    assert_eq!((page.status, page.code()), (502, "SIGN_IN_PROVIDER".to_owned()));
    assert!(page.body.contains("another issuer"), "{}", page.body);
    let page = Browser::default().get(&both.path("/sign-in/with/guarded")).await;
    assert!(page.body.contains("private address 127.0.0.1"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_secret() {
    let both = with(|provider| {
        let (id, client_id) = ("public".into(), "weir-public".to_owned());
        vec![Provider { id, client_id, client_secret: None, ..provider }]
    })
    .await;
    both.issuer.person("u1", "ada@company.test", true).await;
    let mut browser = Browser::default();
    let callback = browser.follow(&both.path("/sign-in/with/public"), "/callback?").await;
    let page = browser.get(&callback).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn github_says_who_somebody_is_by_its_interface() {
    let github = GitHub::start().await;
    let at = ProviderAt::GitHub { site: github.url.clone(), api: format!("{}/api/v3", github.url) };
    let provider = |secret: &str, id: &str| Provider {
        id: id.into(),
        name: "GitHub".to_owned(),
        at: at.clone(),
        client_id: "Iv1.x".to_owned(),
        client_secret: Some(Secret::new(secret)),
        scopes: Vec::new(),
        allow_sign_up: true,
        allowed_domains: Vec::new(),
        private: true,
    };
    let providers = vec![provider("hush", "github"), provider("wrong", "other")];
    let house = House::open(|_| Plan { providers, ..Plan::new(Arc::new(GuardedWeb::new())) }).await;
    let sign_in = async |browser: &mut Browser, id: &str| {
        let callback = browser.follow(&format!("{}/sign-in/with/{id}", house.url), "/callback?").await;
        browser.get(&callback).await
    };
    let mut browser = Browser::default();
    github.addresses(json!([{"email": "x@y.test", "primary": false, "verified": true},
                            {"email": "cat@y.test", "primary": true, "verified": false}]));
    assert_eq!(sign_in(&mut browser, "github").await.code(), "SIGN_IN_EMAIL_UNVERIFIED");
    github.addresses(json!([{"email": "x@y.test", "primary": false, "verified": true},
                            {"email": "cat@y.test", "primary": true, "verified": true}]));
    assert_eq!(sign_in(&mut browser, "other").await.code(), "SIGN_IN_REFUSED");
    let page = sign_in(&mut browser, "github").await;
    assert_eq!(page.status, 303, "{}", page.body);
    let who = browser.get(&format!("{}/api/session", house.url)).await.json();
    let user = who.get("user").unwrap();
    assert_eq!(user.get("email").and_then(Value::as_str), Some("cat@y.test"));
    assert_eq!(user.get("name").and_then(Value::as_str), Some("octocat"));
}
