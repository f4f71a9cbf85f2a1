//! Adds the people whom somebody blocks, mentions that do not count because of it, and when a former
//! member left a room.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = blocks();
        if manager.get_database_backend() == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(table).await?;
        for (table, mut column) in columns() {
            let mut alter = Table::alter();
            manager.alter_table(alter.table(table).add_column(&mut column).take()).await?;
        }
        // Finds who blocks an author without reading the table.
        let mut index = Index::create();
        index.name("blocks_blocked_id").table("blocks").col("blocked_id").col("user_id");
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            let mut alter = Table::alter();
            alter.table(table).drop_column(Alias::new(column.get_column_name()));
            manager.alter_table(alter).await?;
        }
        manager.drop_table(Table::drop().table("blocks").to_owned()).await
    }
}

fn columns() -> [(&'static str, ColumnDef); 2] {
    [
        ("mentions", boolean("is_counted").default(true).take()),
        // The newest message when the member left.
        ("members", big_integer_null("left_seq").take()),
    ]
}

fn blocks() -> TableCreateStatement {
    Table::create()
        .table("blocks")
        .col(big_integer("user_id"))
        .col(big_integer("blocked_id"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("user_id").col("blocked_id"))
        .foreign_key(&mut references_user("user_id"))
        .foreign_key(&mut references_user("blocked_id"))
        .take()
}

/// A block ends with either account.
fn references_user(column: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from("blocks", column)
        .to("users", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
