//! Adds the favourites and muted rooms of members, and the rooms that new accounts join.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            let mut alter = Table::alter();
            manager.alter_table(alter.table(table).add_column(&mut column).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
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
