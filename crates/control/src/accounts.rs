use crate::caller::{Actor, Caller};
use crate::control::Control;
use crate::model::{ApiKey, Member, Session, SessionUse, Tenant, User};
use crate::names_of::check_email;
use crate::permissions::Role;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use weir_base::{Micros, Text};
use weir_store::{Change, DocumentFilter, Scope};
use weir_vault::token::Purpose;
use weir_vault::{api_key, password, token};

/// The same for a wrong address and a wrong password.
const WRONG: ControlError = ControlError::Unauthenticated("the e-mail address, the password or the code is wrong");
pub(crate) const SIGN_IN: ControlError = ControlError::Unauthenticated("sign in, or send a valid key");

/// What somebody signs in with.
#[derive(Clone, PartialEq)]
pub struct SignIn {
    pub email: String,
    pub password: String,
    /// From their authenticator, where they have one.
    pub code: Option<String>,
}

/// Where a request comes from, as it is kept with a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub address: Text,
    pub agent: Text,
}

/// A session that was begun. The token is shown once.
pub struct SignedIn {
    pub token: String,
    pub session: Kept<Session>,
    pub user: Kept<User>,
}

/// A tenant somebody belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    pub tenant: Text,
    pub name: Text,
    pub role: Role,
}

impl Control {
    /// Signs somebody in. Unknown people cost as much time as wrong passwords; too many failures have to wait.
    pub async fn sign_in(&self, request: SignIn, origin: &Origin) -> Result<SignedIn> {
        let email = check_email(&request.email).map_err(|_| WRONG)?;
        let names = [format!("address {}", origin.address), format!("account {email}")];
        self.check_tries(&names)?;
        let user = self.user_by_email(&email).await?.filter(|user| !user.value.disabled);
        let right = self.password_is_right(user.as_ref(), request.password.clone()).await?;
        let Some(user) = user.filter(|_| right) else { return Err(self.wrong(&names, &email)) };
        let user = match self.check_code(user, request.code.as_deref()).await {
            Ok(user) => user,
            Err(ControlError::Unauthenticated(_)) if request.code.is_some() => return Err(self.wrong(&names, &email)),
            Err(error) => return Err(error),
        };
        names.iter().for_each(|name| self.sign_ins.succeeded(name));
        self.rehash(&user, &request.password).await;
        self.begin_session(user, origin).await
    }

    pub(crate) fn check_tries(&self, names: &[String]) -> Result<()> {
        let now = self.now();
        let wait = names.iter().filter_map(|name| self.sign_ins.check(name, now).err()).max();
        wait.map_or(Ok(()), |seconds| Err(ControlError::TooMany { seconds }))
    }

    /// Where somebody has shown something that cannot be guessed and does not fit. Whoever shows what fits never waits
    /// for those who guess from the same address, which behind a proxy is everybody's.
    pub(crate) fn turned_away(&self, name: String, refused: ControlError) -> ControlError {
        let names = [name];
        if let Err(wait) = self.check_tries(&names) {
            return wait;
        }
        self.sign_ins.failed(&names[0], self.now());
        tracing::warn!(who = &*names[0], "refused: {refused}");
        refused
    }

    fn wrong(&self, names: &[String], email: &str) -> ControlError {
        let now = self.now();
        names.iter().for_each(|name| self.sign_ins.failed(name, now));
        tracing::warn!(email, from = names.first().map(String::as_str), "a sign-in failed");
        WRONG
    }

    pub(crate) async fn user_by_email(&self, email: &str) -> Result<Option<Kept<User>>> {
        records::look_up(&*self.documents, &Scope::System, email).await
    }

