//! SQLite's index: two FTS5 tables, one of words and facets, one of trigrams.

use sea_orm::DbErr;

use super::document::Document;
use crate::tables::database::{Connection, Transaction, run_sql};

/// FTS5 merges this many pages of the index for every 64 documents. These write about 8 pages, and merging
/// rewrites each of them two or three times until the index has a million messages.
const MERGE_PAGES: i64 = 32;
/// The minimum number of pages to merge after a chunk, an edit or a deletion.
const MERGE_PAGES_MIN: i64 = 4;

pub(super) async fn insert(txn: &Transaction, documents: Vec<Document>) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (rowid, words, parts) VALUES (?, ?, ?)";
    let trigrams = "INSERT INTO message_grams (rowid, folded) VALUES (?, ?)";
    write_and_merge(txn, words, trigrams, documents).await
}

/// Removes documents by naming each token that was inserted.
pub(super) async fn remove(txn: &Transaction, documents: Vec<Document>) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (message_words, rowid, words, parts) \
         VALUES ('delete', ?, ?, ?)";
    let trigrams =
        "INSERT INTO message_grams (message_grams, rowid, folded) VALUES ('delete', ?, ?)";
    write_and_merge(txn, words, trigrams, documents).await
}

async fn write_and_merge(
    txn: &Transaction,
    words: &'static str,
    trigrams: &'static str,
    documents: Vec<Document>,
) -> Result<(), DbErr> {
    txn.run(move |db| {
        for Document { id, words: tokens, parts, folded } in &documents {
            run_sql(db, words, (id, tokens, parts))?;
            run_sql(db, trigrams, (id, folded))?;
        }
        // About as many as were added, so no commit has to merge many.
        let pages = MERGE_PAGES_MIN.max(documents.len() as i64 * MERGE_PAGES / 64);
        for table in ["message_words", "message_grams"] {
            let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)");
            run_sql(db, &sql, (pages,))?;
        }
        Ok(())
    })
    .await
}
