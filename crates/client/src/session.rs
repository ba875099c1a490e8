use crate::{Client, ClientError};
use reqwest::header::SET_COOKIE;
use weir_base::Value;

/// A session in the way of a browser, to make a key with.
pub struct SignedIn {
    cookie: String,
    csrf: String,
    /// The id of the organisation being looked at.
    pub tenant: String,
    pub email: String,
    /// Every organisation: id, name, role.
    pub tenants: Vec<(String, String, String)>,
}

impl Client {
    pub async fn sign_in(&self, email: &str, password: &str, code: Option<&str>) -> Result<SignedIn, ClientError> {
        let mut body = vec![("email", Value::from(email)), ("password", Value::from(password))];
        body.extend(code.map(|code| ("code", Value::from(code))));
        let answer = self.post(&["api", "session"]).json(&Value::object(body)).answer().await?;
        let cookie = answer.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default().to_owned();
        Ok(self.signed_in(cookie, &answer.body))
    }

    fn signed_in(&self, cookie: String, session: &Value) -> SignedIn {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let tenants = session.get("tenants").and_then(Value::as_array).unwrap_or_default();
        SignedIn {
            cookie,
            csrf: text(session, "csrf"),
            tenant: text(session, "tenant"),
            email: session.get("user").map(|user| text(user, "email")).unwrap_or_default(),
            tenants: tenants.iter().map(|one| (text(one, "id"), text(one, "name"), text(one, "role"))).collect(),
        }
    }

    pub async fn switch_tenant(&self, session: &SignedIn, tenant: &str) -> Result<SignedIn, ClientError> {
        let body = Value::object([("tenant", tenant.into())]);
        let call = self.post(&["api", "session", "tenant"]).header("cookie", &session.cookie);
        let answer = call.header("x-csrf-token", &session.csrf).json(&body).send().await?;
        Ok(self.signed_in(session.cookie.clone(), &answer))
    }

    /// Makes a key in the session's organisation: its id and its text, which is shown this once.
    pub async fn key_of(&self, session: &SignedIn, name: &str) -> Result<(String, String), ClientError> {
        let call = self.post(&["api", "keys"]).header("cookie", &session.cookie);
        let call = call.header("x-csrf-token", &session.csrf);
        let made = call.json(&Value::object([("name", name.into())])).send().await?;
        let text = |name: &str| made.get(name).and_then(Value::as_str).map(str::to_owned);
        text("id").zip(text("key")).ok_or_else(|| self.strange("a new key without its text"))
    }

    pub async fn sign_out(&self, session: &SignedIn) -> Result<(), ClientError> {
        let call = self.delete(&["api", "session"]).header("cookie", &session.cookie);
        call.header("x-csrf-token", &session.csrf).send().await.map(drop)
    }
}
