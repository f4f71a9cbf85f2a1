//! The settings of the server, and invitations.

use gloo_net::http::Method;
use serde::Deserialize;
use shared::{
    admission::{
        AcceptedInvitation, CreatedInvitation, InvitationList, InvitationPreview,
        InvitationRequest, NewInvitation, PatchServer, Server, SetUp,
    },
    ids::InvitationId,
    paths::{self, fill},
    users::{InvitationToken, User},
};

use super::{Result, delete, get, send_json};

/// What every page needs of `GET /server`. Decoding the rest would enlarge the first load.
#[derive(Clone, Debug, Deserialize)]
pub struct ServerSummary {
    pub name: String,
    pub is_set_up: bool,
}

pub async fn get_server_summary() -> Result<ServerSummary> {
    get(paths::SERVER).await
}

pub async fn get_server() -> Result<Server> {
    get(paths::SERVER).await
}

pub async fn set_up(request: SetUp) -> Result<User> {
    send_json(Method::POST, paths::SERVER, request).await
}

pub async fn change_server(change: PatchServer) -> Result<Server> {
    send_json(Method::PATCH, paths::SERVER, change).await
}

/// My newest invitations.
pub async fn list_invitations() -> Result<InvitationList> {
    get(paths::INVITATIONS).await
}

pub async fn create_invitation(new: NewInvitation) -> Result<CreatedInvitation> {
    send_json(Method::POST, paths::INVITATIONS, new).await
}

pub async fn revoke_invitation(id: InvitationId) -> Result<()> {
    delete(&fill(paths::INVITATION, &[&id])).await
}

pub async fn preview_invitation(token: InvitationToken) -> Result<InvitationPreview> {
    send_json(Method::POST, paths::INVITATION_PREVIEW, InvitationRequest { token }).await
}

/// Joins the rooms of an invitation. It may be repeated.
pub async fn accept_invitation(token: InvitationToken) -> Result<AcceptedInvitation> {
    send_json(Method::POST, paths::INVITATION_ACCEPT, InvitationRequest { token }).await
}
