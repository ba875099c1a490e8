use crate::accounts::Origin;
use crate::caller::Caller;
use crate::control::Control;
use crate::elsewhere::{Arrived, Profile, Provider};
use crate::members::new_user;
use crate::model::{Identity, Invitation, Member, User};
use crate::names_of::check_email;
use crate::permissions::Role;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use weir_base::Text;
use weir_store::{DocumentFilter, Scope};

impl Control {
    /// Whose account somebody may open, if any.
    pub(crate) async fn arrive(
        &self,
        provider: &Provider,
        profile: Profile,
        link: Option<&Text>,
        origin: &Origin,
    ) -> Result<Arrived> {
        let known = self.identity(&provider.id, &profile.subject).await?;
        let user = match (known, link) {
            (Some(known), Some(user)) if known.value.user == *user && !known.value.gone => return Ok(Arrived::Linked),
            (Some(_), Some(_)) => {
                let message = format!("this account at {} belongs to another account here already", provider.name);
                return Err(ControlError::refused("SIGN_IN_TAKEN", message));
            }
            (Some(known), None) if known.value.gone => return Err(disabled()),
            (Some(known), None) => self.user(&known.value.user).await.map_err(|_| disabled())?,
            (None, Some(user)) => {
                self.link(provider, &profile, user, origin).await?;
                return Ok(Arrived::Linked);
            }
            (None, None) => self.find_or_make(provider, &profile, origin).await?,
        };
        Ok(Arrived::SignedIn(Box::new(self.begin_session(user, origin).await?)))
    }

    pub(crate) async fn identity(&self, provider: &str, subject: &str) -> Result<Option<Kept<Identity>>> {
        records::look_up(&*self.documents, &Scope::System, &Identity::lookup_of(provider, subject)).await
    }

    /// Adds an account elsewhere to somebody who is signed in and asked for it.
    async fn link(&self, provider: &Provider, profile: &Profile, user: &Text, origin: &Origin) -> Result<()> {
        let user = self.user(user).await?;
        if address(provider, profile)? != user.value.email {
            let message = format!("the address at {} is another than that of your account here", provider.name);
            return Err(ControlError::refused("SIGN_IN_OTHER_ADDRESS", message));
        }
        self.add_identity(provider, profile, &user, origin).await
    }

    async fn add_identity(
        &self,
        provider: &Provider,
        profile: &Profile,
        user: &Kept<User>,
        origin: &Origin,
    ) -> Result<()> {
        let caller = self.as_user(user, &"".into(), Role::Viewer, &origin.address);
        let mut changes = self.changes_in(&caller, "".into());
        changes.insert(Identity::new(&user.id, &provider.id, &profile.subject));
        changes.commit().await
    }

    /// Somebody who has not been here this way before.
    async fn find_or_make(&self, provider: &Provider, profile: &Profile, origin: &Origin) -> Result<Kept<User>> {
        let email = address(provider, profile)?;
        if let Some(user) = self.user_by_email(&email).await? {
            check_open(provider, &user)?;
            self.add_identity(provider, profile, &user, origin).await?;
            return Ok(user);
        }
        match self.invitation_of(&email).await? {
            Some(invitation) => self.make_member(provider, profile, email, invitation, origin).await,
            None if provider.takes_in(&email) => self.make_account(provider, profile, email, origin).await,
            None => Err(ControlError::refused(
                "SIGN_IN_NO_ACCOUNT",
                format!("there is no account for {email}, and none is made; ask somebody for an invitation"),
            )),
        }
    }

    /// The oldest invitation that is open for this address.
    async fn invitation_of(&self, email: &Text) -> Result<Option<Kept<Invitation>>> {
        let filter = DocumentFilter { name: Some(email.clone()), ..DocumentFilter::default() };
        let all: Vec<Kept<Invitation>> = records::all(&*self.documents, &Scope::System, &filter).await?;
        let now = self.now();
        Ok(all.into_iter().find(|invitation| invitation.value.expires_at > now))
    }

