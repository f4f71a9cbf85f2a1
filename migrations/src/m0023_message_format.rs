//! Adds the format of messages. The text of all messages so far is plain.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// A constant default, so that no database writes the rows, and none needs a new value from a node of an
    /// older version.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut format = string_len("format", 8).default("text").take();
        let mut alter = Table::alter();
        manager.alter_table(alter.table("messages").add_column(&mut format).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut alter = Table::alter();
        manager.alter_table(alter.table("messages").drop_column("format").take()).await
    }
}
