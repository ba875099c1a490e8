//! Signing in elsewhere: OpenID Connect and GitHub, by the code flow with PKCE.
//!
//! What a provider says is believed only as far as it is proven: the answer belongs to the browser that asked, once and
//! soon; the token is signed by the issuer, for this server, for this very sign-in. Whose account it opens is decided in
//! `accounts.rs`, which denies unless something there allows. `provider.rs` has the settings, `pending.rs` what is under
//! way, `oidc.rs` and `github.rs` the two ways to ask, `site.rs` what is remembered of a provider.

mod accounts;
mod github;
mod oidc;
mod pending;
mod provider;
mod site;

pub(crate) use accounts::short;
pub use provider::{Provider, ProviderAt};

use crate::accounts::{Origin, SignedIn};
use crate::control::Control;
use crate::{ControlError, Result};
use pending::{Pending, PendingSignIns};
use site::Site;
use weir_base::{Duration, Text};
use weir_vault::{Secret, pkce};

/// How long somebody may take at the provider.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// A sign-in that was begun: where to send the browser, and what it has to bring back in a cookie.
pub struct Begun {
    pub url: String,
    pub cookie: Secret,
}

/// What a provider sends a browser back with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    pub state: Option<String>,
    pub code: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
    /// Who answers (RFC 9207), where they say so.
    pub iss: Option<String>,
}

/// What came of it.
pub enum Arrived {
    SignedIn(Box<SignedIn>),
    /// An account of a provider was added to the one that is signed in.
    Linked,
}

/// What a provider says about somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub subject: Text,
    pub name: String,
    /// Only one the provider has verified.
    pub email: Option<String>,
}

/// Providers, and what is under way at them.
pub(crate) struct Elsewhere {
    sites: Vec<Site>,
    pending: PendingSignIns,
}

impl Elsewhere {
    pub fn new(providers: &[Provider]) -> Self {
        Self { sites: providers.iter().cloned().map(Site::new).collect(), pending: PendingSignIns::default() }
    }

    fn site(&self, id: &str) -> Result<&Site> {
        self.sites.iter().find(|site| *site.provider.id == *id).ok_or(ControlError::not_found("sign-in provider"))
    }
}

impl Control {
    pub fn sign_in_providers(&self) -> &[Provider] {
        &self.options.sign_in
    }

    /// Begins a sign-in. With `link`, the account there is to be added to that user, who has asked for it.
    pub async fn begin_elsewhere(&self, provider: &str, link: Option<Text>) -> Result<Begun> {
        let site = self.elsewhere.site(provider)?;
        let mut random = self.random();
        let [state, nonce, verifier, cookie] = std::array::from_fn(|_| pkce::verifier(&mut random));
        let mut asked = vec![
            ("response_type", "code".to_owned()),
            ("client_id", site.provider.client_id.clone()),
            ("redirect_uri", self.callback(&site.provider)),
            ("scope", site.provider.scopes().join(" ")),
            ("state", text(&state)),
            ("code_challenge", pkce::challenge(&verifier)),
            ("code_challenge_method", "S256".to_owned()),
        ];
        let authorize = match &site.provider.at {
            ProviderAt::Issuer(_) => {
                asked.push(("nonce", text(&nonce)));
                self.metadata(site).await?.authorization_endpoint
            }
            ProviderAt::GitHub { site, .. } => format!("{site}/login/oauth/authorize"),
        };
        let url = with_query(&authorize, &asked)?;
        let pending = Pending {
            provider: site.provider.id.clone(),
            nonce: text(&nonce),
            verifier,
            cookie: cookie.clone(),
            link,
            ends_at: self.later(PATIENCE),
        };
        self.elsewhere.pending.keep(&state, pending, self.now());
        Ok(Begun { url, cookie })
    }

    /// Takes up what a provider has sent back. `who` is signed in in this browser already.
    pub async fn return_from_elsewhere(
        &self,
        provider: &str,
        returned: Returned,
        cookie: Option<&str>,
        who: Option<&Text>,
        origin: &Origin,
    ) -> Result<Arrived> {
        let arrived = self.take_up(provider, returned, cookie, who, origin).await;
        arrived.map_err(|error| match error {
            ControlError::Refused { .. } => self.turned_away(format!("elsewhere {}", origin.address), error),
            ControlError::Elsewhere { .. } => {
                tracing::warn!(provider, from = &*origin.address, "a sign-in elsewhere failed: {error}");
                error
            }
            other => other,
        })
    }

    async fn take_up(
        &self,
        provider: &str,
        returned: Returned,
        cookie: Option<&str>,
        who: Option<&Text>,
        origin: &Origin,
    ) -> Result<Arrived> {
        let site = self.elsewhere.site(provider)?;
        let pending = self.elsewhere.pending.take(&site.provider.id, &returned, cookie, self.now())?;
        if pending.link.as_ref().is_some_and(|link| Some(link) != who) {
            return Err(pending::unknown());
        }
        let code = code_of(returned.error, returned.error_description, returned.code)?;
        let profile = match &site.provider.at {
            ProviderAt::Issuer(_) => self.ask_issuer(site, &pending, &code, returned.iss.as_deref()).await?,
            ProviderAt::GitHub { site: web, api } => self.ask_github(site, web, api, &pending, &code).await?,
        };
        self.arrive(&site.provider, profile, pending.link.as_ref(), origin).await
    }

    /// Where a provider sends browsers back to; what is registered there.
    fn callback(&self, provider: &Provider) -> String {
        format!("{}/sign-in/with/{}/callback", self.options.public_url, provider.id)
    }
}

fn code_of(error: Option<String>, description: Option<String>, code: Option<String>) -> Result<String> {
    if let Some(error) = error {
        let said: String = description.unwrap_or(error).chars().filter(|c| !c.is_control()).take(200).collect();
        return Err(ControlError::refused("SIGN_IN_REFUSED", format!("the provider did not sign you in: {said}")));
    }
    code.filter(|code| !code.is_empty() && code.len() <= 4_096)
        .ok_or_else(|| ControlError::refused("SIGN_IN_REFUSED", "the provider sent no code"))
}

fn text(secret: &Secret) -> String {
    secret.text().unwrap_or_default().to_owned()
}

fn with_query(url: &str, pairs: &[(&str, String)]) -> Result<String> {
    let mut url = url::Url::parse(url)
        .map_err(|error| ControlError::elsewhere("SIGN_IN_PROVIDER", format!("the provider's address: {error}")))?;
    url.query_pairs_mut().extend_pairs(pairs);
    Ok(url.into())
}
