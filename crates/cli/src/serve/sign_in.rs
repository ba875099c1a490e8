use serde::Deserialize;
use weir_control::{Provider, ProviderAt};
use weir_vault::Secret;
use weir_vault::signature::Scheme;

/// One of `signIn` in the file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignInWith {
    id: Option<String>,
    name: Option<String>,
    issuer: Option<String>,
    preset: Option<Preset>,
    client_id: String,
    /// The name of a variable of the environment.
    client_secret_env: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    allow_sign_up: bool,
    #[serde(default)]
    allowed_domains: Vec<String>,
    #[serde(default)]
    private_network: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Preset {
    Google,
    Github,
}

/// In the sample, as it stands below `signIn`.
pub const SAMPLE: &str = "\
# Where people may sign in besides here; see docs/sign-in.md. `clientSecretEnv` names a variable of the environment.
# signIn:
#   - {preset: google, clientId: \"…\", clientSecretEnv: GOOGLE_SECRET, allowSignUp: true, allowedDomains: [example.org]}
#   - {preset: github, clientId: \"…\", clientSecretEnv: GITHUB_SECRET}
#   - {id: company, name: Company, issuer: \"https://id.example.org\", clientId: weir, clientSecretEnv: COMPANY_SECRET}
";

/// The providers as they are used, with their secrets.
pub fn providers(given: &[SignInWith], variable: impl Fn(&str) -> Option<String>) -> Result<Vec<Provider>, String> {
    let mut made: Vec<Provider> = Vec::new();
    for one in given {
        let provider = provider(one, &variable)?;
        if made.iter().any(|other| other.id == provider.id) {
            return Err(format!("signIn: the id `{}` stands twice", provider.id));
        }
        made.push(provider);
    }
    Ok(made)
}

/// What Clerk signs with. That it is a secret of the right form is said now, not with the first event.
pub fn clerk(name: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Secret>, String> {
    let Some(name) = name else { return Ok(None) };
    let value = variable(name).filter(|value| !value.is_empty());
    let secret = Secret::new(value.ok_or_else(|| format!("clerkSecretEnv: the variable {name} is not set"))?);
    match Scheme::Standard.sign(&secret, "", b"", 0) {
        Ok(_) => Ok(Some(secret)),
        Err(_) => Err(format!("clerkSecretEnv: {name} holds no secret as Clerk writes it: whsec_…")),
    }
}

fn provider(given: &SignInWith, variable: &impl Fn(&str) -> Option<String>) -> Result<Provider, String> {
    let (id, name, at) = place(given)?;
    let id = given.id.clone().unwrap_or(id);
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > 40 || !id.chars().all(fits) {
        return Err(format!("signIn: an id is 1 to 40 small letters, digits or `-`, not `{id}`"));
    }
    let client_secret = match &given.client_secret_env {
        None => None,
        Some(name) => {
            let value = variable(name).filter(|value| !value.is_empty());
            Some(Secret::new(value.ok_or_else(|| format!("signIn: {id}: the variable {name} is not set"))?))
        }
    };
    Ok(Provider {
        id: id.as_str().into(),
        name: given.name.clone().unwrap_or(name),
        at,
        client_id: given.client_id.clone(),
        client_secret,
        scopes: given.scopes.clone(),
        allow_sign_up: given.allow_sign_up,
        allowed_domains: given.allowed_domains.clone(),
        private: given.private_network,
    })
}

/// Its usual id and name, and where it is.
fn place(given: &SignInWith) -> Result<(String, String, ProviderAt), String> {
    let issuer = given.issuer.clone();
    let named = |id: &str, name: &str, at| (id.to_owned(), name.to_owned(), at);
    match (given.preset, issuer) {
        (Some(Preset::Google), None) => {
            Ok(named("google", "Google", ProviderAt::Issuer("https://accounts.google.com".to_owned())))
        }
        (Some(Preset::Google), Some(_)) => Err("signIn: `preset: google` has its own issuer".to_owned()),
        (Some(Preset::Github), None) => Ok(named(
            "github",
            "GitHub",
            ProviderAt::GitHub { site: "https://github.com".to_owned(), api: "https://api.github.com".to_owned() },
        )),
        // A server of GitHub's in one's own house.
        (Some(Preset::Github), Some(site)) => {
            let site = address(&site, given)?;
            let api = format!("{}/api/v3", site.trim_end_matches('/'));
            Ok(named("github", "GitHub", ProviderAt::GitHub { site: site.trim_end_matches('/').to_owned(), api }))
        }
        (None, Some(issuer)) => {
            let id = given.id.clone().ok_or("signIn: an issuer needs an `id`")?;
            Ok((id.clone(), id, ProviderAt::Issuer(address(&issuer, given)?)))
        }
        (None, None) => Err("signIn: each has an `issuer` or a `preset`".to_owned()),
    }
}

fn address(text: &str, given: &SignInWith) -> Result<String, String> {
    match text.starts_with("https://") || given.private_network && text.starts_with("http://") {
        true => Ok(text.to_owned()),
        false => Err(format!("signIn: `{text}` begins with https://, or with http:// where `privateNetwork` is true")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<Vec<Provider>, String> {
        let given: Vec<SignInWith> = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
        providers(&given, |name| (name == "SET").then(|| "hush".to_owned()))
    }

    #[test]
    fn presets_and_issuers() {
        let made = read("[{preset: google, clientId: c, clientSecretEnv: SET}, {preset: github, clientId: d}, {id: x, issuer: 'https://x.test', clientId: e, scopes: [openid]}]").unwrap();
        let shown: Vec<_> = made.iter().map(|one| (&*one.id, &*one.name, one.client_secret.is_some())).collect();
        assert_eq!(shown, [("google", "Google", true), ("github", "GitHub", false), ("x", "x", false)]);
        assert!(!format!("{made:?}").contains("hush"));
        let own = read("[{preset: github, issuer: 'https://git.test/', clientId: c}]").unwrap();
        let api = "https://git.test/api/v3".to_owned();
        assert_eq!(own[0].at, ProviderAt::GitHub { site: "https://git.test".to_owned(), api });
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |yaml: &str, part: &str| {
            let error = read(yaml).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        wrong("[{clientId: c}]", "`issuer` or a `preset`");
        wrong("[{issuer: 'https://x.test', clientId: c}]", "needs an `id`");
        wrong("[{id: x, issuer: 'http://x.test', clientId: c}]", "begins with https://");
        wrong("[{id: X, issuer: 'https://x.test', clientId: c}]", "small letters");
        wrong("[{preset: google, clientId: c, clientSecretEnv: UNSET}]", "UNSET is not set");
        wrong("[{preset: google, clientId: c}, {preset: google, clientId: d}]", "stands twice");
        wrong("[{preset: gogle, clientId: c}]", "gogle");
        wrong("[{preset: google, clientID: c}]", "clientID");
    }

    #[test]
    fn what_clerk_signs_with() {
        let read = |value: &str| clerk(Some("CLERK"), |_| Some(value.to_owned()));
        assert_eq!(clerk(None, |_| None), Ok(None));
        assert!(read("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap().is_some());
        assert!(read("").unwrap_err().contains("is not set"));
        assert!(read("sk_test").unwrap_err().contains("whsec_"));
    }

    #[test]
    fn the_sample_is_read() {
        let lines: Vec<&str> = SAMPLE.lines().skip(2).filter_map(|line| line.strip_prefix("# ")).collect();
        let given: Vec<SignInWith> = serde_saphyr::from_str(&lines.join("\n")).unwrap();
        assert_eq!(providers(&given, |_| Some("x".to_owned())).unwrap().len(), 3);
    }
}
