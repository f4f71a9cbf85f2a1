//! Adds how far the search index of each room is. So far every transaction that wrote a message also indexed
//! it, so the index contains all messages that exist.
//!
//! A table of its own instead of a column of `rooms`: whoever indexes locks the row for the whole chunk,
//! and would otherwise hold up the messages of the room.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "search_positions";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// So that an interrupted upgrade starts again, except on MySQL, whose DDL commits.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(TABLE)
            .col(big_integer("room_id").primary_key())
            // The index contains the messages up to this `seq`.
            .col(big_integer("indexed_seq"))
            .foreign_key(
                ForeignKey::create()
                    .name("search_positions_room_id")
                    .from(TABLE, "room_id")
                    .to("rooms", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            );
        if manager.get_database_backend() == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(table).await?;
        let fill =
            format!("INSERT INTO {TABLE} (room_id, indexed_seq) SELECT id, last_seq FROM rooms");
        manager.get_connection().execute_unprepared(&fill).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).to_owned()).await
    }
}
