//! Flows that are open at a path: what is found there, who is let in, and whether what they bring and get is as declared.

use crate::control::Control;
use crate::doors::{Door, Plan};
use crate::model::{HttpMethod, Interface, InterfaceAuth, InterfaceSpec, OpenFlow, TokenRule};
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use std::sync::Arc;
use weir_base::{Diagnostic, Micros, Text, Value};
use weir_kind::Checker;
use weir_vault::jwt::{self, Claims, Keys, Rule};
use weir_vault::token::{self, Hash, Purpose};

/// A path of nobody, of others, and one that is switched off give the same answer.
const UNKNOWN: ControlError = ControlError::NotFound { what: "interface" };

/// A flow that is open at a path.
pub struct OpenInterface {
    pub id: Text,
    pub door: Door,
    project: Text,
    name: Text,
    /// The door's settings.
    pub open: OpenFlow,
    keys: Vec<Key>,
    request: Option<Checker>,
    query: Option<Checker>,
    response: Option<Checker>,
}

/// A key, ready to be compared.
struct Key {
    id: Text,
    name: Text,
    hash: Hash,
    expires_at: Option<Micros>,
}

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq)]
pub struct Visitor {
    /// What limits count by.
    pub name: Text,
    /// What the flow gets to see of it.
    pub shown: Value,
}

impl OpenInterface {
    pub fn takes(&self, method: &str) -> bool {
        self.open.methods.iter().any(|known| known.as_str() == method)
    }

    /// Every method it takes, as `Allow` says it.
    pub fn allowed(&self) -> String {
        let with_head = |method: &HttpMethod| match method {
            HttpMethod::Get => vec!["GET", "HEAD"],
            other => vec![other.as_str()],
        };
        self.open.methods.iter().flat_map(with_head).collect::<Vec<_>>().join(", ")
    }

    /// The query and the body, each as it is declared.
    pub fn check_request(&self, query: &Value, body: &Value) -> Result<()> {
        let mut found = problems(self.query.as_ref(), query, "query");
        found.extend(problems(self.request.as_ref(), body, "body"));
        match found.is_empty() {
            true => Ok(()),
            false => Err(ControlError::Invalid {
                code: "REQUEST_INVALID",
                message: format!("the request is not what this interface takes: {}", told(&found)),
                diagnostics: found,
            }),
        }
    }

    /// What the flow gave, if that is what the interface promises. The message names places and no values: what went
    /// wrong is the flow's affair, not the caller's.
    pub fn check_response(&self, output: &Value) -> Result<()> {
        let found = problems(self.response.as_ref(), output, "");
        if found.is_empty() {
            return Ok(());
        }
        let message = "the flow has answered with something else than this interface promises";
        tracing::warn!(interface = &*self.id, "{message}: {}", told(&found));
        Err(ControlError::elsewhere("RESPONSE_INVALID", message))
    }
}

fn problems(checker: Option<&Checker>, value: &Value, root: &str) -> Vec<Diagnostic> {
    let found = checker.and_then(|checker| checker.check(value).err()).unwrap_or_default();
    let place = |path: String| match (root, &*path) {
        (root, "") => root.to_owned(),
        ("", path) => path.to_owned(),
        (root, path) => format!("{root}.{path}"),
    };
    let problem = |(path, message): (String, String)| Diagnostic::error("REQUEST_INVALID", message).path(place(path));
    found.into_iter().map(problem).collect()
}

