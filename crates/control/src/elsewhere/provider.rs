use weir_base::Text;
use weir_vault::Secret;

/// Where a provider is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderAt {
    /// An issuer of OpenID Connect, exactly as its discovery document and tokens name it.
    Issuer(String),
    /// GitHub, or one of its servers elsewhere, which issue no identity tokens.
    GitHub { site: String, api: String },
}

/// Somebody who says who people are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// As it stands in addresses.
    pub id: Text,
    /// As people know it.
    pub name: String,
    pub at: ProviderAt,
    pub client_id: String,
    /// None for a public client.
    pub client_secret: Option<Secret>,
    /// What is asked for; what the sort of provider needs, where empty.
    pub scopes: Vec<String>,
    /// Whether somebody without an account gets one.
    pub allow_sign_up: bool,
    /// Of which domains their addresses have to be; any where empty.
    pub allowed_domains: Vec<String>,
    /// It may be at an address that is not of the open internet, and without TLS.
    pub private: bool,
}

impl Provider {
    pub(crate) fn scopes(&self) -> Vec<&str> {
        match (&self.scopes[..], &self.at) {
            ([], ProviderAt::Issuer(_)) => vec!["openid", "email", "profile"],
            ([], ProviderAt::GitHub { .. }) => vec!["read:user", "user:email"],
            (scopes, _) => scopes.iter().map(String::as_str).collect(),
        }
    }

    /// Whether somebody with this address may have an account made.
    pub(crate) fn takes_in(&self, email: &str) -> bool {
        let domain = email.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
        let named = |allowed: &String| allowed.trim_start_matches('@').eq_ignore_ascii_case(domain);
        self.allow_sign_up && (self.allowed_domains.is_empty() || self.allowed_domains.iter().any(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allow_sign_up: bool, domains: &[&str], email: &str, expected: bool) {
        let provider = Provider {
            id: "x".into(),
            name: "X".to_owned(),
            at: ProviderAt::Issuer("https://x.test".to_owned()),
            client_id: "c".to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            allow_sign_up,
            allowed_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            private: false,
        };
        assert_eq!(provider.takes_in(email), expected, "{email} in {domains:?}");
    }

    #[test]
    fn who_gets_an_account() {
        check(false, &[], "a@b.test", false);
        check(false, &["b.test"], "a@b.test", false);
        check(true, &[], "a@b.test", true);
        check(true, &["B.test"], "a@b.test", true);
        check(true, &["@b.test"], "a@b.test", true);
        check(true, &["b.test"], "a@x.b.test", false);
        check(true, &["b.test"], "a@evilb.test", false);
    }
}
