use crate::control::Control;
use crate::elsewhere::pending::Pending;
use crate::elsewhere::site::{Metadata, Site};
use crate::elsewhere::{Profile, text};
use crate::ports::WebRequest;
use crate::{ControlError, Result};
use data_encoding::BASE64;
use serde::Deserialize;
use weir_base::Value;
use weir_vault::jwt::{self, Claims, Keys, Rule};

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// What proves the client, and how it is sent.
enum Proof {
    Header(String),
    Fields(Vec<(&'static str, String)>),
}

impl Control {
    /// Exchanges the code for an identity token and verifies it.
    pub(crate) async fn ask_issuer(
        &self,
        site: &Site,
        pending: &Pending,
        code: &str,
        from: Option<&str>,
    ) -> Result<Profile> {
        let metadata = self.metadata(site).await?;
        check_sender(&metadata, from)?;
        let tokens: Tokens = self.fetch(site, self.exchange(site, &metadata, pending, code)).await?;
        let claims = self.verify(site, &metadata, pending, &tokens.id_token).await?;
        let subject = claims.subject.clone().filter(|subject| (1..=255).contains(&subject.len()));
        let subject = subject.ok_or_else(|| refused("it names nobody"))?;
        let mut profile = Profile {
            email: verified_email(&claims.values),
            name: name(&claims.values),
            subject: subject.as_str().into(),
        };
        if profile.email.is_none()
            && let (Some(url), Some(token)) = (metadata.userinfo_endpoint, tokens.access_token)
        {
            let request = WebRequest::get(url).header("authorization", format!("Bearer {token}"));
            let answer = self.ask(site, request).await?;
            let more = Value::from_json(&answer.body).map_err(|_| site.fault("what it says of you is not JSON"))?;
            // The standard demands it: else another's answer could be put in its place.
            if more.get("sub").and_then(Value::as_str) != Some(&subject) {
                return Err(refused("it speaks of somebody else"));
            }
            profile.email = verified_email(&more);
            profile.name = if profile.name.is_empty() { name(&more) } else { profile.name };
        }
        Ok(profile)
    }

    fn exchange(&self, site: &Site, metadata: &Metadata, pending: &Pending, code: &str) -> WebRequest {
        let mut fields = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.callback(&site.provider)),
            ("code_verifier", text(&pending.verifier)),
        ];
        let request = WebRequest::post(&metadata.token_endpoint).header("accept", "application/json".to_owned());
        match proof(site, metadata) {
            Proof::Header(value) => request.header("authorization", value).form(&fields),
            Proof::Fields(proof) => {
                fields.extend(proof);
                request.form(&fields)
            }
        }
    }

    /// With keys that are remembered; with new ones where the token names a key that is not among them.
    async fn verify(&self, site: &Site, metadata: &Metadata, pending: &Pending, token: &str) -> Result<Claims> {
        let client = &site.provider.client_id;
        let rule = Rule { nonce: Some(pending.nonce.clone()), ..Rule::new(&metadata.issuer, client) };
        let keys = self.provider_keys(site, None).await?;
        let claims = match jwt::verify(token, Keys::Public(&keys), &rule, self.now()) {
            Err(jwt::Error::UnknownKey { .. }) => {
                let keys = self.provider_keys(site, Some(&keys)).await?;
                jwt::verify(token, Keys::Public(&keys), &rule, self.now())
            }
            verified => verified,
        };
        let claims = claims.map_err(|error| refused(&error.to_string()))?;
        // A token for several audiences says which of them asked.
        let azp = claims.values.get("azp").and_then(Value::as_str);
        let several = claims.values.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
        match azp {
            Some(azp) if azp != *client => Err(refused("it was made for another client")),
            None if several => Err(refused("it does not say for which client it was made")),
            _ => Ok(claims),
        }
    }
}

/// A provider that says who answers must say its own name; one that promises to must say it.
fn check_sender(metadata: &Metadata, from: Option<&str>) -> Result<()> {
    match from {
        Some(from) if from == metadata.issuer => Ok(()),
        None if !metadata.authorization_response_iss_parameter_supported => Ok(()),
        _ => Err(refused("the answer comes from another issuer")),
    }
}

fn proof(site: &Site, metadata: &Metadata) -> Proof {
    let id = site.provider.client_id.clone();
    let Some(secret) = &site.provider.client_secret else { return Proof::Fields(vec![("client_id", id)]) };
    let methods = &metadata.token_endpoint_auth_methods_supported;
    let takes = |method: &str| methods.iter().any(|known| known == method);
    if takes("client_secret_post") && !takes("client_secret_basic") {
        return Proof::Fields(vec![("client_id", id), ("client_secret", text(secret))]);
    }
    let encode = |part: &str| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(&id), encode(&text(secret)));
    Proof::Header(format!("Basic {}", BASE64.encode(pair.as_bytes())))
}

fn refused(why: &str) -> ControlError {
    ControlError::refused("SIGN_IN_TOKEN_REFUSED", format!("what the provider says is not taken: {why}"))
}

/// Some providers write the flag as text.
fn verified_email(values: &Value) -> Option<String> {
    let flag = values.get("email_verified")?;
    let verified = flag.as_bool() == Some(true) || flag.as_str() == Some("true");
    values.get("email").and_then(Value::as_str).filter(|_| verified).map(str::to_owned)
}

fn name(values: &Value) -> String {
    values.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<&str>) {
        assert_eq!(verified_email(&Value::from_json(json).unwrap()).as_deref(), expected, "{json}");
    }

    #[test]
    fn an_address_counts_only_where_it_is_verified() {
        check(r#"{"email":"a@b.test","email_verified":true}"#, Some("a@b.test"));
        check(r#"{"email":"a@b.test","email_verified":"true"}"#, Some("a@b.test"));
        check(r#"{"email":"a@b.test","email_verified":false}"#, None);
        check(r#"{"email":"a@b.test","email_verified":1}"#, None);
        check(r#"{"email":"a@b.test"}"#, None);
        check(r#"{"email_verified":true}"#, None);
    }
}
