use crate::caller::Caller;
use crate::control::Control;
use crate::model::{Session, SessionUse, User};
use crate::names_of::check_email;
use crate::permissions::Role;
use crate::ports::Letter;
use crate::records::Kept;
use crate::{ControlError, Result};
use weir_base::Text;
use weir_vault::password;
use weir_vault::token::{self, Purpose};

impl Control {
    /// The hash of a new password, if it is taken.
    pub(crate) async fn new_password(&self, given: &str, email: &str) -> Result<Text> {
        password::check(given, email).map_err(|refusal| {
            ControlError::invalid("PASSWORD_REFUSED", format!("the password is not taken: {refusal}"))
        })?;
        self.hash_password(given.to_owned()).await
    }

    /// Sees to it that a letter is sent with which a new password can be set. Says nothing about whether there is such an
    /// account, and does the same for one there is as for one there is not.
    pub async fn ask_for_reset(&self, email: &str, from: &Text) -> Result<()> {
        let email = check_email(email)?;
        let names = [format!("reset {from}"), format!("reset {email}")];
        let now = self.now();
        if let Some(seconds) = names.iter().filter_map(|name| self.sign_ins.check(name, now).err()).max() {
            return Err(ControlError::TooMany { seconds });
        }
        names.iter().for_each(|name| self.sign_ins.failed(name, now));
        self.begin_reset(&email).await
    }

    /// Writes the letter, if there is such an account. Its link is in it alone.
    pub(crate) async fn write_reset(&self, email: &str) -> Result<()> {
        let email = check_email(email)?;
        let Some(user) = self.user_by_email(&email).await?.filter(|user| !user.value.disabled) else { return Ok(()) };
        if !self.mail.leaves() {
            tracing::warn!("no letter with a new password is written: no mail server is configured");
            return Ok(());
        }
        let issued = token::issue(Purpose::Reset, &mut self.random());
        self.keep_token(&user, SessionUse::PasswordReset, &issued.hash, self.later(self.options.reset)).await?;
        let link = format!("{}/reset#{}", self.options.public_url, issued.token.text().unwrap_or_default());
        let text = format!(
            "Somebody asked for a new password for {email}.\n\nSet it here within an hour:\n{link}\n\n\
             If it was not you, ignore this letter: nothing has changed.\n"
        );
        let letter = Letter { tenant: "".into(), to: email, subject: "A new password for Weir".to_owned(), text };
        self.mail.send(letter).await.map_err(ControlError::Busy)
    }

    /// Sets the password and signs the user out everywhere.
    pub async fn reset_password(&self, text: &str, new: &str) -> Result<()> {
        // A password that is refused must not cost the link.
        password::check(new, "").map_err(|refusal| {
            ControlError::invalid("PASSWORD_REFUSED", format!("the password is not taken: {refusal}"))
        })?;
        let user = self.spend_token(Purpose::Reset, SessionUse::PasswordReset, text).await?;
        let caller = self.as_user(&user, &"".into(), Role::Viewer, &"".into());
        self.set_password(&caller, &user, new, None).await
    }

    /// Changes one's own password; other sessions end.
    pub async fn change_password(
        &self,
        caller: &Caller,
        user: &Kept<User>,
        session: &Kept<Session>,
        old: String,
        new: &str,
    ) -> Result<()> {
        let origin = crate::accounts::Origin { address: caller.from.clone(), agent: "".into() };
        self.check_password(user, old, &origin).await?;
        self.set_password(caller, user, new, Some(session)).await
    }

    async fn set_password(
        &self,
        caller: &Caller,
        user: &Kept<User>,
        new: &str,
        stays: Option<&Kept<Session>>,
    ) -> Result<()> {
        let hash = self.new_password(new, &user.value.email).await?;
        let sessions = self.sessions(&user.id).await?;
        let mut changes = self.changes_in(caller, "".into());
        changes.replace(user, User { password: Some(hash), ..user.value.clone() }, None);
        changes.note("user.password", &user.id, serde_json::Value::Null);
        let others = sessions.iter().filter(|session| stays.is_none_or(|stays| stays.id != session.id));
        others.for_each(|session| changes.delete(session, None));
        changes.commit().await
    }
}
