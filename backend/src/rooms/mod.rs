//! Rooms and members. Writes go through the ledger.

use aide::{
    axum::{
        ApiRouter,
        routing::{delete_with, get_with, put_with},
    },
    transform::TransformOperation,
};
use shared::{paths, problem::Code};

use crate::{App, http::problems};

mod access;
mod handlers;
pub mod queries;

pub use access::{Membership, RoomPath, recheck_membership};
pub use handlers::{RoomFields, check_limit, create_room, delete_room, update_room};

pub fn routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::ROOMS,
            get_with(h::list, |op| doc(op, "listRooms", "List all rooms by id, in pages"))
                .post_with(h::post, |op| {
                    doc(op, "createRoom", "Create a room and join it (admins)")
                        .with(problems::of(&[Code::RoomNameTaken]))
                }),
        )
        .api_route(
            paths::ROOM,
            get_with(h::get, |op| doc(op, "getRoom", "Get a room"))
                .put_with(h::put, |op| {
                    doc(op, "replaceRoom", "Change the name and topic of a room (admins)")
                        .with(problems::of(&[Code::NotFound, Code::RoomNameTaken]))
                })
                .patch_with(h::patch, |op| {
                    doc(op, "changeRoom", "Change the name or topic of a room (admins)")
                        .with(problems::of(&[Code::NotFound, Code::RoomNameTaken]))
                })
                .delete_with(h::delete, |op| {
                    doc(op, "deleteRoom", "Delete a room and everything in it (admins)")
                        .with(problems::of(&[Code::NotFound]))
                }),
        )
        .api_route(
            paths::MEMBERSHIP,
            put_with(h::join, |op| {
                doc(op, "joinRoom", "Join a room; no error if already a member")
            })
            .delete_with(h::leave, |op| {
                doc(op, "leaveRoom", "Leave a room; no error if not a member")
            }),
        )
        .api_route(
            paths::MEMBERS,
            get_with(h::list_members, |op| {
                doc(op, "listMembers", "List the members of a room, and who is online")
            }),
        )
        .api_route(
            paths::PEOPLE,
            get_with(h::list_people, |op| {
                doc(
                    op,
                    "listPeople",
                    "List users who share a room with me, by a part of their name",
                )
                .with(problems::of(&[Code::Unavailable]))
            }),
        )
        .api_route(
            paths::MEMBER,
            delete_with(h::remove_member, |op| {
                doc(op, "removeMember", "Remove a member from a room (admins)")
                    .with(problems::of(&[Code::NotFound]))
            }),
        )
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("rooms").summary(summary)
}
