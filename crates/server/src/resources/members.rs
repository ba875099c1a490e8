use crate::auth::{By, From_};
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, Seen, page};
use crate::problem::Problem;
use crate::state::App;
use crate::wire::{Page, PageQuery, etag, time};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::model::{Invitation, Member};
use weir_control::{Kept, Permission, Role};

type Answer<T> = Result<T, Problem>;

/// A role, least first; each may do what those before it may.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleName {
    Viewer,
    Operator,
    Editor,
    Admin,
    Owner,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::Viewer => Role::Viewer,
            RoleName::Operator => Role::Operator,
            RoleName::Editor => Role::Editor,
            RoleName::Admin => Role::Admin,
            RoleName::Owner => Role::Owner,
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MemberView {
    /// The user's id.
    user: String,
    email: String,
    role: String,
    since: String,
    revision: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InvitationView {
    id: String,
    email: String,
    role: String,
    invited_by: String,
    expires_at: String,
    /// To be handed over by hand, where no letter was sent. Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    role: RoleName,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InviteBody {
    email: String,
    role: RoleName,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AcceptBody {
    token: String,
    #[serde(default)]
    name: String,
    /// A new one, or that of the account there is already.
    password: String,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/members", "members", "Who belongs to the organisation")
            .needs(Permission::MembersRead)
            .query::<PageQuery>()
            .gives::<Page<MemberView>>(200, "Members, the newest first")
            .handler(list),
        Endpoint::patch("/api/members/{user}", "changeMember", "Gives a member another role")
            .needs(Permission::MembersWrite)
            .takes::<RoleBody>()
            .revised()
            .gives::<MemberView>(200, "Changed")
            .handler(change),
        Endpoint::delete("/api/members/{user}", "removeMember", "Ends a membership, one's own included")
            .needs(Permission::MembersRead)
            .revised()
            .gives_nothing("Ended")
            .handler(remove),
        Endpoint::get("/api/invitations", "invitations", "Who is invited")
            .needs(Permission::MembersWrite)
            .query::<PageQuery>()
            .gives::<Page<InvitationView>>(200, "Open invitations, the newest first")
            .handler(invitations),
        Endpoint::post("/api/invitations", "invite", "Invites somebody")
            .needs(Permission::MembersWrite)
            .takes::<InviteBody>()
            .gives::<InvitationView>(201, "Invited")
            .or(&[409, 422])
            .handler(invite),
        Endpoint::delete("/api/invitations/{id}", "withdrawInvitation", "Withdraws an invitation")
            .needs(Permission::MembersWrite)
            .gives_nothing("Withdrawn")
            .handler(withdraw),
        Endpoint::post("/api/invitations/accept", "acceptInvitation", "Takes an invitation up; sign in afterwards")
            .open()
            .takes::<AcceptBody>()
            .gives_nothing("A member now")
            .or(&[401, 402, 422, 429])
            .handler(accept),
    ]
}

fn view(member: Kept<Member>) -> MemberView {
    MemberView {
        user: member.value.user.to_string(),
        email: member.value.email.to_string(),
        role: member.value.role.as_str().to_owned(),
        since: time(member.created_at),
        revision: member.revision,
    }
}

fn invited(invitation: Kept<Invitation>, link: Option<String>) -> InvitationView {
    InvitationView {
        id: invitation.id.to_string(),
        email: invitation.value.email.to_string(),
        role: invitation.value.role.as_str().to_owned(),
        invited_by: invitation.value.invited_by.to_string(),
        expires_at: time(invitation.value.expires_at),
        link,
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<MemberView>>> {
    Ok(Page::of(app.control.members(&caller, &page(query.after, query.limit)).await?, view))
}

async fn change(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(user): Place<String>,
    Seen(seen): Seen,
    Body(body): Body<RoleBody>,
) -> Answer<(HeaderMap, Json<MemberView>)> {
    let member = app.control.change_member(&caller, &user, body.role.into(), seen).await?;
    Ok((etag(&member), Json(view(member))))
}

async fn remove(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(user): Place<String>,
    Seen(seen): Seen,
) -> Answer<StatusCode> {
    app.control.remove_member(&caller, &user, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn invitations(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<InvitationView>>> {
    let found = app.control.invitations(&caller, &page(query.after, query.limit)).await?;
    Ok(Page::of(found, |invitation| invited(invitation, None)))
}

async fn invite(
    State(app): State<Arc<App>>,
    By(caller): By,
    Body(body): Body<InviteBody>,
) -> Answer<(StatusCode, Json<InvitationView>)> {
    let made = app.control.invite(&caller, &body.email, body.role.into()).await?;
    Ok((StatusCode::CREATED, Json(invited(made.invitation, made.link))))
}

async fn withdraw(State(app): State<Arc<App>>, By(caller): By, Place(id): Place<String>) -> Answer<StatusCode> {
    app.control.withdraw(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn accept(State(app): State<Arc<App>>, From_(origin): From_, Body(body): Body<AcceptBody>) -> Answer<StatusCode> {
    app.control.accept(&body.token, &body.name, body.password, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
