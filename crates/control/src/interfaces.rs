//! Interfaces as people declare them.

use crate::caller::Caller;
use crate::control::Control;
use crate::model::{
    AccessRule, HttpMethod, Interface, InterfaceAuth, InterfaceKey, InterfaceSpec, OpenFlow, OpenVariables, Project,
    TokenRule,
};
use crate::names_of::{check_name, check_text};
use crate::records::{self, Kept, Listed, PageOf};
use crate::triggers::check_deadline;
use crate::{ControlError, Result};
use std::collections::BTreeSet;
use url::Url;
use weir_base::{Micros, Text};
use weir_kind::Checker;
use weir_vault::token::{self, Purpose};

/// An interface to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInterface {
    pub name: String,
    pub description: String,
    pub enabled: bool,
    pub spec: InterfaceSpec,
}

/// What is to be different; what is not named stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InterfacePatch {
    pub description: Option<String>,
    pub enabled: Option<bool>,
    pub spec: Option<InterfaceSpec>,
}

/// A key of an interface, and its text, which is shown once.
pub struct NewInterfaceKey {
    pub key: InterfaceKey,
    pub text: String,
    pub interface: Kept<Interface>,
}

/// The largest JSON Schema of an interface, in bytes.
const SCHEMA_BYTES: usize = 64 << 10;
const KEYS: usize = 100;
/// Names and rules of an interface of variables, each.
const RULES: usize = 200;

