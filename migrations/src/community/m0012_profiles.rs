//! Adds profiles: a display name, pronouns and a status for each account.

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
        let mut index = Index::create();
        index.name("users_display_key").table("users").col("display_key").unique();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("users_display_key").table("users").to_owned())
            .await?;
        for (table, column) in columns() {
            let mut alter = Table::alter();
            alter.table(table).drop_column(Alias::new(column.get_column_name()));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

fn columns() -> [(&'static str, ColumnDef); 8] {
    [
        ("users", string_len_null("display_name", 100)),
        // Lower case can lengthen a name.
        ("users", string_len_null("display_key", 300)),
        ("users", string_len_null("pronouns", 40)),
        ("users", string_len_null("status_emoji", 32)),
        ("users", string_len_null("status_text", 100)),
        ("users", big_integer_null("status_until")),
        // Counts the changes of what rooms show of the account.
        ("users", big_integer("profile_rev").default(0).take()),
        // The `profile_rev` of the account that the last change of the row published.
        ("members", big_integer("published_profile").default(0).take()),
    ]
}
