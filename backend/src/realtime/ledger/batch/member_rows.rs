//! The member rows of a batch.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, OnConflict, all},
};
use shared::{
    ids::{RoomId, UserId},
    live::ServerFrame,
};

use super::{Batch, row_cache::MemberKey};
use crate::{
    Result,
    realtime::hub::NodeEvent,
    tables::{members, users},
};

impl Batch<'_> {
    /// Reads those member rows that are not in the cache, with one query.
    pub(in crate::realtime::ledger) async fn load_members(
        &mut self,
        keys: impl Iterator<Item = MemberKey>,
    ) -> Result<()> {
        let missing = keys.filter(|key| !self.rows.members.contains_key(key));
        let missing: BTreeSet<MemberKey> = missing.collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut any = Condition::any();
        for (room, user) in &missing {
            any = any
                .add(all![members::Column::RoomId.eq(room.0), members::Column::UserId.eq(user.0)]);
        }
        let rows = members::Entity::find()
            .filter(any)
            .find_also_related(users::Entity)
            .all(self.txn)
            .await?;
        self.rows.members.extend(missing.into_iter().map(|key| (key, None)));
        for (member, user) in rows {
            let key = (RoomId(member.room_id), UserId(member.user_id));
            self.rows.members.insert(key, user.map(|user| (member, user)));
        }
        Ok(())
    }

    /// A user's member row, which stays after they leave.
    pub async fn member_row(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<(members::Model, users::Model)>> {
        self.load_members([(room, user)].into_iter()).await?;
        Ok(self.rows.members.get(&(room, user)).cloned().flatten())
    }

    /// Inserts or updates a member row. The row replaces a pending read mark of the member, which
    /// [`Batch::flush`] then neither writes nor sends.
    pub(in crate::realtime::ledger) async fn upsert_member(
        &mut self,
        row: members::Model,
        user: users::Model,
    ) -> Result<()> {
        use members::Column as C;
        let update = OnConflict::columns([C::RoomId, C::UserId])
            .update_columns([C::JoinedAt, C::HasLeft, C::LeftSeq, C::ReadSeq, C::Rev])
            .update_columns([C::Role, C::Rank, C::VisibleFrom, C::Favourite, C::IsMuted])
            .update_columns([C::PublishedProfile])
            .to_owned();
        let model = members::ActiveModel::from(row.clone()).reset_all();
        members::Entity::insert(model).on_conflict(update).exec_without_returning(self.txn).await?;
        let key = (RoomId(row.room_id), UserId(row.user_id));
        self.read_marks.remove(&key);
        self.rows.members.insert(key, Some((row, user)));
        Ok(())
    }

    /// Reads the preferences of a user in some rooms again after this transaction wrote them, and tells all
    /// of their devices.
    pub(in crate::realtime::ledger) async fn publish_preferences(
        &mut self,
        user: UserId,
        rooms: impl IntoIterator<Item = RoomId>,
    ) -> Result<()> {
        use members::Column as C;
        let rows = members::Entity::find()
            .filter(C::UserId.eq(user.0))
            .filter(C::RoomId.is_in(rooms.into_iter().map(|room| room.0)))
            .filter(C::HasLeft.eq(false))
            .order_by_asc(C::RoomId)
            .all(self.txn)
            .await?;
        for row in rows {
            let room = RoomId(row.room_id);
            if let Some(Some((member, _))) = self.rows.members.get_mut(&(room, user)) {
                (member.favourite, member.is_muted) = (row.favourite, row.is_muted);
            }
            let (favourite, muted) = (row.favourite, row.is_muted);
            let frame = ServerFrame::Preferences { room, favourite, muted };
            self.publish(NodeEvent::ToUser { user, frame });
        }
        Ok(())
    }

    /// Writes the role, the time-out, the rev and what was published of an existing member row. Leaves the
    /// read mark, which the batch may have pending.
    pub(in crate::realtime::ledger) async fn update_member_row(
        &mut self,
        row: &members::Model,
    ) -> Result<()> {
        use members::Column as C;
        members::Entity::update_many()
            .col_expr(C::Role, Expr::value(row.role))
            .col_expr(C::Rank, Expr::value(row.rank))
            .col_expr(C::PublishedProfile, row.published_profile.into())
            .col_expr(C::TimedOutUntil, Expr::value(row.timed_out_until))
            .col_expr(C::Rev, row.rev.into())
            .filter(C::RoomId.eq(row.room_id))
            .filter(C::UserId.eq(row.user_id))
            .exec(self.txn)
            .await?;
        let key = (RoomId(row.room_id), UserId(row.user_id));
        if let Some(Some((member, _))) = self.rows.members.get_mut(&key) {
            (member.role, member.rank, member.rev) = (row.role, row.rank, row.rev);
            member.published_profile = row.published_profile;
            member.timed_out_until = row.timed_out_until;
        }
        Ok(())
    }

    /// Writes that a member posts now, for slow mode.
    pub(in crate::realtime::ledger) async fn set_last_post(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Result<()> {
        use members::Column as C;
        members::Entity::update_many()
            .col_expr(C::LastPostAt, Expr::value(self.now))
            .filter(C::RoomId.eq(room.0))
            .filter(C::UserId.eq(user.0))
            .exec(self.txn)
            .await?;
        if let Some(Some((member, _))) = self.rows.members.get_mut(&(room, user)) {
            member.last_post_at = Some(self.now);
        }
        Ok(())
    }
}
