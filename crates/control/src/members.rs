use crate::accounts::Origin;
use crate::caller::Caller;
use crate::control::Control;
use crate::model::{ApiKey, Invitation, Member, User};
use crate::names_of::{check_email, check_text};
use crate::permissions::Role;
use crate::ports::Letter;
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use weir_base::Text;
use weir_store::{DocumentFilter, Scope};
use weir_vault::token::{self, Purpose};

/// An invitation that was made. The link is there where no letter leaves this server.
pub struct Invited {
    pub invitation: Kept<Invitation>,
    pub link: Option<String>,
}

impl Control {
    pub async fn members(&self, caller: &Caller, page: &PageOf) -> Result<Listed<Kept<Member>>> {
        records::list(&*self.documents, &caller.scope(), &DocumentFilter::default(), page).await
    }

    async fn member(&self, caller: &Caller, user: &str) -> Result<Kept<Member>> {
        let found = records::named(&*self.documents, &caller.tenant, "", user).await?;
        found.ok_or(ControlError::not_found("member"))
    }

    /// Nobody gives or takes more than they have.
    fn check_role(caller: &Caller, old: Option<Role>, new: Option<Role>) -> Result<()> {
        match old.max(new).is_some_and(|role| role > caller.role) {
            true => Err(ControlError::Forbidden { permission: "tenant.write" }),
            false => Ok(()),
        }
    }

    pub async fn change_member(
        &self,
        caller: &Caller,
        user: &str,
        role: Role,
        expected: Option<u64>,
    ) -> Result<Kept<Member>> {
        let old = self.member(caller, user).await?;
        Self::check_role(caller, Some(old.value.role), Some(role))?;
        let mut changes = self.changes(caller);
        let kept = changes.replace(&old, Member { role, ..old.value.clone() }, Some(expected.unwrap_or(old.revision)));
        changes.one_stays::<Member>(Role::Owner.as_str());
        changes.commit().await?;
        Ok(kept)
    }

    /// Ends a membership. The member's own keys of this tenant end with it.
    pub async fn remove_member(&self, caller: &Caller, user: &str, expected: Option<u64>) -> Result<()> {
        let old = self.member(caller, user).await?;
        if caller.actor.user() != Some(&old.value.user) {
            caller.must(crate::Permission::MembersWrite)?;
        }
        Self::check_role(caller, Some(old.value.role), None)?;
        let mut changes = self.changes(caller);
        changes.delete(&old, expected);
        changes.delete_under::<ApiKey>(&old.value.user);
        changes.one_stays::<Member>(Role::Owner.as_str());
        changes.commit().await
    }

    pub async fn invitations(&self, caller: &Caller, page: &PageOf) -> Result<Listed<Kept<Invitation>>> {
        records::list(&*self.documents, &caller.scope(), &DocumentFilter::default(), page).await
    }

    /// Invites somebody, by letter where letters leave. A second invitation takes the place of the first.
    pub async fn invite(&self, caller: &Caller, email: &str, role: Role) -> Result<Invited> {
        let email = check_email(email)?;
        Self::check_role(caller, None, Some(role))?;
        // Somebody with an account elsewhere costs no more than somebody nobody knows.
        let user = self.user_by_email(&email).await?.map(|user| user.id).unwrap_or_default();
        if self.role_of(&caller.tenant, &user).await?.is_some() {
            return Err(ControlError::state("MEMBER_ALREADY", "this person is a member already"));
        }
        let issued = token::issue(Purpose::Invitation, &mut self.random());
        let invitation = Invitation {
            email: email.clone(),
            role,
            invited_by: caller.actor.name(),
            expires_at: self.later(self.options.invitation),
            token: issued.hash.to_string().into(),
        };
        let old = records::named::<Invitation>(&*self.documents, &caller.tenant, "", &email).await?;
        let mut changes = self.changes(caller);
        let kept = match &old {
            Some(old) => changes.replace(old, invitation, None),
            None => changes.insert(invitation),
        };
        changes.commit().await?;
        let link = format!("{}/join#{}", self.options.public_url, issued.token.text().unwrap_or_default());
        let text = format!("{} invites you to Weir.\n\nJoin here:\n{link}\n", kept.value.invited_by);
        let tenant = caller.tenant.clone();
        let letter = Letter { tenant, to: email, subject: "You are invited to Weir".to_owned(), text };
        let sent = self.mail.send(letter).await;
        let told = self.mail.leaves() && sent.is_ok();
        Ok(Invited { invitation: kept, link: (!told).then_some(link) })
    }

    pub async fn withdraw(&self, caller: &Caller, id: &str) -> Result<()> {
        let old = records::get::<Invitation>(&*self.documents, &caller.scope(), id).await?;
        let mut changes = self.changes(caller);
        changes.delete(&old, None);
        changes.commit().await
    }

    /// Takes an invitation up: with a new account, or with the one there is, whose password is asked for then.
    pub async fn accept(&self, text: &str, name: &str, password: String, origin: &Origin) -> Result<Kept<User>> {
        let gone = ControlError::Unauthenticated("this invitation was used before, withdrawn, or is too old");
        let hash = token::read(Purpose::Invitation, text).map_err(|_| gone.clone())?;
        let found = records::look_up::<Invitation>(&*self.documents, &Scope::System, &hash.to_string()).await?;
        let now = self.now();
        let invitation = found.filter(|invitation| invitation.value.expires_at > now).ok_or(gone.clone())?;
        let email = invitation.value.email.clone();
        let old = self.user_by_email(&email).await?;
        let hash = match &old {
            Some(user) => {
                self.check_password(user, password, origin).await?;
                None
            }
            None => Some(self.new_password(&password, &email).await?),
        };
        let caller = Caller { from: origin.address.clone(), ..Caller::system(invitation.tenant.clone(), "invitation") };
        let limit = self.limits(&invitation.tenant).await?.members;
        let mut changes = self.changes(&caller);
        let user = match old {
            Some(user) => user,
            None => {
                let user = new_user(&email, check_text("a name", name, 200)?, hash);
                changes.insert_in("".into(), self.new_id(), user)
            }
        };
        changes.delete(&invitation, Some(invitation.revision));
        changes.insert(Member { user: user.id.clone(), email, role: invitation.value.role });
        changes.at_most::<Member>(limit);
        match changes.commit().await {
            Ok(()) => Ok(user),
            Err(ControlError::NotFound { .. }) => Err(gone),
            Err(error) => Err(error),
        }
    }
}

pub(crate) fn new_user(email: &Text, name: Text, password: Option<Text>) -> User {
    User {
        email: email.clone(),
        name,
        password,
        totp: None,
        totp_offered: None,
        totp_step: 0,
        recovery: Vec::new(),
        disabled: false,
    }
}
