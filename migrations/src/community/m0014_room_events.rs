//! Adds the lines that the timeline of a room shows between messages: who joined, who renamed it and so on.
//!
//! The accounts have no foreign keys, because rows of accounts are written together with other locks.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = room_events();
        if manager.get_database_backend() == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(table).await?;
        let mut index = Index::create();
        // Pages read by message, and events after the same message by `rev`.
        index.name("room_events_after_seq").table("room_events");
        index.col("room_id").col("after_seq").col("rev");
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("room_events").to_owned()).await
    }
}

fn room_events() -> TableCreateStatement {
    Table::create()
        .table("room_events")
        .col(big_integer("room_id"))
        .col(big_integer("rev"))
        // The newest message of the room at that time.
        .col(big_integer("after_seq"))
        .col(string_len("kind", 16))
        .col(big_integer("actor_id"))
        .col(big_integer_null("user_id"))
        .col(string_len_null("old_value", 255))
        .col(string_len_null("new_value", 255))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("room_id").col("rev"))
        .foreign_key(ForeignKey::create().from("room_events", "room_id").to("rooms", "id"))
        .take()
}
