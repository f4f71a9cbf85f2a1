//! The admins' part of the server: its settings, invitations, accounts, rooms and the audit log.

use aide::{
    axum::{
        ApiRouter,
        routing::{delete_with, get_with, post_with},
    },
    transform::TransformOperation,
};
use shared::{paths, problem::Code};

use crate::{App, http::problems::of};

mod audit;
mod audit_export;
mod checks;
mod invitations;
mod people;
mod qr;
mod queries;
mod rooms;
mod routes;
mod server;

pub fn routes() -> ApiRouter<App> {
    ApiRouter::new().merge(server_routes()).merge(invitation_routes()).merge(routes::routes())
}

fn server_routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        paths::SERVER,
        get_with(server::get, |op| {
            doc(op, "getServer", "Get the name and the settings of the server").description(
                "Needs no authentication; then it contains only what people need to sign in and to sign up.",
            )
        })
        .post_with(server::set_up, |op| {
            doc(op, "setUpServer", "Name a server without accounts, and create its owner")
                .description("Needs no authentication.")
                .with(of(&[Code::AlreadySetUp, Code::TooManyRequests]))
        })
        .patch_with(server::patch, |op| {
            doc(op, "changeServer", "Change the settings of the server (admins)")
        }),
    )
}

fn invitation_routes() -> ApiRouter<App> {
    use invitations as i;
    let limited = &[Code::InvitationInvalid, Code::TooManyRequests];
    ApiRouter::new()
        .api_route(
            paths::INVITATIONS,
            get_with(i::list, |op| {
                doc(op, "listInvitations", "List my invitations, or all (admins), newest first")
                    .with(of(&[Code::AdminOnly]))
            })
            .post_with(i::create, |op| {
                doc(op, "createInvitation", "Invite people by a link")
                    .description(
                        "Members may invite members and guests if `sign_up` is `open` or `invited`, \
                         admins always; owners may also invite admins. Only this response contains the \
                         token.",
                    )
                    .with(of(&[Code::RankTooLow, Code::TooManyRequests]))
            }),
        )
        .api_route(
            paths::INVITATION,
            delete_with(i::revoke, |op| {
                doc(op, "revokeInvitation", "Revoke an invitation of mine, or any (admins)")
                    .description("Who has used it keeps their account and their rooms.")
            }),
        )
        .api_route(
            paths::INVITATION_PREVIEW,
            post_with(i::preview, |op| {
                doc(op, "previewInvitation", "See who invites")
                    .description("Needs no authentication.")
                    .with(of(&[Code::TooManyRequests]))
            }),
        )
        .api_route(
            paths::INVITATION_ACCEPT,
            post_with(i::accept, |op| {
                doc(op, "acceptInvitation", "Join the rooms of an invitation")
                    .description("My rank stays. An account uses an invitation once.")
                    .with(of(limited))
            }),
        )
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("server").summary(summary)
}
