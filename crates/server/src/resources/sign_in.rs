use crate::auth::{By, From_, Person, cookie, cookie_of};
use crate::endpoint::Endpoint;
use crate::extract::{Params, Place};
use crate::interface::sign_in_again;
use crate::problem::Problem;
use crate::resources::session::{put_cookie, set_cookie};
use crate::state::App;
use crate::wire::time;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::Identity;
use weir_control::{Arrived, Begun, Kept, Origin, Provider, Returned};

type Answer<T> = Result<T, Problem>;

/// Ties a sign-in to the browser that began it.
const BROWSER: &str = "weir_sign_in";

#[derive(Serialize, JsonSchema)]
struct ProviderView {
    id: String,
    name: String,
    /// Where to send a browser to sign in.
    url: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct IdentityView {
    id: String,
    provider: String,
    /// The account's id there.
    subject: String,
    created_at: String,
}

#[derive(Serialize, JsonSchema)]
struct LinkView {
    /// Where to send the browser.
    url: String,
}

/// What a provider sends a browser back with.
#[derive(Deserialize, JsonSchema)]
struct ReturnQuery {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/sign-in", "signInProviders", "Where people may sign in besides here")
            .open()
            .gives::<Vec<ProviderView>>(200, "Providers, as configured")
            .handler(providers),
        Endpoint::get("/sign-in/with/{provider}", "signInWith", "Sends a browser to a provider to sign in")
            .open()
            .gives_text(303, "On to the provider", "")
            .or(&[502])
            .handler(begin),
        Endpoint::get(
            "/sign-in/with/{provider}/callback",
            "signInCallback",
            "Where a provider sends the browser back to",
        )
        .open()
        .query::<ReturnQuery>()
        .gives_text(303, "Signed in, or linked; on to the first page", "")
        .or(&[402, 403, 429, 502])
        .handler(callback),
        Endpoint::get("/api/identities", "identities", "Accounts elsewhere with which one signs in here")
            .gives::<Vec<IdentityView>>(200, "One's own")
            .handler(list),
        Endpoint::post(
            "/api/sign-in/{provider}/link",
            "linkIdentity",
            "Begins to add an account elsewhere to one's own",
        )
        .gives::<LinkView>(200, "Send the browser there; it comes back linked")
        .or(&[502])
        .handler(link),
        Endpoint::delete("/api/identities/{id}", "removeIdentity", "Removes an account elsewhere from one's own")
            .gives_nothing("Removed")
            .or(&[409])
            .handler(remove),
    ]
}

async fn providers(State(app): State<Arc<App>>) -> Json<Vec<ProviderView>> {
    let view = |provider: &Provider| ProviderView {
        id: provider.id.to_string(),
        name: provider.name.clone(),
        url: format!("{}/sign-in/with/{}", app.control.options().public_url, provider.id),
    };
    Json(app.control.sign_in_providers().iter().map(view).collect())
}

async fn begin(State(app): State<Arc<App>>, Place(provider): Place<String>) -> Answer<Response> {
    let begun = app.control.begin_elsewhere(&provider, None).await?;
    Ok((browser_cookie(&app, &begun), Redirect::to(&begun.url)).into_response())
}

/// A change, with all that guards changes: so that nobody is led into linking an account that is not theirs.
async fn link(
    State(app): State<Arc<App>>,
    Person(person): Person,
    Place(provider): Place<String>,
) -> Answer<(HeaderMap, Json<LinkView>)> {
    let begun = app.control.begin_elsewhere(&provider, Some(person.user.id.clone())).await?;
    Ok((browser_cookie(&app, &begun), Json(LinkView { url: begun.url })))
}

async fn callback(
    State(app): State<Arc<App>>,
    From_(origin): From_,
    Place(provider): Place<String>,
    Params(query): Params<ReturnQuery>,
    headers: HeaderMap,
) -> Response {
    returned(&app, &origin, &provider, query, &headers).await.unwrap_or_else(|problem| sign_in_again(&headers, problem))
}

async fn returned(
    app: &App,
    origin: &Origin,
    provider: &str,
    query: ReturnQuery,
    headers: &HeaderMap,
) -> Answer<Response> {
    let ReturnQuery { state, code, error, error_description, iss } = query;
    let returned = Returned { state, code, error, error_description, iss };
    let who = match cookie(headers) {
        Some(token) => app.control.by_session(token, &origin.address).await.ok().map(|(_, _, user)| user.id),
        None => None,
    };
    let own = cookie_of(headers, BROWSER);
    let arrived = app.control.return_from_elsewhere(provider, returned, own, who.as_ref(), origin).await?;
    let mut headers = put_cookie(app, &format!("{BROWSER}=; Max-Age=0"));
    if let Arrived::SignedIn(signed_in) = arrived {
        headers.extend(set_cookie(app, &signed_in));
    }
    Ok((headers, Redirect::to("/")).into_response())
}

fn browser_cookie(app: &App, begun: &Begun) -> HeaderMap {
    put_cookie(app, &format!("{BROWSER}={}; Max-Age=600", begun.cookie.text().unwrap_or_default()))
}

async fn list(State(app): State<Arc<App>>, Person(person): Person) -> Answer<Json<Vec<IdentityView>>> {
    let found = app.control.identities(&person.user).await?;
    let view = |identity: &Kept<Identity>| IdentityView {
        id: identity.id.to_string(),
        provider: identity.value.provider.to_string(),
        subject: identity.value.subject.to_string(),
        created_at: time(identity.created_at),
    };
    Ok(Json(found.iter().map(view).collect()))
}

async fn remove(
    State(app): State<Arc<App>>,
    By(caller): By,
    Person(person): Person,
    Place(id): Place<String>,
) -> Answer<StatusCode> {
    app.control.remove_identity(&caller, &person.user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
