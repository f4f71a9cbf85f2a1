//! Joining, leaving, and how far somebody has read.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, sea_query::OnConflict,
};
use shared::{
    ids::{RoomId, Seq, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Row,
    problem::Code,
    rooms::{Member, MyRoom, ReadState},
};

use super::{Batch, Notice, Write};
use crate::{
    Result,
    tables::{members, mentions, users},
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

/// I have read up to here.
pub struct MarkRead {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// Up to where; at most the newest message.
    pub seq: Seq,
}

impl Write for Join {
    type Out = Member;

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Member> {
        batch.room(self.room).await?;
        let user = batch.user(self.user).await?;
        match batch.membership(self.room, self.user).await? {
            Some(row) if !row.has_left => Ok(row.of(&user)),
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
    let state = batch.room(room).await?.clone();
    let row = members::Model {
        room_id: room.0,
        user_id: user.id,
        joined_at: batch.now,
        has_left: false,
        read_seq: state.last_seq,
        rev: rev.0,
    };
    put(batch, &row).await?;
    let member = row.of(user);
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

    async fn write(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.room(self.room).await?;
        let is_own = self.by == self.user;
        if is_own {
            batch.user(self.by).await?
        } else {
            batch.admin(self.by).await?
        };
        let row = batch.membership(self.room, self.user).await?;
        let Some(row) = row.filter(|row| !row.has_left) else {
            return if is_own { Ok(()) } else { Err(Code::NotFound.into()) };
        };
        let user = users::Entity::find_by_id(self.user.0).one(batch.txn).await?;
        let user = user.ok_or(Code::NotFound)?;
        let rev = batch.next_rev(self.room);
        batch.change_room(self.room, |room| room.member_count -= 1);
        let row = members::Model { has_left: true, rev: rev.0, ..row };
        put(batch, &row).await?;
        batch.tell(self.room, rev, Row::Member(row.of(&user)));
        let reason = if is_own { RemovedReason::Left } else { RemovedReason::Removed };
        batch.notice(Notice::Removed(self.room, Some(self.user), reason));
        Ok(())
    }
}

async fn put(batch: &Batch<'_>, row: &members::Model) -> Result<()> {
    use members::Column::{HasLeft, JoinedAt, ReadSeq, Rev, RoomId, UserId};
    let update = OnConflict::columns([RoomId, UserId])
        .update_columns([JoinedAt, HasLeft, ReadSeq, Rev])
        .to_owned();
    let row = members::ActiveModel {
        room_id: Set(row.room_id),
        user_id: Set(row.user_id),
        joined_at: Set(row.joined_at),
        has_left: Set(row.has_left),
        read_seq: Set(row.read_seq),
        rev: Set(row.rev),
    };
    members::Entity::insert(row).on_conflict(update).exec_without_returning(batch.txn).await?;
    Ok(())
}

impl Write for MarkRead {
    type Out = ReadState;

    async fn write(&self, batch: &mut Batch<'_>) -> Result<ReadState> {
        let last_seq = Seq(batch.room(self.room).await?.last_seq);
        let (member, _) = batch.member(self.room, self.user).await?;
        let read_seq = self.seq.min(last_seq).max(Seq(member.read_seq));
        let mentions = mentions::Entity::find()
            .filter(mentions::Column::UserId.eq(self.user.0))
            .filter(mentions::Column::RoomId.eq(self.room.0))
            .filter(mentions::Column::Seq.gt(read_seq.0));
        let read = ReadState {
            read_seq,
            unread: last_seq.0 - read_seq.0,
            mentions: mentions.count(batch.txn).await? as i64,
        };
        if read_seq > Seq(member.read_seq) {
            let row = members::ActiveModel {
                room_id: Set(self.room.0),
                user_id: Set(self.user.0),
                read_seq: Set(read_seq.0),
                ..Default::default()
            };
            members::Entity::update(row).exec_without_returning(batch.txn).await?;
            let frame = ServerFrame::Read { room: self.room, read };
            batch.notice(Notice::Personal(self.user, frame));
        }
        Ok(read)
    }
}
