use crate::control::Control;
use crate::elsewhere::pending::Pending;
use crate::elsewhere::site::Site;
use crate::elsewhere::{Profile, text};
use crate::ports::WebRequest;
use crate::{ControlError, Result};
use serde::Deserialize;

/// GitHub answers a refused code with status 200 and an error.
#[derive(Deserialize)]
struct Token {
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Person {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl Control {
    /// GitHub issues no identity token: with the code one may ask its interface who somebody is.
    pub(crate) async fn ask_github(
        &self,
        site: &Site,
        web: &str,
        api: &str,
        pending: &Pending,
        code: &str,
    ) -> Result<Profile> {
        let secret = site.provider.client_secret.as_ref().map(text).unwrap_or_default();
        let request = WebRequest::post(format!("{web}/login/oauth/access_token"))
            .header("accept", "application/json".to_owned())
            .form(&[
                ("client_id", site.provider.client_id.clone()),
                ("client_secret", secret),
                ("code", code.to_owned()),
                ("redirect_uri", self.callback(&site.provider)),
                ("code_verifier", text(&pending.verifier)),
            ]);
        let token: Token = self.fetch(site, request).await?;
        let token = token.access_token.ok_or_else(|| {
            ControlError::refused(
                "SIGN_IN_REFUSED",
                format!("{} did not take the code; begin again", site.provider.name),
            )
        })?;
        let get = |path: &str| {
            WebRequest::get(format!("{api}{path}"))
                .header("authorization", format!("Bearer {token}"))
                .header("accept", "application/vnd.github+json".to_owned())
        };
        let person: Person = self.fetch(site, get("/user")).await?;
        let addresses: Vec<Address> = self.fetch(site, get("/user/emails?per_page=100")).await?;
        let primary = addresses.into_iter().find(|address| address.primary && address.verified);
        Ok(Profile {
            subject: person.id.to_string().into(),
            name: person.name.unwrap_or(person.login),
            email: primary.map(|address| address.email),
        })
    }
}
