//! Bans and reports, which archives store with the member and the message that they are about.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};

use super::super::lines::{Ban, Member, Message, Report};
use crate::tables::{Stored, Transaction, reports, room_bans, to_timestamp};

/// The bans of a room from one user id to another, both included.
pub async fn bans_by_user(
    txn: &Transaction,
    room: i64,
    (from, to): (i64, i64),
) -> Result<HashMap<i64, Ban>, DbErr> {
    let rows = room_bans::Entity::find()
        .filter(room_bans::Column::RoomId.eq(room))
        .filter(room_bans::Column::UserId.between(from, to))
        .all(txn)
        .await?;
    let ban = |row: room_bans::Model| {
        (row.user_id, Ban { by: row.banned_by, created_at: to_timestamp(row.created_at) })
    };
    Ok(rows.into_iter().map(ban).collect())
}

/// The reports of a room by message, from one `seq` to another, both included.
pub async fn reports_by_seq(
    txn: &Transaction,
    room: i64,
    (from, to): (i64, i64),
) -> Result<HashMap<i64, Vec<Report>>, DbErr> {
    use reports::Column as C;
    let rows = reports::Entity::find()
        .filter(C::RoomId.eq(room))
        .filter(C::Seq.between(from, to))
        .order_by_asc(C::Seq)
        .order_by_asc(C::ReporterId)
        .all(txn)
        .await?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        found.entry(row.seq).or_default().push(row.into());
    }
    Ok(found)
}

impl From<reports::Model> for Report {
    fn from(row: reports::Model) -> Self {
        let reports::Model {
            // Generated anew.
            id: _,
            room_id: _,
            seq: _,
            // That of the message.
            author_id: _,
            reporter_id: reporter,
            reason,
            state: Stored(state),
            created_at,
            closed_by,
            closed_at,
        } = row;
        let (created_at, closed_at) = (to_timestamp(created_at), closed_at.map(to_timestamp));
        Self { reporter, reason, state, created_at, closed_by, closed_at }
    }
}

impl Member {
    /// The row of the ban, if there is one. That of a current member is left out, because a member is not banned:
    /// older versions left the ban of an admin who entered the room again.
    pub fn ban_row(&self) -> Option<room_bans::Model> {
        let ban = self.ban.as_ref().filter(|_| self.left)?;
        Some(room_bans::Model {
            room_id: self.room,
            user_id: self.user,
            banned_by: ban.by,
            created_at: ban.created_at.timestamp_micros(),
        })
    }
}

impl Message {
    /// The rows of the reports, for which the database generates ids.
    pub fn report_rows(&self) -> impl Iterator<Item = reports::ActiveModel> {
        self.reports.iter().map(move |report| reports::ActiveModel {
            id: NotSet,
            room_id: Set(self.room),
            seq: Set(self.seq),
            author_id: Set(self.user),
            reporter_id: Set(report.reporter),
            reason: Set(report.reason.clone()),
            state: Set(Stored(report.state)),
            created_at: Set(report.created_at.timestamp_micros()),
            closed_by: Set(report.closed_by),
            closed_at: Set(report.closed_at.map(|at| at.timestamp_micros())),
        })
    }
}
