//! All counters have 64 bits, as SQLite's have always had.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const COUNTERS: [(&str, &str, &str); 2] =
    [("invitations", "uses", "NOT NULL"), ("invitations", "used", "NOT NULL")];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        set_type(manager, "bigint").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        set_type(manager, "integer").await
    }
}

async fn set_type(manager: &SchemaManager<'_>, kind: &str) -> Result<(), DbErr> {
    for (table, column, constraint) in COUNTERS {
        let sql = match manager.get_database_backend() {
            DbBackend::Sqlite => return Ok(()),
            DbBackend::Postgres => format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}"),
            _ => format!("ALTER TABLE {table} MODIFY {column} {kind} {constraint}"),
        };
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
