//! Time-outs, the times that slow mode needs, bans and reports.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in columns() {
            let mut alter = Table::alter();
            manager.alter_table(alter.table("members").add_column(&mut column).take()).await?;
        }
        for mut table in [room_bans(), reports()] {
            if manager.get_database_backend() == DbBackend::MySql {
                table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
            }
            manager.create_table(table).await?;
        }
        let mut index = Index::create();
        // Finds the report of a person, and counts the reports of a message.
        index.name("reports_message").table("reports");
        manager
            .create_index(index.col("room_id").col("seq").col("reporter_id").unique().take())
            .await?;
        // The primary key is the last column, so that a page needs no sorting.
        let mut index = Index::create();
        index.name("reports_state").table("reports");
        manager.create_index(index.col("room_id").col("state").col("id").take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["reports", "room_bans"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        for column in columns() {
            let mut alter = Table::alter();
            alter.table("members").drop_column(Alias::new(column.get_column_name()));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

fn columns() -> [ColumnDef; 2] {
    [
        big_integer_null("timed_out_until"),
        // The last post of a member into a room with slow mode.
        big_integer_null("last_post_at"),
    ]
}

/// Without foreign keys, because a ban outlives the account that made it, and the purge of a room deletes
/// its bans.
fn room_bans() -> TableCreateStatement {
    Table::create()
        .table("room_bans")
        .col(big_integer("room_id"))
        .col(big_integer("user_id"))
        .col(big_integer("banned_by"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("room_id").col("user_id"))
        .take()
}

/// Without a copy of the message: a deleted text is gone. Without foreign keys, as [`room_bans`].
fn reports() -> TableCreateStatement {
    Table::create()
        .table("reports")
        .col(big_integer("id").auto_increment().primary_key())
        .col(big_integer("room_id"))
        .col(big_integer("seq"))
        .col(big_integer("author_id"))
        .col(big_integer("reporter_id"))
        .col(string_len("reason", 500))
        .col(string_len("state", 10))
        .col(big_integer("created_at"))
        .col(big_integer_null("closed_by"))
        .col(big_integer_null("closed_at"))
        .take()
}
