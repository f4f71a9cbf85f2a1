//! Reports of messages. A report has no copy of the text, which is gone when the message is deleted.

use sea_orm::{QuerySelect, entity::prelude::*};
use shared::{
    ids::{RoomId, Seq, UserId},
    messages::ReportState,
};

use crate::tables::{database::Connection, stored::Stored};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reports")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub room_id: i64,
    /// The number of the message.
    pub seq: i64,
    /// The author of the message, who does not see the report.
    pub author_id: i64,
    pub reporter_id: i64,
    pub reason: String,
    pub state: Stored<ReportState>,
    pub created_at: i64,
    pub closed_by: Option<i64>,
    pub closed_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A message with open reports.
#[derive(Clone, Copy, Debug)]
pub struct OpenReports {
    /// The number of the message.
    pub seq: Seq,
    /// The author of the message.
    pub author: UserId,
    /// The number of open reports.
    pub reports: i64,
}

/// The messages of a room with open reports.
pub async fn count_open_reports(
    db: &impl Connection,
    room: RoomId,
) -> Result<Vec<OpenReports>, DbErr> {
    let counts = Entity::find()
        .select_only()
        .column(Column::Seq)
        .column(Column::AuthorId)
        .column_as(Column::Id.count(), "reports")
        .filter(Column::RoomId.eq(room.0))
        .filter(Column::State.eq(Stored(ReportState::Open)))
        .group_by(Column::Seq)
        .group_by(Column::AuthorId);
    let counts = counts.into_tuple::<(i64, i64, i64)>().all(db).await?.into_iter();
    let open =
        |(seq, author, reports)| OpenReports { seq: Seq(seq), author: UserId(author), reports };
    Ok(counts.map(open).collect())
}
