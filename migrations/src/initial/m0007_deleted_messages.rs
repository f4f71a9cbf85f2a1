//! The index that counts the deleted messages after a read position.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEX: &str = "messages_deleted";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::create();
        index.name(INDEX).table("messages").col("room_id");
        if manager.get_database_backend() == DbBackend::MySql {
            // MySQL has no partial indices. This order skips the messages that are not deleted.
            index.col("deleted_at").col("seq");
        } else {
            // Inserting a message leaves a partial index unchanged. With `deleted_at` in it, counting
            // reads no table rows.
            index.col("seq").col("deleted_at").and_where(Expr::col("deleted_at").is_not_null());
        }
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).table("messages").to_owned()).await
    }
}