fn told(found: &[Diagnostic]) -> String {
    let one = |problem: &Diagnostic| match problem.path.is_empty() {
        true => problem.message.clone(),
        false => format!("{}: {}", problem.path, problem.message),
    };
    found.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl Control {
    /// What is open at this path. One statement tells what is there from what is not.
    pub async fn open_interface(&self, tenant: &str, project: &str, name: &str) -> Result<Arc<OpenInterface>> {
        let place = format!("{tenant}/{project}/{name}");
        let same = |open: &Arc<OpenInterface>| {
            *open.door.tenant == *tenant && *open.project == *project && *open.name == *name
        };
        match self.doors.interfaces.get(&place).filter(same) {
            Some(open) => Ok(open),
            None => self.read_interface(tenant, project, name, place.into()).await,
        }
    }

    async fn read_interface(&self, tenant: &str, project: &str, name: &str, place: Text) -> Result<Arc<OpenInterface>> {
        let seen = self.doors.seen();
        let found = records::named::<Interface>(&*self.documents, tenant, project, name).await?;
        let Kept { tenant, id, value, .. } = found.filter(|found| found.value.enabled).ok_or(UNKNOWN)?;
        let InterfaceSpec::Flow(open) = value.spec else { return Err(UNKNOWN) };
        let cause = crate::runs::cause("interface", &id);
        let plan = Plan { tenant: &tenant, flow: &open.flow, cause, answer: open.answer, deadline: open.deadline };
        let door = self.open_door(plan).await?.ok_or(UNKNOWN)?;
        let checker =
            |schema: &Option<serde_json::Value>| schema.as_ref().map(|schema| Checker::new(schema.clone().into()));
        let interface = Arc::new(OpenInterface {
            id,
            door,
            project: value.project,
            name: value.name,
            keys: keys(&open.auth),
            request: checker(&open.request),
            query: checker(&open.query),
            response: checker(&open.response),
            open: *open,
        });
        self.doors.keep(&self.doors.interfaces, place, &interface, seen);
        Ok(interface)
    }

    /// Who this is, if the interface lets them in. `credential` is the key or token they bring; `from` their address.
    pub async fn admit(&self, interface: &OpenInterface, credential: Option<&str>, from: &Text) -> Result<Visitor> {
        match &interface.open.auth {
            InterfaceAuth::None => Ok(Visitor { name: from.clone(), shown: Value::object([("type", "none".into())]) }),
            InterfaceAuth::Key { .. } => self.admit_key(interface, credential, from),
            InterfaceAuth::Jwt(rule) => self.admit_token(interface, rule, credential, from).await,
        }
    }

    fn admit_key(&self, interface: &OpenInterface, credential: Option<&str>, from: &Text) -> Result<Visitor> {
        let refused = ControlError::Unauthenticated("send a key of this interface: `Authorization: Bearer …`");
        let now = self.now();
        let presented = credential.and_then(|text| token::read(Purpose::Interface, text).ok());
        let fits = |key: &&Key| Some(&key.hash) == presented.as_ref() && key.expires_at.is_none_or(|at| at > now);
        match interface.keys.iter().find(fits) {
            Some(Key { id, name, .. }) => Ok(Visitor {
                name: id.clone(),
                shown: Value::object([("type", "key".into()), ("key", name.clone().into())]),
            }),
            None => Err(self.turn_away(interface, from, refused)),
        }
    }

    /// Guessing is slowed down by address. Only those are counted, and have to wait, who bring nothing that fits: behind a
    /// proxy everybody has one address, and what fits cannot be guessed.
    fn turn_away(&self, interface: &OpenInterface, from: &Text, refused: ControlError) -> ControlError {
        self.turned_away(format!("interface {} {from}", interface.id), refused)
    }

    async fn admit_token(
        &self,
        interface: &OpenInterface,
        rule: &TokenRule,
        credential: Option<&str>,
        from: &Text,
    ) -> Result<Visitor> {
        let missing =
            ControlError::Unauthenticated("send a token of this interface's issuer: `Authorization: Bearer …`");
        let Some(text) = credential else { return Err(self.turn_away(interface, from, missing)) };
        let claims = self.verify_token(rule, text).await?.map_err(|error| {
            let refused = ControlError::TokenRefused(error.to_string());
            if is_of_issuer(&error) { refused } else { self.turn_away(interface, from, refused) }
        })?;
        let fits = |(name, wanted): (&Text, &Text)| holds(claims.values.get(name), wanted);
        if let Some((name, _)) = rule.claims.iter().find(|claim| !fits(*claim)) {
            let message = format!("the token's claim `{name}` does not let anybody in here");
            return Err(ControlError::refused("TOKEN_CLAIMS", message));
        }
        let subject = claims.subject.clone().unwrap_or_default();
        let shown = [("type", "jwt".into()), ("subject", subject.as_str().into()), ("claims", claims.values)];
        Ok(Visitor { name: subject.into(), shown: Value::object(shown) })
    }

    /// What the token says, or why it is refused. Keys that have changed are fetched anew once before; where they are not
    /// to be had, the ones that are remembered decide. The outer error is of the server, not of the token.
    async fn verify_token(&self, rule: &TokenRule, text: &str) -> Result<Result<Claims, jwt::Error>> {
        let wanted = Rule::new(&*rule.issuer, &*rule.audience);
        let keys = self.keys_at(&rule.jwks_url, None).await?;
        let mut found = jwt::verify(text, Keys::Public(&keys), &wanted, self.now());
        if let Err(jwt::Error::UnknownKey { .. }) = found
            && let Ok(keys) = self.keys_at(&rule.jwks_url, Some(&keys)).await
        {
            found = jwt::verify(text, Keys::Public(&keys), &wanted, self.now());
        }
        Ok(found)
    }
}

/// Whether the issuer has signed the token all the same, so that nobody has guessed it. Signatures are looked at first.
fn is_of_issuer(error: &jwt::Error) -> bool {
    matches!(error, jwt::Error::Expired | jwt::Error::NotYet | jwt::Error::Issuer | jwt::Error::Audience)
}

fn keys(auth: &InterfaceAuth) -> Vec<Key> {
    let InterfaceAuth::Key { keys } = auth else { return Vec::new() };
    let ready = |key: &crate::model::InterfaceKey| {
        let hash = Hash::parse(&key.hash).ok()?;
        Some(Key { id: key.id.clone(), name: key.name.clone(), hash, expires_at: key.expires_at })
    };
    keys.iter().filter_map(ready).collect()
}

/// Whether a claim is this text, or a list or words that hold it.
fn holds(claim: Option<&Value>, wanted: &str) -> bool {
    match claim {
        Some(Value::String(text)) => **text == *wanted || text.split(' ').any(|word| word == wanted),
        Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(wanted)),
        Some(Value::Bool(flag)) => wanted == if *flag { "true" } else { "false" },
        Some(other @ Value::Number(_)) => other.to_json() == wanted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_that_let_in() {
        let check = |claim: &str, wanted: &str, expected: bool| {
            assert_eq!(holds(Some(&Value::from_json(claim).unwrap()), wanted), expected, "{claim} for {wanted}");
        };
        check(r#""admin""#, "admin", true);
        check(r#""read write""#, "write", true);
        check(r#""read write""#, "read write", true);
        check(r#""rewrite""#, "write", false);
        check(r#"["a", "b"]"#, "b", true);
        check(r#"["a b"]"#, "b", false);
        check("true", "true", true);
        check("7", "7", true);
        check("null", "null", false);
        check("{}", "", false);
        assert!(!holds(None, ""));
    }
}
