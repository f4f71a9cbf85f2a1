//! The events of a batch: what the timeline shows of its changes.

use sea_orm::EntityTrait;
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    messages::{Change, Row},
    problem::Code,
    rooms::{Member, RoomEvent, RoomEventKind},
    users::UserRef,
};

use super::Batch;
use crate::{
    Result,
    realtime::hub::{NodeEvent, RoomChange},
    tables::{Stored, members, room_events, users},
};

/// An event that has no number yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The kind of the change.
    pub kind: RoomEventKind,
    /// The account that made the change.
    pub by: UserRef,
    /// To whom it was done.
    pub user: Option<UserRef>,
    /// The old and the new name of a renamed room.
    pub names: Option<(String, String)>,
}

impl NewEvent {
    /// An event of this kind, by this account.
    pub fn new(kind: RoomEventKind, by: UserRef) -> Self {
        Self { kind, by, user: None, names: None }
    }

    /// To whom they did it.
    pub fn for_user(self, user: &users::Model) -> Self {
        Self { user: Some(user.to_ref()), ..self }
    }
}

impl Batch<'_> {
    /// The reference to somebody who changes a room, who need not be in it.
    pub(in crate::realtime::ledger) async fn actor(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Result<UserRef> {
        if let Some((_, user)) = self.member_row(room, user).await? {
            return Ok(user.to_ref());
        }
        let user = users::Entity::find_by_id(user.0).one(self.txn).await?;
        Ok(user.ok_or(Code::Unauthenticated)?.to_ref())
    }

    /// Publishes a row's new state to the room after the commit, with its event, which
    /// [`Batch::flush`](super::Batch::flush) writes.
    pub(in crate::realtime::ledger) fn publish_event(
        &mut self,
        room: RoomId,
        rev: Rev,
        row: Row,
        event: Option<NewEvent>,
    ) -> Result<()> {
        let event = self.add_event(room, rev, event)?;
        let change = Change { rev, row, event };
        self.publish(NodeEvent::Change(RoomChange::new(room, change)));
        Ok(())
    }

    /// Publishes a member's new state to the room after the commit, with its event.
    pub(in crate::realtime::ledger) fn publish_member(
        &mut self,
        row: &members::Model,
        member: Member,
        event: Option<NewEvent>,
    ) -> Result<()> {
        let (room, rev, left_seq) = (RoomId(row.room_id), Rev(row.rev), row.left_seq.map(Seq));
        let event = self.add_event(room, rev, event)?;
        let change = RoomChange::new(room, Change { rev, row: Row::Member(member), event });
        self.publish(NodeEvent::Change(RoomChange { left_seq, ..change }));
        Ok(())
    }

    /// Adds an event to those of the batch.
    pub(super) fn add_event(
        &mut self,
        room: RoomId,
        rev: Rev,
        event: Option<NewEvent>,
    ) -> Result<Option<Box<RoomEvent>>> {
        let Some(NewEvent { kind, by, user, names }) = event else { return Ok(None) };
        let (old_value, new_value) = names.unzip();
        let row = room_events::Model {
            room_id: room.0,
            rev: rev.0,
            after_seq: self.room(room)?.last_seq,
            kind: Stored(kind),
            actor_id: by.id.0,
            user_id: user.as_ref().map(|user| user.id.0),
            old_value,
            new_value,
            created_at: self.now,
        };
        self.room_events.push(row.clone());
        Ok(Some(Box::new(row.into_event(by, user))))
    }
}
