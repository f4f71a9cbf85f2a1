//! SQLite's index: two FTS5 tables, one of words and facets, one of trigrams.

use sea_orm::DbErr;

use super::document::Document;
use crate::tables::database::{Connection, Transaction, run_sql};

/// FTS5 merges pages of the index whenever the newest id passes a multiple of this: 64 messages write about
/// 8 pages, and merging rewrites each of them two or three times until the index has a million messages.
const MERGE_EVERY: i64 = 64;
const MERGE_PAGES: i64 = 32;
/// The minimum number of pages to merge after an edit or a deletion.
const CHANGE_MERGE_PAGES: i64 = 4;

/// Inserts the documents of new or edited messages, in the order of their ids.
pub(super) async fn insert(txn: &Transaction, documents: Vec<Document>) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (rowid, words, parts) VALUES (?, ?, ?)";
    let trigrams = "INSERT INTO message_grams (rowid, folded) VALUES (?, ?)";
    let block = |document: Option<&Document>| document.map_or(0, |it| it.id / MERGE_EVERY);
    let passes_block = documents.len() as i64 >= MERGE_EVERY
        || block(documents.first()) != block(documents.last())
        || documents.last().is_some_and(|last| last.id % MERGE_EVERY == 0);
    let merge_pages = if passes_block { MERGE_PAGES } else { 0 };
    write(txn, words, trigrams, documents, merge_pages).await
}

/// Removes documents by naming each token that was inserted.
pub(super) async fn remove(txn: &Transaction, documents: Vec<Document>) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (message_words, rowid, words, parts) \
         VALUES ('delete', ?, ?, ?)";
    let trigrams =
        "INSERT INTO message_grams (message_grams, rowid, folded) VALUES ('delete', ?, ?)";
    write(txn, words, trigrams, documents, CHANGE_MERGE_PAGES).await
}

/// Writes the documents, and merges at least `merge_pages` pages of each table, unless that is 0: about as
/// many as were added, so that no commit has to merge many.
async fn write(
    txn: &Transaction,
    words: &'static str,
    trigrams: &'static str,
    documents: Vec<Document>,
    merge_pages: i64,
) -> Result<(), DbErr> {
    txn.run(move |db| {
        for Document { id, words: tokens, parts, folded } in &documents {
            run_sql(db, words, (id, tokens, parts))?;
            run_sql(db, trigrams, (id, folded))?;
        }
        if merge_pages > 0 {
            let pages = merge_pages.max(documents.len() as i64 / 2);
            for table in ["message_words", "message_grams"] {
                let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)");
                run_sql(db, &sql, (pages,))?;
            }
        }
        Ok(())
    })
    .await
}