impl Control {
    pub async fn interfaces(&self, caller: &Caller, project: &str, page: &PageOf) -> Result<Listed<Kept<Interface>>> {
        let project = self.project(caller, project).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&project.value.name), page).await
    }

    pub async fn interface(&self, caller: &Caller, project: &str, name: &str) -> Result<Kept<Interface>> {
        let found = records::named(&*self.documents, &caller.tenant, project, name).await?;
        found.ok_or(ControlError::not_found("interface"))
    }

    pub async fn create_interface(&self, caller: &Caller, project: &str, new: NewInterface) -> Result<Kept<Interface>> {
        let project = self.project(caller, project).await?.value.name;
        let spec = self.checked(caller, &project, new.spec).await?;
        let interface = Interface {
            project,
            name: check_name(&new.name)?,
            description: check_text("a description", &new.description, 10_000)?,
            enabled: new.enabled,
            spec,
        };
        let mut changes = self.changes(caller);
        let kept = changes.insert(interface);
        changes.commit().await?;
        Ok(kept)
    }

    /// Changes an interface. One that is opened by keys keeps them as long as it is.
    pub async fn change_interface(
        &self,
        caller: &Caller,
        project: &str,
        name: &str,
        patch: InterfacePatch,
        expected: Option<u64>,
    ) -> Result<Kept<Interface>> {
        let old = self.interface(caller, project, name).await?;
        let spec = match patch.spec {
            Some(spec) => with_keys(&old.value.spec, self.checked(caller, &old.value.project, spec).await?)?,
            None => old.value.spec.clone(),
        };
        let description = match &patch.description {
            Some(text) => check_text("a description", text, 10_000)?,
            None => old.value.description.clone(),
        };
        let enabled = patch.enabled.unwrap_or(old.value.enabled);
        let value = Interface { description, enabled, spec, ..old.value.clone() };
        self.replace_interface(caller, &old, value, Some(expected.unwrap_or(old.revision))).await
    }

    async fn replace_interface(
        &self,
        caller: &Caller,
        old: &Kept<Interface>,
        value: Interface,
        expected: Option<u64>,
    ) -> Result<Kept<Interface>> {
        let mut changes = self.changes(caller);
        let kept = changes.replace(old, value, expected);
        changes.commit().await?;
        Ok(kept)
    }

    pub async fn delete_interface(
        &self,
        caller: &Caller,
        project: &str,
        name: &str,
        expected: Option<u64>,
    ) -> Result<()> {
        let old = self.interface(caller, project, name).await?;
        let mut changes = self.changes(caller);
        changes.delete(&old, expected);
        changes.commit().await
    }

    /// Makes a key that opens one interface and nothing else.
    pub async fn create_interface_key(
        &self,
        caller: &Caller,
        project: &str,
        interface: &str,
        name: &str,
        expires_at: Option<Micros>,
    ) -> Result<NewInterfaceKey> {
        let old = self.interface(caller, project, interface).await?;
        if expires_at.is_some_and(|at| at <= self.now()) {
            return Err(ControlError::invalid("KEY_EXPIRED", "the key would have expired already"));
        }
        let issued = token::issue(Purpose::Interface, &mut self.random());
        let (hash, created_at) = (issued.hash.to_string().into(), self.now());
        let name = check_key_name(name)?;
        let key = InterfaceKey { id: self.new_id(), name, hash, created_at, expires_at };
        let mut value = old.value.clone();
        let keys = keys_of(&mut value.spec)?;
        if keys.len() >= KEYS {
            return Err(ControlError::state("TOO_MANY_KEYS", format!("an interface has at most {KEYS} keys")));
        }
        keys.push(key.clone());
        let interface = self.replace_interface(caller, &old, value, Some(old.revision)).await?;
        Ok(NewInterfaceKey { key, text: issued.token.text().unwrap_or_default().to_owned(), interface })
    }

    pub async fn revoke_interface_key(&self, caller: &Caller, project: &str, interface: &str, key: &str) -> Result<()> {
        let old = self.interface(caller, project, interface).await?;
        let mut value = old.value.clone();
        let gone = ControlError::not_found("key");
        let Ok(keys) = keys_of(&mut value.spec) else { return Err(gone) };
        let before = keys.len();
        keys.retain(|known| *known.id != *key);
        if keys.len() == before {
            return Err(gone);
        }
        self.replace_interface(caller, &old, value, Some(old.revision)).await.map(drop)
    }

    /// Where a flow is open.
    pub fn interface_url(&self, interface: &Kept<Interface>) -> Option<String> {
        let InterfaceSpec::Flow(_) = &interface.value.spec else { return None };
        let mut url = Url::parse(&self.options.public_url).ok()?;
        let parts = ["i", &*interface.tenant, &*interface.value.project, &*interface.value.name];
        url.path_segments_mut().ok()?.pop_if_empty().extend(parts);
        Some(url.to_string())
    }

    /// Without keys: they are made one by one.
    async fn checked(&self, caller: &Caller, project: &Text, spec: InterfaceSpec) -> Result<InterfaceSpec> {
        Ok(match spec {
            InterfaceSpec::Flow(open) => {
                let flow = self.flow(caller, &open.flow).await?;
                if flow.value.project != *project {
                    return Err(ControlError::not_found("flow"));
                }
                InterfaceSpec::Flow(Box::new(self.check_open_flow(*open)?))
            }
            InterfaceSpec::Variables(open) => {
                InterfaceSpec::Variables(self.check_open_variables(caller, project, open).await?)
            }
        })
    }

    pub(crate) fn check_open_flow(&self, open: OpenFlow) -> Result<OpenFlow> {
        let methods: BTreeSet<HttpMethod> = open.methods.iter().copied().collect();
        if methods.is_empty() {
            return wrong("methods: an interface takes one at least");
        }
        for (name, schema) in [("request", &open.request), ("query", &open.query), ("response", &open.response)] {
            check_schema(name, schema.as_ref())?;
        }
        if [open.rate, open.caller_rate].contains(&Some(0)) || open.largest_body == Some(0) {
            return wrong("limits: one that lets nothing through is none; switch the interface off instead");
        }
        let auth = match open.auth {
            InterfaceAuth::Jwt(rule) => InterfaceAuth::Jwt(self.check_token_rule(rule)?),
            InterfaceAuth::Key { .. } => InterfaceAuth::Key { keys: Vec::new() },
            InterfaceAuth::None => InterfaceAuth::None,
        };
        let deadline = check_deadline(open.deadline)?;
        Ok(OpenFlow { methods: methods.into_iter().collect(), auth, deadline, ..open })
    }

    fn check_token_rule(&self, rule: TokenRule) -> Result<TokenRule> {
        let url = Url::parse(&rule.jwks_url).ok().filter(Url::has_host);
        let url = url.filter(|url| url.username().is_empty() && url.password().is_none());
        let Some(url) = url else { return wrong("jwksUrl: this is no address such as https://id.example.org/keys") };
        if url.scheme() != "https" && !(url.scheme() == "http" && self.may_be_private(&rule.jwks_url)) {
            return wrong("jwksUrl: keys are read over https alone, unless the operator has named the host");
        }
        let texts = [&rule.issuer, &rule.audience, &rule.jwks_url];
        if texts.iter().any(|text| text.is_empty() || text.len() > 2_000) || rule.claims.len() > 50 {
            return wrong("issuer, audience: a token is from somebody and for somebody, in 2,000 characters at most");
        }
        Ok(rule)
    }

    async fn check_open_variables(
        &self,
        caller: &Caller,
        project: &Text,
        open: OpenVariables,
    ) -> Result<OpenVariables> {
        let service = match &open.service {
            Some(service) => Some(self.service(caller, project, service).await?.value.name),
            None => None,
        };
        let open = with_sound_names(open)?;
        for rule in &open.allow {
            self.check_rule(caller, project, rule).await?;
        }
        Ok(OpenVariables { service, ..open })
    }

    pub(crate) async fn check_rule(&self, caller: &Caller, own: &Text, rule: &AccessRule) -> Result<()> {
        if rule.project == *own {
            return wrong("allow: a project needs no interface to its own variables");
        }
        let found = records::named::<Project>(&*self.documents, &caller.tenant, "", &rule.project).await?;
        if found.is_none() {
            return wrong(&format!("allow: there is no project {}", crate::error::quoted(&rule.project)));
        }
        rule.service.iter().chain(&rule.flow).try_for_each(|name| check_name(name).map(drop))
    }
}