    async fn password_is_right(&self, user: Option<&Kept<User>>, given: String) -> Result<bool> {
        let options = self.options.passwords;
        let kept = user.and_then(|user| user.value.password.clone());
        let verified = tokio::task::spawn_blocking(move || match kept {
            Some(kept) => password::verify(&given, &kept),
            None => password::verify_absent(&options, &given),
        });
        let verified = verified.await.map_err(|error| ControlError::Unavailable(error.to_string()))?;
        verified.map_err(|error| ControlError::Unavailable(format!("a kept password cannot be read: {error}")))
    }

    /// Brings a hash to today's cost while the password is at hand. It may fail: the old one still serves.
    async fn rehash(&self, user: &Kept<User>, given: &str) {
        let Some(kept) = &user.value.password else { return };
        if password::needs_rehash(&self.options.passwords, kept)
            && let Ok(hash) = self.hash_password(given.to_owned()).await
        {
            let value = User { password: Some(hash), ..user.value.clone() };
            self.keep_quietly(user, value).await;
        }
    }

    pub(crate) async fn hash_password(&self, given: String) -> Result<Text> {
        let (options, mut salt) = (self.options.passwords, [0; 16]);
        self.ambient.fill(&mut salt);
        let hashed = tokio::task::spawn_blocking(move || password::hash(&options, &given, &salt)).await;
        let hashed = hashed.map_err(|error| ControlError::Unavailable(error.to_string()))?;
        hashed.map(Text::from).map_err(|error| ControlError::Unavailable(error.to_string()))
    }

    /// Writes a user's row without an audit entry; for what nobody decided.
    pub(crate) async fn keep_quietly<T: records::Record>(&self, old: &Kept<T>, value: T) {
        let kept = Kept { value, updated_at: self.now(), ..old.clone() };
        let step = Change::Replace { table: T::TABLE, document: kept.document(), expected: Some(old.revision) };
        if let Err(error) = self.documents.change(&Scope::System, vec![step]).await {
            tracing::debug!("{} was not updated: {error}", T::WHAT);
        }
    }

    pub(crate) async fn begin_session(&self, user: Kept<User>, origin: &Origin) -> Result<SignedIn> {
        let issued = token::issue(Purpose::Session, &mut self.random());
        let csrf = token::issue(Purpose::Session, &mut self.random()).hash.to_string();
        let tenant = self.memberships(&user.id).await?.into_iter().next().map(|membership| membership.tenant);
        let session = Session {
            user: user.id.clone(),
            token: issued.hash.to_string().into(),
            usage: SessionUse::Browser,
            csrf: csrf.into(),
            tenant: tenant.unwrap_or_default(),
            expires_at: self.later(self.options.session),
            from: origin.address.clone(),
            agent: origin.agent.chars().take(300).collect::<String>().into(),
        };
        let caller = self.as_user(&user, &session.tenant, Role::Viewer, &origin.address);
        let mut changes = self.changes_in(&caller, "".into());
        let session = changes.insert(session);
        changes.commit().await?;
        Ok(SignedIn { token: issued.token.text().unwrap_or_default().to_owned(), session, user })
    }

    pub(crate) fn as_user(&self, user: &Kept<User>, tenant: &Text, role: Role, from: &Text) -> Caller {
        let actor = Actor::User { id: user.id.clone(), email: user.value.email.clone() };
        Caller { tenant: tenant.clone(), actor, role, scopes: None, from: from.clone() }
    }

    /// The tenants a user belongs to, the oldest membership first.
    pub async fn memberships(&self, user: &Text) -> Result<Vec<Membership>> {
        let filter = DocumentFilter { name: Some(user.clone()), ..DocumentFilter::default() };
        let members: Vec<Kept<Member>> = records::all(&*self.documents, &Scope::System, &filter).await?;
        let mut found = Vec::new();
        for member in members {
            let tenant = records::find::<Tenant>(&*self.documents, &Scope::System, &member.tenant).await?;
            if let Some(tenant) = tenant {
                let (id, name) = (tenant.id.clone(), tenant.value.name.clone());
                found.push(Membership { tenant: id, name, role: member.value.role });
            }
        }
        Ok(found)
    }

