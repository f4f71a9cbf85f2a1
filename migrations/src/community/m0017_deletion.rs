//! Deleted accounts, and what remains to be done for them.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = big_integer_null("deleted_at");
        let mut alter = Table::alter();
        manager.alter_table(alter.table("users").add_column(&mut column).take()).await?;
        let mut table = account_deletions();
        if manager.get_database_backend() == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("account_deletions").to_owned()).await?;
        let mut alter = Table::alter();
        alter.table("users").drop_column(Alias::new("deleted_at"));
        manager.alter_table(alter).await
    }
}

/// A row exists until the account has left its rooms and its messages are deleted. A table of its own,
/// because looking for unfinished deletions must not read all accounts.
fn account_deletions() -> TableCreateStatement {
    Table::create()
        .table("account_deletions")
        .col(big_integer("user_id").primary_key())
        .col(boolean("deletes_messages"))
        .col(big_integer("created_at"))
        .foreign_key(ForeignKey::create().from("account_deletions", "user_id").to("users", "id"))
        .take()
}
