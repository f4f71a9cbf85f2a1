//! Decides whether the room sees that a member is typing: only if the member could post.

use std::collections::BTreeSet;

use shared::{
    access::{Action, RoomKind, may},
    ids::RoomId,
    users::User,
};

use crate::{
    Result,
    tables::{Connection, now, refused_rooms, room_view},
};

/// Whether the others may see that a user is typing in a room.
pub async fn may_type(db: &impl Connection, user: &User, room: RoomId) -> Result<bool> {
    let Some(view) = room_view(db, room, user.id).await? else { return Ok(false) };
    let member = view.member();
    let is_timed_out = member.timed_out_until.is_some_and(|until| until > now());
    let may_post = may(user.rank, &view.access(), member.current_role(), Action::Post);
    if is_timed_out || !may_post {
        return Ok(false);
    }
    let is_of_two = view.kind.0 == RoomKind::Direct && view.member_count == 2;
    Ok(!is_of_two || refused_rooms(db, BTreeSet::from([room])).await?.is_empty())
}