    /// Who holds the token of a session, and that session.
    pub async fn by_session(&self, text: &str, from: &Text) -> Result<(Caller, Kept<Session>, Kept<User>)> {
        let hash = token::read(Purpose::Session, text).map_err(|_| SIGN_IN)?;
        let session = self.session(&hash.to_string(), SessionUse::Browser).await?.ok_or(SIGN_IN)?;
        let user = self.user(&session.value.user).await?;
        let role = self.role_of(&session.value.tenant, &user.id).await?;
        let caller = self.as_user(&user, &session.value.tenant, role.ok_or(SIGN_IN)?, from);
        Ok((caller, session, user))
    }

    pub(crate) async fn user(&self, id: &str) -> Result<Kept<User>> {
        let user = records::find::<User>(&*self.documents, &Scope::System, id).await?;
        user.filter(|user| !user.value.disabled).ok_or(SIGN_IN)
    }

    async fn session(&self, hash: &str, usage: SessionUse) -> Result<Option<Kept<Session>>> {
        let found = records::look_up::<Session>(&*self.documents, &Scope::System, hash).await?;
        let now = self.now();
        Ok(found.filter(|session| session.value.usage == usage && session.value.expires_at > now))
    }

    pub(crate) async fn role_of(&self, tenant: &str, user: &str) -> Result<Option<Role>> {
        let member = records::named::<Member>(&*self.documents, tenant, "", user).await?;
        Ok(member.map(|member| member.value.role))
    }

