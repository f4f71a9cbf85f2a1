//! The endpoints under `/users` and `/sessions`, with their documentation.

use aide::{
    axum::{
        ApiRouter,
        routing::{delete_with, get_with, patch_with, post_with},
    },
    transform::TransformOperation,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::NoContent,
};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    ids::UserId,
    paths,
    problem::Code,
    users::{
        ChangePassword, ConfirmEmail, DeleteMe, DeleteUser, PatchProfile, PatchUser, Register,
        SessionList, SignIn, SignedIn, User,
    },
};

use super::{
    accounts, blocks, deletion,
    email::{self, Registered},
    invitation_use, profile, registration, sessions,
};
use crate::{
    App, Error, Result,
    auth::{Admin, Caller, MaybeCaller},
    http::{
        client_address::ClientAddress,
        extract::{Created, Json, Path, WithHeaders, WithStatus},
        problems::of,
    },
};

pub fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(paths::USERS, post_with(register, register_docs))
        .api_route(paths::CONFIRM_EMAIL, post_with(confirm_email, confirm_email_docs))
        .api_route(
            paths::ME,
            get_with(me, |op| op.id("getMe").tag("users").summary("Get my account"))
                .patch_with(change_password, change_password_docs)
                .delete_with(delete_me, delete_me_docs),
        )
        .api_route(paths::MY_PROFILE, patch_with(change_profile, change_profile_docs))
        .api_route(
            paths::USER,
            get_with(get, get_docs)
                .patch_with(patch, patch_docs)
                .delete_with(delete_other, delete_other_docs),
        )
        .api_route(
            paths::SESSIONS,
            post_with(sign_in, sign_in_docs).get_with(list, |op| {
                op.id("listSessions").tag("users").summary("List my sessions, newest first")
            }),
        )
        .api_route(paths::SESSION, delete_with(sign_out, sign_out_docs))
        .merge(blocks::routes())
}

type Op<'t> = TransformOperation<'t>;

#[derive(Deserialize, JsonSchema)]
struct UserPath {
    /// The id of the account.
    id: UserId,
}

#[derive(Deserialize, JsonSchema)]
struct SessionPath {
    /// The session's UUID, or `current`.
    id: String,
}

