use crate::caller::Caller;
use crate::control::Control;
use crate::model::User;
use crate::records::Kept;
use crate::{ControlError, Result};
use weir_base::Text;
use weir_vault::envelope::{self, Context, Sealed};
use weir_vault::recovery;
use weir_vault::totp::Totp;

/// Said where only the code is missing: whoever asks can ask a person for it.
pub const TOTP_NEEDED: &str = "a code from the authenticator is needed as well";

const CODE_NEEDED: ControlError = ControlError::Unauthenticated(TOTP_NEEDED);
const CODE_WRONG: ControlError = ControlError::Unauthenticated("the code is wrong, or was used before");

/// What an authenticator is set up with; shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    pub uri: String,
    pub secret: String,
}

impl Control {
    /// The user after the code was taken; codes count once.
    pub(crate) async fn check_code(&self, user: Kept<User>, code: Option<&str>) -> Result<Kept<User>> {
        let Some(sealed) = &user.value.totp else { return Ok(user) };
        let code = code.filter(|code| !code.trim().is_empty()).ok_or(CODE_NEEDED)?.trim();
        let value = match self.step_of(&user, sealed, code)? {
            Some(step) => User { totp_step: step, ..user.value.clone() },
            None => without_recovery(&user.value, code).ok_or(CODE_WRONG)?,
        };
        let caller = self.as_user(&user, &"".into(), crate::Role::Viewer, &"".into());
        let mut changes = self.changes_in(&caller, "".into());
        let kept = changes.replace(&user, value, Some(user.revision));
        match changes.commit().await {
            Ok(()) => Ok(kept),
            // Somebody used the same code at the same moment.
            Err(ControlError::Conflict { .. }) => Err(CODE_WRONG),
            Err(error) => Err(error),
        }
    }

    fn step_of(&self, user: &Kept<User>, sealed: &Text, code: &str) -> Result<Option<u64>> {
        let totp = self.open_totp(user, sealed)?;
        let used = Some(user.value.totp_step).filter(|step| *step > 0);
        Ok(totp.verify(code, self.now(), used).ok())
    }

    fn open_totp(&self, user: &Kept<User>, sealed: &Text) -> Result<Totp> {
        let damaged = |error: envelope::Error| ControlError::Unavailable(format!("an authenticator's key: {error}"));
        let sealed = Sealed::parse(sealed).map_err(damaged)?;
        let secret = envelope::open(&self.keyring, context(&user.id), &sealed).map_err(damaged)?;
        let damaged = || ControlError::Unavailable("an authenticator's key is damaged".to_owned());
        Totp::parse(secret.text().unwrap_or_default()).map_err(|_| damaged())
    }

    /// Offers a new authenticator; it counts once a code of it was shown.
    pub async fn offer_totp(&self, caller: &Caller, user: &Kept<User>) -> Result<Offered> {
        let totp = Totp::generate(&mut self.random());
        let sealed = envelope::seal(&self.keyring, context(&user.id), totp.secret().bytes(), &mut self.random())
            .map_err(|error| ControlError::Unavailable(error.to_string()))?;
        let value = User { totp_offered: Some(sealed.to_string().into()), ..user.value.clone() };
        let mut changes = self.changes_in(caller, "".into());
        changes.replace(user, value, Some(user.revision));
        changes.commit().await?;
        let shown = |secret: weir_vault::Secret| secret.text().unwrap_or_default().to_owned();
        Ok(Offered { uri: shown(totp.uri("Weir", &user.value.email)), secret: shown(totp.secret()) })
    }

    /// Takes the offered authenticator into use. The recovery codes are shown once.
    pub async fn confirm_totp(&self, caller: &Caller, user: &Kept<User>, code: &str) -> Result<Vec<String>> {
        let offered = user.value.totp_offered.clone();
        let offered =
            offered.ok_or_else(|| ControlError::state("TOTP_NOT_OFFERED", "ask for an authenticator first"))?;
        let totp = self.open_totp(user, &offered)?;
        let step = totp.verify(code.trim(), self.now(), None).map_err(|_| {
            ControlError::invalid(
                "CODE_WRONG",
                "the code is wrong: it is not what the authenticator shows now; try the next one",
            )
        })?;
        let codes = recovery::issue(&mut self.random());
        let value = User {
            totp: Some(offered),
            totp_offered: None,
            totp_step: step,
            recovery: codes.iter().map(|code| code.hash.to_string().into()).collect(),
            ..user.value.clone()
        };
        let mut changes = self.changes_in(caller, "".into());
        changes.replace(user, value, Some(user.revision));
        changes.commit().await?;
        Ok(codes.iter().map(|code| code.text.text().unwrap_or_default().to_owned()).collect())
    }

    /// Does without an authenticator from now on.
    pub async fn remove_totp(&self, caller: &Caller, user: &Kept<User>, password: String) -> Result<()> {
        let origin = crate::accounts::Origin { address: caller.from.clone(), agent: "".into() };
        self.check_password(user, password, &origin).await?;
        let value = User { totp: None, totp_offered: None, totp_step: 0, recovery: Vec::new(), ..user.value.clone() };
        let mut changes = self.changes_in(caller, "".into());
        changes.replace(user, value, Some(user.revision));
        changes.commit().await
    }
}

fn context(user: &Text) -> Context<'_> {
    Context { tenant: "", secret: user }
}

/// The user with one recovery code fewer, if it is one.
fn without_recovery(user: &User, code: &str) -> Option<User> {
    let hash = recovery::read(code).ok()?.to_string();
    let recovery: Vec<Text> = user.recovery.iter().filter(|kept| ***kept != *hash).cloned().collect();
    (recovery.len() < user.recovery.len()).then(|| User { recovery, ..user.clone() })
}
