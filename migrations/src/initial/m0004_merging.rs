//! Disables FTS5's automatic merges; the server merges the search index in small steps.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// An automatic merge would run within a commit and stall it. Merging eight segments of a level instead
/// of four rewrites less, but a search reads a few more segments.
const MANUAL: [(&str, i64); 2] = [("automerge", 0), ("usermerge", 8)];
const FTS5_DEFAULT: [(&str, i64); 2] = [("automerge", 4), ("usermerge", 4)];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        set(manager, MANUAL).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        set(manager, FTS5_DEFAULT).await
    }
}

async fn set(manager: &SchemaManager<'_>, settings: [(&str, i64); 2]) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    for table in ["message_words", "message_grams"] {
        for (setting, value) in settings {
            let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('{setting}', {value})");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
    }
    Ok(())
}
