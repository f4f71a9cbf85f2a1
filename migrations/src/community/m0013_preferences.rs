//! Adds the favourites and muted rooms of members, and the rooms that new accounts join.

use sea_orm_migration::{prelude::*, schema::*};

const DEFAULT_ROOMS: &str = "rooms_is_default";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            let mut alter = Table::alter();
            manager.alter_table(alter.table(table).add_column(&mut column).take()).await?;
        }
        // Each new account looks for the default rooms.
        let index = Index::create().name(DEFAULT_ROOMS).table("rooms").col("is_default").take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(DEFAULT_ROOMS).table("rooms").to_owned()).await?;
        for (table, column) in columns() {
            let mut alter = Table::alter();
            alter.table(table).drop_column(Alias::new(column.get_column_name()));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

fn columns() -> [(&'static str, ColumnDef); 3] {
    [
        // The position among the favourites of the member.
        ("members", big_integer_null("favourite")),
        ("members", boolean("is_muted").default(false).take()),
        ("rooms", boolean("is_default").default(false).take()),
    ]
}
