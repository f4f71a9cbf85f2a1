//! The endpoints under `/users` and `/sessions`, with their documentation.

use aide::{
    axum::{
        ApiRouter,
        routing::{delete_with, get_with, post_with},
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
    users::{ChangePassword, PatchUser, Register, SessionList, SignIn, SignedIn, User},
};

use super::{accounts, registration, sessions};
use crate::{
    App, Result,
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
        .api_route(
            paths::ME,
            get_with(me, |op| op.id("getMe").tag("users").summary("Get my account"))
                .patch_with(change_password, change_password_docs),
        )
        .api_route(
            paths::USER,
            get_with(get, |op| op.id("getUser").tag("users").summary("Get an account"))
                .patch_with(patch, patch_docs),
        )
        .api_route(
            paths::SESSIONS,
            post_with(sign_in, sign_in_docs).get_with(list, |op| {
                op.id("listSessions").tag("users").summary("List my sessions, newest first")
            }),
        )
        .api_route(paths::SESSION, delete_with(sign_out, sign_out_docs))
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
             account.",
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
) -> Result<Created<User>> {
    registration::register(&app, by.map(|by| by.user.id), address, request).await.map(WithStatus)
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
        .summary("Change an account's rank, disable or approve it (admins)")
        .description("A disabled account is signed out everywhere at once.")
        .with(of(&[Code::OwnerOnly, Code::LastOwner]))
}

async fn patch(
    State(app): State<App>,
    Admin(by): Admin,
    ClientAddress(address): ClientAddress,
    Path(UserPath { id }): Path<UserPath>,
    Json(request): Json<PatchUser>,
) -> Result<Json<User>> {
    accounts::update(&app, by.user.id, address, id, request).await.map(Json)
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
