//! The index for jumping to a date.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEX: &str = "messages_room_id_created_at_seq";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::create();
        // Includes `seq`, because MySQL would otherwise sort all later messages to find the first by
        // time and `seq`.
        index.name(INDEX).table("messages").col("room_id").col("created_at").col("seq");
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).table("messages").to_owned()).await
    }
}
