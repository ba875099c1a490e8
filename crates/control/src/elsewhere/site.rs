use crate::control::Control;
use crate::elsewhere::{Provider, ProviderAt};
use crate::key_sets::{KEPT, KeySource, is_within};
use crate::ports::{WebAnswer, WebRequest};
use crate::{ControlError, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::Mutex;
use weir_base::Micros;
use weir_vault::jwks::KeySet;

/// A provider and what is remembered of it: one document and one key set, however often it is asked.
pub(crate) struct Site {
    pub provider: Provider,
    metadata: Mutex<Option<(Micros, Metadata)>>,
    keys: KeySource,
}

/// The discovery document, as far as it is used.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// It promises to say who answers (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Site {
    pub fn new(provider: Provider) -> Self {
        Self { provider, metadata: Mutex::default(), keys: KeySource::default() }
    }

    pub fn fault(&self, what: impl std::fmt::Display) -> ControlError {
        ControlError::elsewhere("SIGN_IN_PROVIDER", format!("{}: {what}", self.provider.name))
    }
}

impl Control {
    /// The provider's discovery document, from memory or fetched.
    pub(crate) async fn metadata(&self, site: &Site) -> Result<Metadata> {
        let mut kept = site.metadata.lock().await;
        if let Some((at, metadata)) = &*kept
            && is_within(*at, KEPT, self.now())
        {
            return Ok(metadata.clone());
        }
        let ProviderAt::Issuer(issuer) = &site.provider.at else { return Err(site.fault("it has no issuer")) };
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Metadata = self.fetch(site, WebRequest::get(url)).await?;
        if metadata.issuer != *issuer {
            return Err(site.fault("its discovery document names another issuer than is configured"));
        }
        *kept = Some((self.now(), metadata.clone()));
        Ok(metadata)
    }

    /// The provider's keys. With `other_than`, others than these, if it is not too soon to ask.
    pub(crate) async fn provider_keys(&self, site: &Site, other_than: Option<&Arc<KeySet>>) -> Result<Arc<KeySet>> {
        let metadata = self.metadata(site).await?;
        let fetch = async {
            let answer = self.ask(site, WebRequest::get(metadata.jwks_uri)).await?;
            KeySet::parse(&answer.body).map_err(|error| site.fault(format!("its keys: {error}")))
        };
        site.keys.keys(self.now(), other_than, fetch).await
    }

    /// Asks the provider, and takes only a good answer.
    pub(crate) async fn ask(&self, site: &Site, request: WebRequest) -> Result<WebAnswer> {
        let answer = self.web.send(WebRequest { private: site.provider.private, ..request }).await;
        let answer = answer.map_err(|error| site.fault(error))?;
        match answer.status {
            200..=299 => Ok(answer),
            status => Err(site.fault(format!("it answered with status {status}"))),
        }
    }

    pub(crate) async fn fetch<T: DeserializeOwned>(&self, site: &Site, request: WebRequest) -> Result<T> {
        let answer = self.ask(site, request).await?;
        // The text of the error could repeat what was answered, which may be a token.
        serde_json::from_str(&answer.body).map_err(|_| site.fault("its answer is not the JSON that was expected"))
    }
}
