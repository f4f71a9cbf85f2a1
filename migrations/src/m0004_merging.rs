//! SQLite's search index is merged in small steps that the program asks for.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Left to itself, FTS5 writes for a long while and then merges what it wrote all at once, within
/// the commit that happens to be the next one. Eight of a size become one, and not four: less is
/// written again, and a search looks into a few more.
const OWN_PACE: [(&str, i64); 2] = [("automerge", 0), ("usermerge", 8)];
const FTS5_DEFAULT: [(&str, i64); 2] = [("automerge", 4), ("usermerge", 4)];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        set(manager, OWN_PACE).await
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
