//! Rooms and members. Writes go through the ledger.

use aide::{
    axum::{
        ApiRouter,
        routing::{get_with, post_with, put_with},
    },
    transform::TransformOperation,
};
use shared::{paths, problem::Code};

use crate::{App, http::problems};

mod access;
mod bin;
mod direct;
mod events;
mod handlers;
mod moderation;
mod people;
mod preferences;
pub mod queries;

pub use access::{Membership, RoomCaller, RoomPath, recheck_membership};
pub use bin::delete_room;
pub use handlers::{RoomFields, check_limit, create_room, update_room};

/// The errors of what only those may do who manage a room.
const MANAGE: &[Code] = &[Code::HostsOnly, Code::NotFound, Code::DirectRoom];
/// The errors of changing a room.
const CHANGE: &[Code] = &[
    Code::AdminOnly,
    Code::HostsOnly,
    Code::NotAMember,
    Code::NotFound,
    Code::DirectRoom,
    Code::RoomArchived,
    Code::RoomNameTaken,
];

pub fn routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::ROOMS,
            get_with(h::list, |op| {
                doc(op, "listRooms", "List the rooms that I may see, by id, in pages")
            })
            .post_with(h::post, |op| {
                doc(op, "createRoom", "Create a room and become its host (open rooms: admins)")
                    .with(problems::of(&[Code::AdminOnly, Code::RankTooLow, Code::RoomNameTaken]))
            }),
        )
        .api_route(
            paths::ROOM,
            get_with(h::get, |op| doc(op, "getRoom", "Get a room"))
                .put_with(h::put, |op| {
                    doc(op, "replaceRoom", "Change the name and topic of a room (hosts)")
                        .with(problems::of(CHANGE))
                })
                .patch_with(h::patch, |op| {
                    doc(op, "changeRoom", "Change a room (hosts; the topic: by policy; `is_default`: admins)")
                        .with(problems::of(CHANGE))
                        .with(problems::of(&[Code::TimedOut]))
                })
                .delete_with(bin::delete, |op| {
                    doc(op, "deleteRoom", "Delete a room and everything in it (hosts)")
                        .description(
                            "Nothing of the room can be read any more. It can be restored for 30 days, \
                             unless it is deleted for good.",
                        )
                        .with(problems::of(MANAGE))
                }),
        )
        .api_route(
            paths::BIN,
            get_with(bin::list, |op| {
                doc(op, "listBin", "List the deleted rooms that I may restore, by id, in pages")
            }),
        )
        .api_route(
            paths::RESTORE,
            post_with(bin::restore, |op| {
                doc(op, "restoreRoom", "Restore a deleted room with its members (hosts)")
                    .with(problems::of(&[Code::NotFound, Code::RoomNameTaken]))
            }),
        )
        .api_route(
            paths::MEMBERSHIP,
            put_with(h::join, |op| {
                doc(op, "joinRoom", "Join a room; no error if already a member")
                    .with(problems::of(&[Code::Banned]))
            })
            .delete_with(h::leave, |op| {
                doc(op, "leaveRoom", "Leave a room; no error if not a member")
            }),
        )
        .api_route(
            paths::MEMBERS,
            get_with(people::list_members, |op| {
                doc(op, "listMembers", "List the members of a room, and who is online")
                    .with(problems::of(&[Code::Unavailable]))
            }),
        )
        .api_route(
            paths::PEOPLE,
            get_with(people::list_people, |op| {
                doc(
                    op,
                    "listPeople",
                    "List users who share a room with me, or all, by a part of their name",
                )
                .with(problems::of(&[Code::RankTooLow, Code::Unavailable]))
            }),
        )
        .api_route(
            paths::MEMBER,
            put_with(h::add_member, |op| {
                doc(op, "addMember", "Add somebody to a room; no error if already a member").with(
                    problems::of(&[
                        Code::NotAMember,
                        Code::HostsOnly,
                        Code::RankTooLow,
                        Code::Banned,
                        Code::NotFound,
                    ]),
                )
            })
            .patch_with(h::set_role, |op| {
                doc(op, "setRole", "Change the role of a member (hosts)")
                    .with(problems::of(MANAGE))
                    .with(problems::of(&[Code::LastHost]))
            })
            .delete_with(h::remove_member, |op| {
                doc(op, "removeMember", "Remove a member from a room, or ban them (hosts)")
                    .with(problems::of(MANAGE))
                    .with(problems::of(&[Code::HostProtected]))
            }),
        )
        .merge(direct::routes())
        .merge(preferences::routes())
        .merge(events::routes())
        .merge(moderation::routes())
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("rooms").summary(summary)
}
