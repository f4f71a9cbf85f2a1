//! Who comes in: the settings of the server, sign-up, invitations, e-mail addresses.

use serde_json::{Value, json};
use shared::{admission::CreatedInvitation, paths};

use crate::fixture::{Client, PASSWORD, Response};

mod default_rooms;
mod email;
mod invitations;
mod refused;
mod server;
mod used;

/// A request for an account.
fn account(name: &str) -> Value {
    json!({"username": name, "password": PASSWORD})
}

async fn invite(by: &Client, request: Value) -> CreatedInvitation {
    by.post(paths::INVITATIONS, request).await.expect_json(201)
}

/// Registers an account with an invitation.
async fn register_with(anon: &Client, name: &str, token: &str) -> Response {
    let mut request = account(name);
    request["invitation"] = token.into();
    anon.post(paths::USERS, request).await
}

async fn accept(client: &Client, token: &str) -> Response {
    client.post(paths::INVITATION_ACCEPT, json!({"token": token})).await
}

async fn preview(client: &Client, token: &str) -> Response {
    client.post(paths::INVITATION_PREVIEW, json!({"token": token})).await
}

async fn change_server(admin: &Client, change: Value) {
    admin.patch(paths::SERVER, change).await.expect_status(200);
}