fn register_docs(op: Op<'_>) -> Op<'_> {
    op.id("register")
        .tag("users")
        .summary("Create an account")
        .description(
            "Needs no authentication. The first account becomes the owner; after that only an owner \
             may set `is_admin: true`. Whether others may create an account depends on the `sign_up` \
             of the server; with `approval`, the account is pending and cannot sign in. An \
             `invitation` creates an account with its rank, which joins its rooms. Admins create any \
             account. With `domain`, an `email` is required: the response is 202, the account is pending, \
             and the mail to the address has a link that confirms it.",
        )
        .with(of(&[
            Code::AdminOnly,
            Code::SignUpClosed,
            Code::InvitationInvalid,
            Code::UsernameTaken,
            Code::TooManyRequests,
        ]))
}

async fn register(
    State(app): State<App>,
    MaybeCaller(by): MaybeCaller,
    ClientAddress(address): ClientAddress,
    Json(request): Json<Register>,
) -> Result<Registered> {
    registration::register(&app, by.map(|by| by.user.id), address, request).await.map(Registered)
}

fn confirm_email_docs(op: Op<'_>) -> Op<'_> {
    op.id("confirmEmail")
        .tag("users")
        .summary("Confirm the e-mail address of an account, by the token of its link")
        .description(
            "Needs no authentication, but the password of the account; a wrong one is a 422. Then the account \
             can sign in.",
        )
        .with(of(&[Code::ConfirmationInvalid, Code::TooManyRequests]))
}

async fn confirm_email(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(request): Json<ConfirmEmail>,
) -> Result<Json<User>> {
    let source = app.auth.login_source(address, &headers);
    email::confirm(&app, (&source, address), request).await.map(Json)
}

async fn me(caller: Caller) -> Json<User> {
    Json(caller.user)
}

fn change_password_docs(op: Op<'_>) -> Op<'_> {
    op.id("changePassword").tag("users").summary("Change my password").description(
        "Ends all my other sessions. A wrong `current_password` is a 422; too many of them from one \
         session are a 429.",
    )
    .with(of(&[Code::TooManyRequests]))
}

async fn change_password(
    State(app): State<App>,
    caller: Caller,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(request): Json<ChangePassword>,
) -> Result<WithHeaders<Json<User>>> {
    let source = app.auth.login_source(address, &headers);
    let (user, cookies) = accounts::change_password(&app, &caller, &source, request).await?;
    Ok(WithHeaders(cookies, Json(user)))
}

fn change_profile_docs(op: Op<'_>) -> Op<'_> {
    op.id("changeProfile")
        .tag("users")
        .summary("Change my display name, pronouns or status")
        .description(
            "A display name that is the username or the display name of somebody else is a 409. A new \
             display name is a change of each room that I am in; pronouns and the status are not: others \
             get them with the account and with the list of members.",
        )
        .with(of(&[Code::DisplayNameTaken, Code::TooManyRequests]))
}

async fn change_profile(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<PatchProfile>,
) -> Result<Json<User>> {
    profile::change(&app, caller.user.id, request).await.map(Json)
}

fn delete_me_docs(op: Op<'_>) -> Op<'_> {
    op.id("deleteMe")
        .tag("users")
        .summary("Delete my account for good")
        .description(
            "Ends all my access at once and frees my username. In the background I leave all rooms, and \
             with `messages: delete` all my messages are deleted and my reactions removed. A wrong `password` is a 422; too many \
             of them from one session are a 429.",
        )
        .with(of(&[Code::LastOwner, Code::TooManyRequests]))
}

async fn delete_me(
    State(app): State<App>,
    caller: Caller,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(request): Json<DeleteMe>,
) -> Result<WithHeaders<NoContent>> {
    let source = app.auth.login_source(address, &headers);
    deletion::delete_own(&app, &caller, (&source, address), request).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, app.auth.clear_session_cookie());
    Ok(WithHeaders(headers, NoContent))
}

fn delete_other_docs(op: Op<'_>) -> Op<'_> {
    op.id("deleteUser")
        .tag("users")
        .summary("Delete an account for good (admins)")
        .description(
            "As `DELETE /users/me`, which deletes the own account. Only owners delete admins and owners.",
        )
        .with(of(&[Code::OwnerOnly, Code::LastOwner, Code::RankTooLow, Code::TooManyRequests]))
}

async fn delete_other(
    State(app): State<App>,
    Admin(by): Admin,
    ClientAddress(address): ClientAddress,
    Path(UserPath { id }): Path<UserPath>,
    Json(DeleteUser { messages }): Json<DeleteUser>,
) -> Result<NoContent> {
    app.limits.administration.check(&by.user.id, 1).map_err(Error::too_many)?;
    deletion::delete_other(&app, by.user.id, address, id, messages).await?;
    Ok(NoContent)
}

fn get_docs(op: Op<'_>) -> Op<'_> {
    op.id("getUser")
        .tag("users")
        .summary("Get an account")
        .description("With the profile. A guest gets only the people in the same rooms.")
}

async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(UserPath { id }): Path<UserPath>,
) -> Result<Json<User>> {
    accounts::find(&app.db.reader, &caller.user, id).await.map(Json)
}

fn patch_docs(op: Op<'_>) -> Op<'_> {
    op.id("changeUser")
        .tag("users")
        .summary("Change an account's rank or display name, disable or approve it (admins)")
        .description("A disabled account is signed out everywhere at once.")
        .with(of(&[Code::OwnerOnly, Code::LastOwner, Code::DisplayNameTaken]))
}

async fn patch(
    State(app): State<App>,
    Admin(by): Admin,
    ClientAddress(address): ClientAddress,
    Path(UserPath { id }): Path<UserPath>,
    Json(request): Json<PatchUser>,
) -> Result<Json<User>> {
    if request.display_name.is_some() {
        return profile::rename(&app, by.user.id, address, id, request).await.map(Json);
    }
    let user = accounts::update(&app, by.user.id, address, id, request).await?;
    // Those of an account that this request approved.
    invitation_use::try_finish_joins(&app, id).await;
    Ok(Json(user))
}

fn sign_in_docs(op: Op<'_>) -> Op<'_> {
    op.id("signIn")
        .tag("users")
        .summary("Sign in")
        .description("Returns a token, and sets it as an HttpOnly cookie for browsers.")
        .with(of(&[Code::InvalidCredentials, Code::AccountPending, Code::TooManyRequests]))
}

async fn sign_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(request): Json<SignIn>,
) -> Result<WithHeaders<Created<SignedIn>>> {
    let (signed_in, cookies) = sessions::sign_in(&app, address, &headers, request).await?;
    Ok(WithHeaders(cookies, WithStatus(signed_in)))
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<SessionList>> {
    sessions::list(&app, caller.user.id, caller.session).await.map(Json)
}

fn sign_out_docs(op: Op<'_>) -> Op<'_> {
    op.id("signOut")
        .tag("users")
        .summary("Sign out, here (`current`) or on another device")
        .description("The token stops working and the session's sockets are closed at once.")
}

async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    Path(SessionPath { id }): Path<SessionPath>,
) -> Result<WithHeaders<NoContent>> {
    let session = sessions::parse_id(&id, caller.session)?;
    sessions::end(&app, caller.user.id, session).await?;
    let mut headers = HeaderMap::new();
    if caller.session == Some(session) {
        headers.insert(header::SET_COOKIE, app.auth.clear_session_cookie());
    }
    Ok(WithHeaders(headers, NoContent))
}
