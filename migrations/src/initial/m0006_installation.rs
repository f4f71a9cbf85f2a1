//! One row about the database itself.
//!
//! `generation` is the epoch of the database, a random number that changes whenever a server starts, and with it the entity tags
//! of all responses: after a backup was restored, the same numbers in a room mean other content. The
//! row is also the lock for the names of rooms.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("installation");
        table.col(big_integer("id").primary_key()).col(big_integer("generation"));
        if manager.get_database_backend() == DbBackend::MySql {
            // Other engines have no row locks.
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(table).await?;
        let sql = "INSERT INTO installation (id, generation) VALUES (1, 0)";
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("installation").to_owned()).await
    }
}
