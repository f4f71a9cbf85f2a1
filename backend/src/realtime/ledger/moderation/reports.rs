//! Reports of messages, which the hosts of the room see.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter,
};
use shared::{
    access::{Action, Role},
    administration::AuditAction,
    ids::{ReportId, RoomId, Seq, UserId},
    live::ServerFrame,
    messages::ReportState,
    problem::{Code, FieldError},
};

use super::super::{Batch, RoomWrite, members::current_rows, messages::find_message};
use crate::{
    Result,
    realtime::hub::NodeEvent,
    tables::{AuditRecord, Stored, audit_all, count_open_reports, members, reports},
};

/// Reports a message. Does nothing if the same person reported it before.
pub struct ReportMessage {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// The caller, who can read it.
    pub by: UserId,
    /// The reason, validated by `shared::messages::validate_reason`.
    pub reason: String,
}

/// Resolves or dismisses a report.
pub struct CloseReport {
    /// The room.
    pub room: RoomId,
    /// The report.
    pub report: ReportId,
    /// The caller, who manages the room and did not write the message.
    pub by: UserId,
    /// `Resolved` or `Dismissed`.
    pub state: ReportState,
}

impl RoomWrite for ReportMessage {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        let (_, member) = batch.authorize(self.room, self.by, Action::Report).await?;
        let message = find_message(batch, (self.room, self.seq), member.as_ref()).await?;
        if message.deleted_at.is_some() {
            return Err(Code::MessageDeleted.into());
        }
        if message.user_id == self.by.0 {
            return Err(FieldError::new("seq", "is the number of your own message").into());
        }
        let before = reports::Entity::find()
            .filter(reports::Column::RoomId.eq(self.room.0))
            .filter(reports::Column::Seq.eq(self.seq.0))
            .filter(reports::Column::ReporterId.eq(self.by.0));
        if before.one(batch.txn).await?.is_some() {
            return Ok(());
        }
        let report = reports::ActiveModel {
            id: NotSet,
            room_id: Set(self.room.0),
            seq: Set(self.seq.0),
            author_id: Set(message.user_id),
            reporter_id: Set(self.by.0),
            reason: Set(self.reason.clone()),
            state: Set(Stored(ReportState::Open)),
            created_at: Set(batch.now),
            closed_by: Set(None),
            closed_at: Set(None),
        };
        reports::Entity::insert(report).exec_without_returning(batch.txn).await?;
        publish_counts(batch, self.room, (self.seq, UserId(message.user_id))).await
    }
}

impl RoomWrite for CloseReport {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        let (_, member) = batch.authorize(self.room, self.by, Action::Manage).await?;
        let first_seq = member.map_or(1, |member| member.visible_from);
        let report = reports::Entity::find_by_id(self.report.0)
            .filter(reports::Column::RoomId.eq(self.room.0))
            .filter(reports::Column::Seq.gte(first_seq))
            .filter(reports::Column::AuthorId.ne(self.by.0));
        let report = report.one(batch.txn).await?.ok_or(Code::NotFound)?;
        if report.state.0 == self.state {
            return Ok(());
        }
        let closed = reports::ActiveModel {
            id: Set(report.id),
            state: Set(Stored(self.state)),
            closed_by: Set(Some(self.by.0)),
            closed_at: Set(Some(batch.now)),
            ..Default::default()
        };
        reports::Entity::update(closed).exec_without_returning(batch.txn).await?;
        // Without the author, who may be an admin and read it.
        let room = batch.room(self.room)?;
        let record = AuditRecord::in_room(AuditAction::ReportClosed, self.by, room);
        audit_all(batch.txn, record.map(|record| record.new_value(self.state))).await?;
        let message = (Seq(report.seq), UserId(report.author_id));
        publish_counts(batch, self.room, message).await
    }
}

/// Tells each host who sees the reports of a message, after the commit, how many open reports they see.
async fn publish_counts(
    batch: &mut Batch<'_>,
    room: RoomId,
    (seq, author): (Seq, UserId),
) -> Result<()> {
    let counts = count_open_reports(batch.txn, room).await?;
    let hosts = current_rows(room)
        .filter(members::Column::Role.eq(Stored(Role::Host)))
        .filter(members::Column::VisibleFrom.lte(seq.0))
        .filter(members::Column::UserId.ne(author.0));
    for host in hosts.all(batch.txn).await? {
        let (user, first_seq) = (UserId(host.user_id), Seq(host.visible_from));
        let seen = counts.iter().filter(|it| it.seq >= first_seq && it.author != user);
        let open = seen.map(|it| it.reports).sum();
        batch.publish(NodeEvent::ToUser { user, frame: ServerFrame::Reported { room, open } });
    }
    Ok(())
}
