//! Adds the reactions to messages.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// A column that may be NULL, so that no database writes the rows.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut reactions = text_null("reactions").take();
        let mut alter = Table::alter();
        manager.alter_table(alter.table("messages").add_column(&mut reactions).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut alter = Table::alter();
        manager.alter_table(alter.table("messages").drop_column("reactions").take()).await
    }
}
