//! The search index, in each database's own full-text engine, and its version.
//!
//! The server tokenizes texts before it indexes them; the engines only look up tokens.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Both indexes are contentless. `secure-delete` removes deleted text from the pages at once; without
/// it FTS5 keeps the text until segments are merged. The prefix index of 5 bytes (two of the token's
/// marker and three letters) answers prefix queries, which would otherwise merge the lists of too many
/// tokens.
const SQLITE: &[&str] = &[
    "CREATE VIRTUAL TABLE message_words USING fts5 \
     (words, parts, content = '', columnsize = 0, prefix = '5', tokenize = 'ascii')",
    "INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1)",
    "CREATE VIRTUAL TABLE message_grams USING fts5 \
     (folded, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1')",
    "INSERT INTO message_grams (message_grams, rank) VALUES ('secure-delete', 1)",
];

/// Without `pg_trgm`, substring searches scan all texts.
const POSTGRES: &[&str] = &[
    "CREATE TABLE message_words ( \
     message_id BIGINT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE, \
     tokens TSVECTOR NOT NULL, folded TEXT NOT NULL)",
    "CREATE INDEX message_words_tokens ON message_words USING gin (tokens)",
    "DO $$ BEGIN \
       CREATE EXTENSION IF NOT EXISTS pg_trgm; \
       CREATE INDEX message_words_folded ON message_words USING gin (folded gin_trgm_ops); \
     EXCEPTION WHEN OTHERS THEN \
       RAISE NOTICE 'no pg_trgm: %', SQLERRM; \
     END $$",
];

const MYSQL: &[&str] = &["CREATE TABLE message_words ( \
     message_id BIGINT PRIMARY KEY, \
     words MEDIUMTEXT NOT NULL, parts MEDIUMTEXT NOT NULL, folded MEDIUMTEXT NOT NULL, \
     FULLTEXT KEY message_words_words_parts (words, parts), \
     CONSTRAINT message_words_message_id FOREIGN KEY (message_id) REFERENCES messages (id) \
     ON DELETE CASCADE) \
     ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut versions = Table::create();
        versions.table("versions");
        versions.col(string_len("name", 64).primary_key()).col(big_integer("version"));
        if manager.get_database_backend() == DbBackend::MySql {
            versions.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(versions).await?;
        for sql in match manager.get_database_backend() {
            DbBackend::Sqlite => SQLITE,
            DbBackend::Postgres => POSTGRES,
            _ => MYSQL,
        } {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            manager.drop_table(Table::drop().table("message_grams").to_owned()).await?;
        }
        for table in ["message_words", "versions"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
