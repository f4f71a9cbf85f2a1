//! Rooms and who is in them. Reads its own tables; writes through the ledger.

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

pub use access::{Membership, RoomPath};
pub use handlers::{check_limit, create, remove, resume_deletions, update};

/// The room endpoints.
pub fn routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::ROOMS,
            get_with(h::list, |op| doc(op, "listRooms", "All rooms, by number, a page at a time"))
                .post_with(h::post, |op| {
                    doc(op, "createRoom", "Make a room (admins); its maker is in it")
                        .with(problems::of(&[Code::RoomNameTaken]))
                }),
        )
        .api_route(
            paths::ROOM,
            get_with(h::get, |op| doc(op, "getRoom", "One room"))
                .put_with(h::put, |op| {
                    doc(op, "replaceRoom", "Give a room another name and topic (admins)")
                        .with(problems::of(&[Code::NotFound, Code::RoomNameTaken]))
                })
                .patch_with(h::patch, |op| {
                    doc(op, "changeRoom", "Give a room another name or topic (admins)")
                        .with(problems::of(&[Code::NotFound, Code::RoomNameTaken]))
                })
                .delete_with(h::delete, |op| {
                    doc(op, "deleteRoom", "Delete a room and everything in it, for ever (admins)")
                        .with(problems::of(&[Code::NotFound]))
                }),
        )
        .api_route(
            paths::MEMBERSHIP,
            put_with(h::join, |op| doc(op, "joinRoom", "Come into a room; no error if in it"))
                .delete_with(h::leave, |op| {
                    doc(op, "leaveRoom", "Go out of a room; no error if not in it")
                }),
        )
        .api_route(
            paths::MEMBERS,
            get_with(h::members, |op| {
                doc(op, "listMembers", "Who is in a room, and who is online")
            }),
        )
        .api_route(
            paths::PEOPLE,
            get_with(h::people, |op| {
                doc(op, "listPeople", "Who is in any room with me, by a part of their name")
                    .with(problems::of(&[Code::Unavailable]))
            }),
        )
        .api_route(
            paths::MEMBER,
            delete_with(h::expel, |op| {
                doc(op, "removeMember", "Put somebody out of a room (admins)")
                    .with(problems::of(&[Code::NotFound]))
            }),
        )
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("rooms").summary(summary)
}