    async fn make_member(
        &self,
        provider: &Provider,
        profile: &Profile,
        email: Text,
        invitation: Kept<Invitation>,
        origin: &Origin,
    ) -> Result<Kept<User>> {
        let caller = Caller { from: origin.address.clone(), ..Caller::system(invitation.tenant.clone(), "invitation") };
        let limit = self.limits(&invitation.tenant).await?.members;
        let mut changes = self.changes(&caller);
        let user = changes.insert_in("".into(), self.new_id(), new_user(&email, short(&profile.name), None));
        let identity = Identity::new(&user.id, &provider.id, &profile.subject);
        changes.insert_in("".into(), self.new_id(), identity);
        changes.delete(&invitation, Some(invitation.revision));
        changes.insert(Member { user: user.id.clone(), email, role: invitation.value.role });
        changes.at_most::<Member>(limit);
        changes.commit().await?;
        Ok(user)
    }

    async fn make_account(
        &self,
        provider: &Provider,
        profile: &Profile,
        email: Text,
        origin: &Origin,
    ) -> Result<Kept<User>> {
        let caller = Caller { from: origin.address.clone(), ..Caller::system(self.new_id(), "sign-up") };
        let mut changes = self.changes(&caller);
        let user = new_user(&email, short(&profile.name), None);
        let (user, _) = self.add_tenant(&mut changes, &caller.tenant, "My organisation", Err(user));
        changes.insert_in("".into(), self.new_id(), Identity::new(&user.id, &provider.id, &profile.subject));
        changes.commit().await?;
        Ok(user)
    }

    /// Accounts elsewhere with which somebody signs in here.
    pub async fn identities(&self, user: &Kept<User>) -> Result<Vec<Kept<Identity>>> {
        let mut all: Vec<Kept<Identity>> =
            records::all(&*self.documents, &Scope::System, &records::under(&user.id)).await?;
        all.retain(|identity| !identity.value.gone);
        Ok(all)
    }

    /// Removes one; but not the last way in.
    pub async fn remove_identity(&self, caller: &Caller, user: &Kept<User>, id: &str) -> Result<()> {
        let all = self.identities(user).await?;
        let old = all.iter().find(|identity| *identity.id == *id).ok_or(ControlError::not_found("identity"))?;
        if all.len() == 1 && user.value.password.is_none() {
            let message = "this is the only way you sign in; set a password first";
            return Err(ControlError::state("LAST_SIGN_IN", message));
        }
        let mut changes = self.changes_in(caller, "".into());
        changes.delete(old, Some(old.revision));
        changes.commit().await
    }
}

/// The address a provider has verified. Without one nobody is taken in, and nothing is linked.
fn address(provider: &Provider, profile: &Profile) -> Result<Text> {
    let refused = || {
        let message = format!("{} gives no e-mail address that it has verified", provider.name);
        ControlError::refused("SIGN_IN_EMAIL_UNVERIFIED", message)
    };
    check_email(profile.email.as_deref().ok_or_else(refused)?).map_err(|_| refused())
}

/// Whoever has a password or an authenticator says themselves, signed in, that a provider may open their account.
fn check_open(provider: &Provider, user: &Kept<User>) -> Result<()> {
    if user.value.disabled {
        return Err(disabled());
    }
    if user.value.password.is_none() && user.value.totp.is_none() {
        return Ok(());
    }
    let name = &provider.name;
    let message = format!(
        "there is an account with this address, and {name} may not open it yet; sign in with its password, then add {name} to it"
    );
    Err(ControlError::refused("SIGN_IN_NOT_LINKED", message))
}

fn disabled() -> ControlError {
    ControlError::refused("SIGN_IN_DISABLED", "this account is switched off")
}

/// A name as somebody else has written it.
pub(crate) fn short(name: &str) -> Text {
    name.chars().filter(|c| !c.is_control()).take(200).collect::<String>().into()
}
