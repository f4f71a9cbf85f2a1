//! Whole rows, for the ledger and for archives.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::entity::{Column, Entity, Model};
use crate::tables::{database::Connection, database::Transaction};

/// The maximum number of rows in one statement, within the parameter limits of all databases.
const BATCH_ROWS: usize = 500;

/// Inserts rows.
pub async fn insert_room_events(txn: &Transaction, rows: Vec<Model>) -> Result<(), DbErr> {
    for rows in rows.chunks(BATCH_ROWS) {
        let rows = rows.iter().cloned().map(|row| row.into_active_model().reset_all());
        Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// The rows of a room with a greater `rev`, by `rev`.
pub async fn room_event_rows(
    db: &impl Connection,
    room: i64,
    after: i64,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::RoomId.eq(room))
        .filter(Column::Rev.gt(after))
        .order_by_asc(Column::Rev)
        .limit(limit)
        .all(db)
        .await
}
