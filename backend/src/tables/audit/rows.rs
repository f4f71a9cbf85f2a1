//! Whole rows, for archives.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

pub use super::entity::Model as AuditRow;
use super::entity::{Column, Entity};
use crate::tables::{database::Connection, database::Transaction};

/// The rows with a greater id, by id.
pub async fn audit_rows(
    db: &impl Connection,
    after: i64,
    limit: u64,
) -> Result<Vec<AuditRow>, DbErr> {
    let rows = Entity::find().filter(Column::Id.gt(after)).order_by_asc(Column::Id).limit(limit);
    rows.all(db).await
}

/// The number of rows.
pub async fn count_audit(db: &impl Connection) -> Result<u64, DbErr> {
    Entity::find().count(db).await
}

/// Inserts rows of an archive with their ids.
pub async fn insert_audit_rows(txn: &Transaction, rows: Vec<AuditRow>) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    Entity::insert_many(rows).exec_without_returning(txn).await.map(drop)
}
