//! The audit log and the bin.
//!
//! The audit log has no foreign keys, because an entry outlives what it is about, and no column is ever
//! updated. The bin has the rooms that were deleted and can be restored; it is a table of its own, because the
//! rows of rooms are rewritten with each message.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut table in [audit(), binned_rooms()] {
            if manager.get_database_backend() == DbBackend::MySql {
                table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
            }
            manager.create_table(table).await?;
        }
        for column in ["actor_id", "action"] {
            let mut index = Index::create();
            // The primary key is the second column, so that a page needs no sorting.
            index.name(format!("audit_{column}")).table("audit").col(column).col("id");
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("binned_rooms").to_owned()).await?;
        manager.drop_table(Table::drop().table("audit").to_owned()).await
    }
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit")
        .col(big_integer("id").auto_increment().primary_key())
        .col(big_integer("created_at"))
        .col(string_len("action", 32))
        // Null for the command line.
        .col(big_integer_null("actor_id"))
        .col(big_integer_null("user_id"))
        .col(big_integer_null("room_id"))
        // The name of the room at that time, because its row may be deleted.
        .col(string_len_null("room_name", 255))
        .col(string_len_null("old_value", 255))
        .col(string_len_null("new_value", 255))
        // An IPv6 address in text has at most 45 characters.
        .col(string_len_null("address", 45))
        .take()
}

fn binned_rooms() -> TableCreateStatement {
    Table::create()
        .table("binned_rooms")
        .col(big_integer("room_id").primary_key())
        .col(big_integer("binned_at"))
        .foreign_key(ForeignKey::create().from("binned_rooms", "room_id").to("rooms", "id"))
        .take()
}
