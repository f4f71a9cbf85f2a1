//! Adds whether a room has a topic: the classic endpoints tell no topic (`null`) from an empty one.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMN: &str = "has_topic";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = boolean(COLUMN).default(true).take();
        manager.alter_table(Table::alter().table("rooms").add_column(&mut column).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("rooms").drop_column(COLUMN).take()).await
    }
}
