//! The addresses of people and their sign-ins.

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

use super::{Admin, Caller, MaybeCaller, accounts, sessions};
use crate::{
    App, Result,
    http::{
        extract::{Answer, Created, Json, Path, With},
        peer::Peer,
        problems::of,
    },
};

/// What is under `/users` and `/sessions`.
pub fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(paths::USERS, post_with(register, register_docs))
        .api_route(
            paths::ME,
            get_with(me, |op| op.id("getMe").tag("users").summary("My own account"))
                .patch_with(change_password, change_password_docs),
        )
        .api_route(
            paths::USER,
            get_with(get, |op| op.id("getUser").tag("users").summary("Somebody's account"))
                .patch_with(patch, patch_docs),
        )
        .api_route(
            paths::SESSIONS,
            post_with(sign_in, sign_in_docs).get_with(list, |op| {
                op.id("listSessions").tag("users").summary("My sign-ins, newest first")
            }),
        )
        .api_route(paths::SESSION, delete_with(sign_out, sign_out_docs))
}

type Op<'t> = TransformOperation<'t>;

/// The number of an account in an address.
#[derive(Deserialize, JsonSchema)]
struct UserPath {
    /// The account's number.
    id: UserId,
}

/// The name of a sign-in in an address.
#[derive(Deserialize, JsonSchema)]
struct SessionPath {
    /// The session's UUID, or `current`.
    id: String,
}

fn register_docs(op: Op<'_>) -> Op<'_> {
    op.id("register")
        .tag("users")
        .summary("Make an account")
        .description(
            "Anyone may; the first account is an admin's. `is_admin: true` is for admins to give.",
        )
        .with(of(&[Code::AdminOnly, Code::UsernameTaken]))
}

async fn register(
    State(app): State<App>,
    MaybeCaller(by): MaybeCaller,
    Json(wanted): Json<Register>,
) -> Result<Created<User>> {
    let by = by.map(|caller| caller.user);
    accounts::register(&app, by.as_ref(), wanted).await.map(Answer)
}

async fn me(caller: Caller) -> Json<User> {
    Json(caller.user)
}

fn change_password_docs(op: Op<'_>) -> Op<'_> {
    op.id("changePassword")
        .tag("users")
        .summary("Change my password")
        .description("Ends all my other sign-ins. A wrong `current_password` is a 422 and counts as a failed sign-in.")
}

async fn change_password(
    State(app): State<App>,
    caller: Caller,
    Peer(address): Peer,
    Json(wanted): Json<ChangePassword>,
) -> Result<Json<User>> {
    let Caller { user, session, .. } = caller;
    accounts::change_password(&app, &user, session, address, wanted).await.map(Json)
}

async fn get(
    State(app): State<App>,
    _: Caller,
    Path(UserPath { id }): Path<UserPath>,
) -> Result<Json<User>> {
    accounts::find(&app, id).await.map(Json)
}

fn patch_docs(op: Op<'_>) -> Op<'_> {
    op.id("changeUser")
        .tag("users")
        .summary("Make somebody an admin, or shut an account")
        .description("For admins. A shut account is signed out everywhere at once.")
        .with(of(&[Code::LastAdmin]))
}

async fn patch(
    State(app): State<App>,
    Admin(by): Admin,
    Path(UserPath { id }): Path<UserPath>,
    Json(wanted): Json<PatchUser>,
) -> Result<Json<User>> {
    accounts::change(&app, by.user.id, id, wanted).await.map(Json)
}

fn sign_in_docs(op: Op<'_>) -> Op<'_> {
    op.id("signIn")
        .tag("users")
        .summary("Sign in")
        .description(
            "Answers with a token, and gives a browser the same one in an HttpOnly cookie.",
        )
        .with(of(&[Code::InvalidCredentials, Code::TooManyRequests]))
}

async fn sign_in(
    State(app): State<App>,
    Peer(address): Peer,
    headers: HeaderMap,
    Json(wanted): Json<SignIn>,
) -> Result<With<Created<SignedIn>>> {
    let device = headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok());
    let signed_in = sessions::sign_in(&app, address, device.unwrap_or_default(), wanted).await?;
    let cookie = sessions::session_cookie(&app, &signed_in);
    let headers = HeaderMap::from_iter([(header::SET_COOKIE, cookie)]);
    Ok(With(headers, Answer(signed_in)))
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<SessionList>> {
    sessions::list_sessions(&app, caller.user.id, caller.session).await.map(Json)
}

fn sign_out_docs(op: Op<'_>) -> Op<'_> {
    op.id("signOut")
        .tag("users")
        .summary("Sign out, here (`current`) or on another device")
        .description("The token stops working and its sockets are closed at once.")
}

async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    Path(SessionPath { id }): Path<SessionPath>,
) -> Result<With<NoContent>> {
    let session = sessions::named(&id, caller.session)?;
    sessions::end_session(&app, caller.user.id, session).await?;
    let mut headers = HeaderMap::new();
    if caller.session == Some(session) {
        headers.insert(header::SET_COOKIE, sessions::clear_session_cookie(&app));
    }
    Ok(With(headers, NoContent))
}
