//! The endpoints of accounts, rooms and the audit log, with their documentation.

use aide::{
    axum::{
        ApiRouter,
        routing::{delete_with, get_with, post_with},
    },
    transform::TransformOperation,
};
use shared::{paths, problem::Code};

use super::{audit, people, rooms};
use crate::{App, http::problems::of};

/// The endpoints of the administration.
pub fn routes() -> ApiRouter<App> {
    people_routes().merge(room_routes()).merge(audit_routes())
}

fn people_routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::USERS,
            get_with(people::list, |op| {
                doc(op, "listUsers", "users", "List the accounts, by id, in pages (admins)")
                    .with(of(&[Code::Unavailable]))
            }),
        )
        .api_route(
            paths::USER_SIGN_OUT,
            post_with(people::sign_out, |op| {
                doc(op, "signOutUser", "users", "Sign an account out everywhere (admins)")
                    .description(
                        "Ends all sessions of the account and closes their sockets. HTTP Basic is not \
                         affected, because it sends the password with each request: set another \
                         password or disable the account to end it. Only an owner may do this to \
                         another admin.",
                    )
                    .with(of(&[Code::OwnerOnly, Code::NotFound]))
            }),
        )
        .api_route(
            paths::USER_PASSWORD,
            post_with(people::set_password, |op| {
                doc(op, "resetPassword", "users", "Set a random password for an account (admins)")
                    .description(
                        "The response is the only one that contains the password. All access of the \
                         account ends. Only an owner may do this to an admin, and nobody to themselves.",
                    )
                    .with(of(&[Code::OwnerOnly, Code::RankTooLow, Code::NotFound]))
            }),
        )
}

fn room_routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::ADMIN_ROOMS,
            get_with(rooms::list, |op| {
                doc(op, "listAllRooms", "admin", "List the open and private rooms, by id, in pages")
                    .description(
                        "Private rooms are listed with their names, by which admins recognize them, but \
                         without topics. Direct rooms are never listed.",
                    )
                    .with(of(&[Code::Unavailable]))
            }),
        )
        .api_route(
            paths::ADMIN_ROOM,
            delete_with(rooms::delete, |op| {
                doc(op, "deleteAbandonedRoom", "admin", "Delete a private room without members")
                    .description("Open rooms are deleted as by `DELETE /rooms/{id}`.")
                    .with(of(&[Code::NotFound, Code::RoomHasMembers]))
            }),
        )
        .api_route(
            paths::ADMIN_ROOM_ENTER,
            post_with(rooms::enter, |op| {
                doc(op, "enterRoom", "admin", "Become a member of a private room")
                    .description(
                        "The caller becomes its host if it has none. Its members see the new member, and \
                         the audit log has an entry. An open room is joined; a direct room does not \
                         exist.",
                    )
                    .with(of(&[Code::NotFound, Code::RoomArchived]))
            }),
        )
}

fn audit_routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::AUDIT,
            get_with(audit::list, |op| {
                doc(op, "listAudit", "admin", "Read the audit log, newest first, in pages")
                    .description(
                        "The log is written together with each change and never changed. It has nothing \
                         about direct rooms.",
                    )
                    .with(of(&[Code::Unavailable]))
            }),
        )
        .api_route(
            paths::AUDIT_EXPORT,
            get_with(audit::export, |op| {
                doc(op, "exportAudit", "admin", "Download the audit log, oldest first")
                    .description(
                        "`jsonl` has one `AuditEntry` per line. `csv` has the columns `id`, \
                         `created_at`, `action`, `actor_id`, `actor`, `user_id`, `user`, `room_id`, \
                         `room`, `from`, `to` and `address`, quoted as in the export of a room. The file \
                         ends with the newest entry at the time of the request. If the caller is no \
                         longer an admin or is signed out, the connection closes before the end of the \
                         body.",
                    )
                    .with(of(&[Code::Unavailable]))
            }),
        )
}

fn doc<'t>(
    op: TransformOperation<'t>,
    id: &str,
    tag: &str,
    summary: &str,
) -> TransformOperation<'t> {
    op.id(id).tag(tag).summary(summary).with(of(&[Code::TooManyRequests]))
}
