//! SQLite's index: two FTS5 tables, one of words and facets, one of trigrams.

use sea_orm::DbErr;

use super::document::Document;
use crate::tables::database::{Connection, Database, Transaction, run_sql};

/// FTS5 merges this many pages of the index for every 64 documents. These write about 8 pages, and merging
/// rewrites each of them two or three times until the index has a million messages.
const MERGE_PAGES: i64 = 32;
/// The minimum number of pages to merge after a chunk, an edit or a deletion.
const MERGE_PAGES_MIN: i64 = 4;
/// The maximum number of pages that one transaction merges, which takes about a millisecond.
const STEP_PAGES: i64 = 8;
/// Merges pages of each table.
const MERGE: [&str; 2] = [
    "INSERT INTO message_words (message_words, rank) VALUES ('merge', ?)",
    "INSERT INTO message_grams (message_grams, rank) VALUES ('merge', ?)",
];

/// Inserts documents. Then pages have to be merged.
pub(super) async fn insert(txn: &Transaction, documents: Vec<Document>) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (rowid, words, parts) VALUES (?, ?, ?)";
    let trigrams = "INSERT INTO message_grams (rowid, folded) VALUES (?, ?)";
    txn.run(move |db| write(db, words, trigrams, &documents)).await
}

/// Removes documents by naming each token that was inserted.
pub(super) async fn remove(txn: &Transaction, documents: Vec<Document>) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (message_words, rowid, words, parts) \
         VALUES ('delete', ?, ?, ?)";
    let trigrams =
        "INSERT INTO message_grams (message_grams, rowid, folded) VALUES ('delete', ?, ?)";
    let count = documents.len();
    txn.run(move |db| write(db, words, trigrams, &documents)).await?;
    merge_within(txn, count).await
}

fn write(
    db: &rusqlite::Connection,
    words: &str,
    trigrams: &str,
    documents: &[Document],
) -> Result<(), DbErr> {
    for Document { id, words: tokens, parts, folded } in documents {
        run_sql(db, words, (id, tokens, parts))?;
        run_sql(db, trigrams, (id, folded))?;
    }
    Ok(())
}

/// Merges about as many pages as a number of documents added, so that no step has to merge many.
pub(super) async fn merge_within(txn: &Transaction, documents: usize) -> Result<(), DbErr> {
    let pages = pages_to_merge(documents);
    txn.run(move |db| MERGE.iter().try_for_each(|sql| run_sql(db, sql, (pages,)).map(drop))).await
}

/// As [`merge_within`], in transactions of a few pages each, between which waiting writes have their turn.
pub(super) async fn merge(db: &Database, documents: usize) -> Result<(), DbErr> {
    for sql in MERGE {
        let mut remaining = pages_to_merge(documents);
        while remaining > 0 {
            let pages = remaining.min(STEP_PAGES);
            let txn = db.begin_repeatable().await?;
            let step = move |db: &rusqlite::Connection| {
                let before = db.total_changes();
                run_sql(db, sql, (pages,))?;
                Ok(db.total_changes() - before)
            };
            let changes = txn.run(step).await?;
            txn.commit().await?;
            // The command itself counts as one: <https://www.sqlite.org/fts5.html#the_merge_command>
            remaining = if changes < 2 { 0 } else { remaining - pages };
        }
    }
    Ok(())
}

fn pages_to_merge(documents: usize) -> i64 {
    MERGE_PAGES_MIN.max(documents as i64 * MERGE_PAGES / 64)
}
