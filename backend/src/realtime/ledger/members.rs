//! Joining and leaving.

use shared::{
    ids::{RoomId, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Row,
    problem::Code,
    rooms::{Member, MyRoom, ReadState},
};

use super::{Batch, Notice, Write};
use crate::{
    Result,
    tables::{members, users},
};

/// Come into a room. Being in it already is no error and no change.
pub struct Join {
    /// Which.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
}

/// Go out of a room, or be put out of it by an admin. Not being in it is no change.
pub struct Leave {
    /// Which.
    pub room: RoomId,
    /// Who goes.
    pub user: UserId,
    /// Who says so: the same, or an admin.
    pub by: UserId,
}

impl Write for Join {
    type Out = Member;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Member> {
        batch.room(self.room)?;
        let user = batch.user(self.user).await?;
        match batch.membership(self.room, self.user).await? {
            Some((row, _)) if !row.has_left => Ok(row.to_member(&user)),
            _ => enter(batch, self.room, &user).await,
        }
    }
}

/// Writes somebody into a room. Nothing that was said before counts as unread.
pub(super) async fn enter(
    batch: &mut Batch<'_>,
    room: RoomId,
    user: &users::Model,
) -> Result<Member> {
    let rev = batch.next_rev(room);
    batch.change_room(room, |room| room.member_count += 1);
    let state = batch.room(room)?.clone();
    let row = members::Model {
        room_id: room.0,
        user_id: user.id,
        joined_at: batch.now,
        has_left: false,
        read_seq: state.last_seq,
        rev: rev.0,
    };
    let member = row.to_member(user);
    batch.put_member(row, user.clone()).await?;
    batch.tell(room, rev, Row::Member(member.clone()));
    let mine = MyRoom {
        id: room,
        name: state.name,
        topic: state.topic,
        last_seq: state.last_seq.into(),
        last_rev: rev,
        read: ReadState { read_seq: state.last_seq.into(), unread: 0, mentions: 0 },
        role: member.role,
    };
    batch.notice(Notice::Personal(user.id.into(), ServerFrame::Joined { room: mine }));
    Ok(member)
}

impl Write for Leave {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.room(self.room)?;
        let is_own = self.by == self.user;
        if is_own {
            batch.user(self.by).await?
        } else {
            batch.admin(self.by).await?
        };
        let row = batch.membership(self.room, self.user).await?;
        let Some((row, user)) = row.filter(|(row, _)| !row.has_left) else {
            return if is_own { Ok(()) } else { Err(Code::NotFound.into()) };
        };
        let rev = batch.next_rev(self.room);
        batch.change_room(self.room, |room| room.member_count -= 1);
        let row = members::Model { has_left: true, rev: rev.0, ..row };
        let member = row.to_member(&user);
        batch.put_member(row, user).await?;
        let reason = if is_own { RemovedReason::Left } else { RemovedReason::Removed };
        batch.tell_gone(self.room, rev, Row::Member(member), reason);
        Ok(())
    }
}
