//! Adds the generation of an account, the log of changed accounts, the index of sessions by expiry, and
//! the last use of a session. With them, a running server ends access.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const EXPIRY_INDEX: &str = "sessions_expires_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            let mut alter = Table::alter();
            manager.alter_table(alter.table(table).add_column(&mut column).take()).await?;
        }
        let sql = "UPDATE sessions SET used_at = created_at";
        manager.get_connection().execute_unprepared(sql).await?;
        let sql = "UPDATE members SET is_admin = \
             (SELECT users.is_admin FROM users WHERE users.id = members.user_id)";
        manager.get_connection().execute_unprepared(sql).await?;
        let mut index = Index::create();
        index.name(EXPIRY_INDEX).table("sessions").col("expires_at");
        manager.create_index(index).await?;
        let mut changes = account_changes();
        if manager.get_database_backend() == DbBackend::MySql {
            changes.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(changes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("account_changes").to_owned()).await?;
        manager.drop_index(Index::drop().name(EXPIRY_INDEX).table("sessions").to_owned()).await?;
        for (table, column) in columns() {
            let mut alter = Table::alter();
            alter.table(table).drop_column(Alias::new(column.get_column_name()));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

fn columns() -> [(&'static str, ColumnDef); 5] {
    [
        // Incremented by everything that ends all access of an account, such as a new password.
        ("users", big_integer("generation").default(0).take()),
        // The generation of the account when the session began.
        ("sessions", big_integer("generation").default(0).take()),
        ("sessions", big_integer("used_at").default(0).take()),
        // An IPv6 address in text has at most 45 characters.
        ("sessions", string_len("address", 45).default("").take()),
        // The role that the last change of the row published.
        ("members", boolean("is_admin").default(false).take()),
    ]
}

fn account_changes() -> TableCreateStatement {
    Table::create()
        .table("account_changes")
        .col(big_integer("id").auto_increment().primary_key())
        .col(big_integer("user_id"))
        .col(big_integer("created_at"))
        .take()
}