    /// Who holds this API key. Guessing is slowed down by address; a key that has expired is no guess.
    pub async fn by_key(&self, text: &str, from: &Text) -> Result<(Caller, Kept<ApiKey>)> {
        let refused = || self.turned_away(format!("keys {from}"), SIGN_IN);
        let presented = api_key::read(text).map_err(|_| refused())?;
        let found = records::look_up::<ApiKey>(&*self.documents, &Scope::System, &presented.hash.to_string()).await?;
        let key = found.ok_or_else(refused)?;
        if key.value.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(SIGN_IN);
        }
        let role = self.role_by(&key).await?;
        self.note_use(&key).await;
        let actor = Actor::Key { id: key.id.clone(), name: key.value.name.clone(), user: key.value.user.clone() };
        let (tenant, scopes) = (key.tenant.clone(), key.value.scopes.clone());
        Ok((Caller { tenant, actor, role, scopes, from: from.clone() }, key))
    }

    /// What a key gives today: no more than whose it is has.
    pub(crate) async fn role_by(&self, key: &Kept<ApiKey>) -> Result<Role> {
        let Some(user) = &key.value.user else { return Ok(key.value.role) };
        self.user(user).await?;
        Ok(self.role_of(&key.tenant, user).await?.ok_or(SIGN_IN)?.min(key.value.role))
    }

    /// To the minute, so that a busy key costs one write a minute.
    async fn note_use(&self, key: &Kept<ApiKey>) {
        const MINUTE: Micros = 60_000_000;
        let now = self.now();
        if key.value.last_used_at.is_none_or(|at| at + MINUTE <= now) {
            let value = ApiKey { last_used_at: Some(now), ..key.value.clone() };
            self.keep_quietly(key, value).await;
        }
    }

    pub async fn sign_out(&self, caller: &Caller, session: &Kept<Session>) -> Result<()> {
        let mut changes = self.changes_in(caller, "".into());
        changes.delete(session, None);
        changes.commit().await
    }

    /// Everything a user holds a token for.
    pub async fn sessions(&self, user: &Text) -> Result<Vec<Kept<Session>>> {
        let found: Vec<Kept<Session>> = records::all(&*self.documents, &Scope::System, &records::under(user)).await?;
        let now = self.now();
        let alive =
            |session: &Kept<Session>| session.value.expires_at > now && session.value.usage == SessionUse::Browser;
        Ok(found.into_iter().filter(alive).collect())
    }

    pub async fn end_session(&self, caller: &Caller, user: &Text, id: &str) -> Result<()> {
        let session = records::get::<Session>(&*self.documents, &Scope::System, id).await?;
        if session.value.user != *user {
            return Err(ControlError::not_found("session"));
        }
        self.sign_out(caller, &session).await
    }

    /// Looks at another tenant from now on.
    pub async fn switch_tenant(&self, caller: &Caller, session: &Kept<Session>, tenant: &str) -> Result<Kept<Session>> {
        let role = self.role_of(tenant, &session.value.user).await?;
        role.ok_or(ControlError::not_found("organisation"))?;
        let value = Session { tenant: tenant.into(), ..session.value.clone() };
        let mut changes = self.changes_in(caller, "".into());
        let session = changes.replace(session, value, None);
        changes.commit().await?;
        Ok(session)
    }

    /// A token that signs its holder in once. For whoever has started the server, and for letters.
    pub async fn sign_in_link(&self, user: &Kept<User>) -> Result<String> {
        let issued = token::issue(Purpose::Confirmation, &mut self.random());
        self.keep_token(user, SessionUse::SignInLink, &issued.hash, self.later(self.options.sign_in_link)).await?;
        Ok(issued.token.text().unwrap_or_default().to_owned())
    }

    pub(crate) async fn keep_token(
        &self,
        user: &Kept<User>,
        usage: SessionUse,
        hash: &token::Hash,
        expires_at: Micros,
    ) -> Result<()> {
        let session = Session {
            user: user.id.clone(),
            token: hash.to_string().into(),
            usage,
            csrf: "".into(),
            tenant: "".into(),
            expires_at,
            from: "".into(),
            agent: "".into(),
        };
        let caller = self.as_user(user, &"".into(), Role::Viewer, &"".into());
        let mut changes = self.changes_in(&caller, "".into());
        changes.insert(session);
        changes.commit().await
    }

    /// Takes a token that counts once: whoever comes second finds it gone.
    pub(crate) async fn spend_token(&self, purpose: Purpose, usage: SessionUse, text: &str) -> Result<Kept<User>> {
        let gone = ControlError::Unauthenticated("this link was used before, or is too old; ask for a new one");
        let hash = token::read(purpose, text).map_err(|_| gone.clone())?;
        let session = self.session(&hash.to_string(), usage).await?.ok_or(gone.clone())?;
        let user = self.user(&session.value.user).await?;
        let caller = self.as_user(&user, &"".into(), Role::Viewer, &"".into());
        let mut changes = self.changes_in(&caller, "".into());
        changes.delete(&session, Some(session.revision));
        match changes.commit().await {
            Ok(()) => Ok(user),
            Err(ControlError::NotFound { .. } | ControlError::Conflict { .. }) => Err(gone),
            Err(error) => Err(error),
        }
    }

    pub async fn sign_in_by_link(&self, text: &str, origin: &Origin) -> Result<SignedIn> {
        match self.spend_token(Purpose::Confirmation, SessionUse::SignInLink, text).await {
            Ok(user) => self.begin_session(user, origin).await,
            Err(error @ ControlError::Unauthenticated(_)) => {
                Err(self.turned_away(format!("address {}", origin.address), error))
            }
            Err(error) => Err(error),
        }
    }
}

impl Control {
    /// Asks somebody who is signed in for their password again.
    pub(crate) async fn check_password(&self, user: &Kept<User>, given: String, origin: &Origin) -> Result<()> {
        let names = [format!("address {}", origin.address), format!("account {}", user.value.email)];
        self.check_tries(&names)?;
        match self.password_is_right(Some(user), given).await? {
            true => Ok(()),
            false => {
                self.wrong(&names, &user.value.email);
                Err(ControlError::invalid("PASSWORD_WRONG", "the password is wrong"))
            }
        }
    }
}