/// With its names checked, each once.
pub(crate) fn with_sound_names(open: OpenVariables) -> Result<OpenVariables> {
    if open.read.len() > RULES || open.write.len() > RULES || open.allow.len() > RULES {
        return wrong(&format!("an interface has at most {RULES} names to read, to write, and rules"));
    }
    let names = |names: Vec<Text>| -> Result<Vec<Text>> {
        let names: BTreeSet<Text> = names.iter().map(|name| check_name(name)).collect::<Result<_>>()?;
        Ok(names.into_iter().collect())
    };
    Ok(OpenVariables { read: names(open.read)?, write: names(open.write)?, ..open })
}

fn wrong<T>(message: &str) -> Result<T> {
    Err(ControlError::invalid("INTERFACE_INVALID", message))
}

/// A key is told from others by its name, so it has one.
fn check_key_name(name: &str) -> Result<Text> {
    match name.trim() {
        "" => wrong("name: a key has a name of 1 to 200 characters, such as of who gets it"),
        name => check_text("a name", name, 200),
    }
}

fn check_schema(name: &str, schema: Option<&serde_json::Value>) -> Result<()> {
    let Some(schema) = schema else { return Ok(()) };
    if schema.to_string().len() > SCHEMA_BYTES {
        return wrong(&format!("{name}: a schema has at most {SCHEMA_BYTES} bytes"));
    }
    match Checker::new(schema.clone().into()).fault() {
        Some(problem) => wrong(&format!("{name}: {problem}")),
        None => Ok(()),
    }
}

fn keys_of(spec: &mut InterfaceSpec) -> Result<&mut Vec<InterfaceKey>> {
    let none =
        || ControlError::state("NO_INTERFACE_KEYS", "this interface is not opened by keys: set its `auth` to `key`");
    let InterfaceSpec::Flow(open) = spec else { return Err(none()) };
    match &mut open.auth {
        InterfaceAuth::Key { keys } => Ok(keys),
        _ => Err(none()),
    }
}

/// The new settings with the old keys.
fn with_keys(old: &InterfaceSpec, mut new: InterfaceSpec) -> Result<InterfaceSpec> {
    if old.sort() != new.sort() {
        let message = format!("an interface of {} cannot become another sort; make a new one", old.sort());
        return Err(ControlError::state("INTERFACE_SORT", message));
    }
    if let Ok(keys) = keys_of(&mut new) {
        *keys = old.keys().to_vec();
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_name() {
        for empty in ["", " ", "\t\n"] {
            let refused = check_key_name(empty).unwrap_err();
            assert!(matches!(refused, ControlError::Invalid { code: "INTERFACE_INVALID", .. }), "{refused:?}");
        }
        assert_eq!(&*check_key_name("k").unwrap(), "k");
        assert_eq!(&*check_key_name(" the shop ").unwrap(), "the shop");
        assert!(check_key_name(&"ä".repeat(200)).is_ok());
        assert!(check_key_name(&"ä".repeat(201)).is_err());
    }
}
