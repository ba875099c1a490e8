use crate::auth::{By, COOKIE, From_, Person};
use crate::endpoint::Endpoint;
use crate::extract::{Body, Place};
use crate::interface::sign_in_again;
use crate::problem::Problem;
use crate::state::App;
use crate::wire::time;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::{Session, User};
use weir_control::{Kept, Membership, Permission, Role, SignIn, SignedIn};

type Answer<T> = Result<T, Problem>;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignInBody {
    email: String,
    password: String,
    /// From the authenticator, where there is one; or a recovery code.
    code: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct TenantView {
    id: String,
    name: String,
    role: String,
}

/// Who is signed in, and where.
#[derive(Serialize, JsonSchema)]
struct SessionView {
    user: UserView,
    /// The organisation being looked at; empty where there is none.
    tenant: String,
    role: Option<String>,
    /// What one may do there, as keys have it in their scopes.
    permissions: Vec<String>,
    tenants: Vec<TenantView>,
    /// To be sent as `X-CSRF-Token` with every change.
    csrf: String,
    #[serde(rename = "expiresAt")]
    expires_at: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct UserView {
    id: String,
    email: String,
    name: String,
    /// Whether an authenticator is in use.
    two_factor: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OpenSession {
    id: String,
    from: String,
    agent: String,
    created_at: String,
    expires_at: String,
    current: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SwitchBody {
    tenant: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResetAsked {
    email: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResetBody {
    token: String,
    password: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    old: String,
    new: String,
}

#[derive(Serialize, JsonSchema)]
struct OfferedView {
    /// For a QR code.
    uri: String,
    /// To be typed.
    secret: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    code: String,
}

#[derive(Serialize, JsonSchema)]
struct RecoveryView {
    /// Each signs in once where the authenticator is lost. They are shown this once.
    codes: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmBody {
    password: String,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/session", "signIn", "Signs in and sets the session's cookie")
            .open()
            .takes::<SignInBody>()
            .gives::<SessionView>(200, "Signed in")
            .or(&[401, 429])
            .handler(sign_in),
        Endpoint::get("/api/session", "session", "Who is signed in")
            .gives::<SessionView>(200, "The session")
            .handler(show),
        Endpoint::delete("/api/session", "signOut", "Signs out").gives_nothing("Signed out").handler(sign_out),
        Endpoint::post("/api/session/tenant", "switchTenant", "Looks at another organisation from now on")
            .takes::<SwitchBody>()
            .gives::<SessionView>(200, "The session")
            .handler(switch),
        Endpoint::get("/sign-in/{token}", "signInByLink", "Signs in by a link that is good once")
            .open()
            .gives_text(303, "Signed in; on to the first page", "")
            .or(&[401, 429])
            .handler(by_link),
        Endpoint::get("/api/sessions", "sessions", "Where one is signed in")
            .gives::<Vec<OpenSession>>(200, "Open sessions")
            .handler(list),
        Endpoint::delete("/api/sessions/{id}", "endSession", "Signs out somewhere else")
            .gives_nothing("Signed out")
            .handler(end),
        Endpoint::post("/api/password/reset", "askForReset", "Sends a letter to set a new password with")
            .open()
            .takes::<ResetAsked>()
            .gives_nothing("If there is such an account, a letter is on its way")
            .or(&[422, 429])
            .handler(ask_for_reset),
        Endpoint::put("/api/password/reset", "resetPassword", "Sets a new password with the letter's token")
            .open()
            .takes::<ResetBody>()
            .gives_nothing("The password is set, and every session has ended")
            .or(&[401, 422])
            .handler(reset),
        Endpoint::put("/api/password", "changePassword", "Sets a new password; other sessions end")
            .takes::<PasswordBody>()
            .gives_nothing("The password is set")
            .or(&[422])
            .handler(change_password),
        Endpoint::post("/api/two-factor", "offerTwoFactor", "Offers an authenticator to be set up")
            .gives::<OfferedView>(200, "Shown this once")
            .or(&[409])
            .handler(offer),
        Endpoint::put("/api/two-factor", "confirmTwoFactor", "Takes the offered authenticator into use")
            .takes::<CodeBody>()
            .gives::<RecoveryView>(200, "In use")
            .or(&[409])
            .handler(confirm),
        Endpoint::delete("/api/two-factor", "removeTwoFactor", "Does without an authenticator")
            .takes::<ConfirmBody>()
            .gives_nothing("Removed")
            .or(&[409, 422])
            .handler(remove),
    ]
}

async fn sign_in(State(app): State<Arc<App>>, From_(origin): From_, Body(body): Body<SignInBody>) -> Answer<Response> {
    let SignInBody { email, password, code } = body;
    let signed_in = app.control.sign_in(SignIn { email, password, code }, &origin).await?;
    let view = view(&app, &signed_in.session, &signed_in.user).await?;
    Ok((set_cookie(&app, &signed_in), Json(view)).into_response())
}

async fn by_link(
    State(app): State<Arc<App>>,
    From_(origin): From_,
    Place(token): Place<String>,
    headers: HeaderMap,
) -> Response {
    match app.control.sign_in_by_link(&token, &origin).await {
        Ok(signed_in) => (set_cookie(&app, &signed_in), Redirect::to("/")).into_response(),
        Err(error) => sign_in_again(&headers, error.into()),
    }
}

pub(crate) fn set_cookie(app: &App, signed_in: &SignedIn) -> HeaderMap {
    let seconds = app.control.options().session.millis / 1_000;
    put_cookie(app, &format!("{COOKIE}={}; Max-Age={seconds}", signed_in.token))
}

pub(crate) fn put_cookie(app: &App, start: &str) -> HeaderMap {
    let secure = if app.options.secure_cookies { "; Secure" } else { "" };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("{start}; Path=/; HttpOnly; SameSite=Lax{secure}")) {
        headers.insert(header::SET_COOKIE, value);
    }
    headers
}

async fn view(app: &App, session: &Kept<Session>, user: &Kept<User>) -> Answer<SessionView> {
    let memberships = app.control.memberships(&user.id).await?;
    let role = memberships.iter().find(|one| one.tenant == session.value.tenant);
    Ok(SessionView {
        user: UserView {
            id: user.id.to_string(),
            email: user.value.email.to_string(),
            name: user.value.name.to_string(),
            two_factor: user.value.totp.is_some(),
        },
        tenant: session.value.tenant.to_string(),
        role: role.map(|one| one.role.as_str().to_owned()),
        permissions: role.map(|one| permissions(one.role)).unwrap_or_default(),
        tenants: memberships.iter().map(tenant).collect(),
        csrf: session.value.csrf.to_string(),
        expires_at: time(session.value.expires_at),
    })
}

fn permissions(role: Role) -> Vec<String> {
    let given = Permission::ALL.into_iter().filter(|permission| permission.is_given_to(role));
    given.map(|permission| permission.as_str().to_owned()).collect()
}

fn tenant(membership: &Membership) -> TenantView {
    let Membership { tenant, name, role } = membership;
    TenantView { id: tenant.to_string(), name: name.to_string(), role: role.as_str().to_owned() }
}

async fn show(State(app): State<Arc<App>>, Person(person): Person) -> Answer<Json<SessionView>> {
    Ok(Json(view(&app, &person.session, &person.user).await?))
}

async fn sign_out(State(app): State<Arc<App>>, By(caller): By, Person(person): Person) -> Answer<Response> {
    app.control.sign_out(&caller, &person.session).await?;
    Ok((StatusCode::NO_CONTENT, put_cookie(&app, &format!("{COOKIE}=; Max-Age=0"))).into_response())
}

async fn switch(
    State(app): State<Arc<App>>,
    By(caller): By,
    Person(person): Person,
    Body(body): Body<SwitchBody>,
) -> Answer<Json<SessionView>> {
    let session = app.control.switch_tenant(&caller, &person.session, &body.tenant).await?;
    Ok(Json(view(&app, &session, &person.user).await?))
}

async fn list(State(app): State<Arc<App>>, Person(person): Person) -> Answer<Json<Vec<OpenSession>>> {
    let sessions = app.control.sessions(&person.user.id).await?;
    let view = |session: Kept<Session>| OpenSession {
        id: session.id.to_string(),
        from: session.value.from.to_string(),
        agent: session.value.agent.to_string(),
        created_at: time(session.created_at),
        expires_at: time(session.value.expires_at),
        current: session.id == person.session.id,
    };
    Ok(Json(sessions.into_iter().map(view).collect()))
}

async fn end(
    State(app): State<Arc<App>>,
    By(caller): By,
    Person(person): Person,
    Place(id): Place<String>,
) -> Answer<StatusCode> {
    app.control.end_session(&caller, &person.user.id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ask_for_reset(
    State(app): State<Arc<App>>,
    From_(origin): From_,
    Body(body): Body<ResetAsked>,
) -> Answer<StatusCode> {
    app.control.ask_for_reset(&body.email, &origin.address).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reset(State(app): State<Arc<App>>, Body(body): Body<ResetBody>) -> Answer<StatusCode> {
    app.control.reset_password(&body.token, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_password(
    State(app): State<Arc<App>>,
    By(caller): By,
    Person(person): Person,
    Body(body): Body<PasswordBody>,
) -> Answer<StatusCode> {
    app.control.change_password(&caller, &person.user, &person.session, body.old, &body.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn offer(State(app): State<Arc<App>>, By(caller): By, Person(person): Person) -> Answer<Json<OfferedView>> {
    let offered = app.control.offer_totp(&caller, &person.user).await?;
    Ok(Json(OfferedView { uri: offered.uri, secret: offered.secret }))
}

async fn confirm(
    State(app): State<Arc<App>>,
    By(caller): By,
    Person(person): Person,
    Body(body): Body<CodeBody>,
) -> Answer<Json<RecoveryView>> {
    let codes = app.control.confirm_totp(&caller, &person.user, &body.code).await?;
    Ok(Json(RecoveryView { codes }))
}

async fn remove(
    State(app): State<Arc<App>>,
    By(caller): By,
    Person(person): Person,
    Body(body): Body<ConfirmBody>,
) -> Answer<StatusCode> {
    app.control.remove_totp(&caller, &person.user, body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
