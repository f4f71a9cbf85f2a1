//! SQLite's index: two FTS5 tables, one of words and facets, one of trigrams.

use sea_orm::{DatabaseTransaction, DbErr};

use super::document::Document;
use crate::tables::database::sqlite_json::{Script, to_json};

/// FTS5 merges this many pages of the index for every 64 documents. These write about 8 pages, and merging
/// rewrites each of them two or three times until the index has a million messages.
const MERGE_PAGES: i64 = 32;
/// The minimum number of pages to merge after a chunk, an edit or a deletion.
const MERGE_PAGES_MIN: i64 = 4;

pub(super) async fn insert(txn: &DatabaseTransaction, documents: &[Document]) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (rowid, words, parts) \
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)";
    let trigrams = "INSERT INTO message_grams (rowid, folded) \
         SELECT value ->> 0, value ->> 1 FROM json_each(?)";
    write_and_merge(txn, words, trigrams, documents).await
}

/// Removes documents by naming each token that was inserted.
pub(super) async fn remove(txn: &DatabaseTransaction, documents: &[Document]) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (message_words, rowid, words, parts) \
         SELECT 'delete', value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)";
    let trigrams = "INSERT INTO message_grams (message_grams, rowid, folded) \
         SELECT 'delete', value ->> 0, value ->> 1 FROM json_each(?)";
    write_and_merge(txn, words, trigrams, documents).await
}

async fn write_and_merge(
    txn: &DatabaseTransaction,
    words: &str,
    trigrams: &str,
    documents: &[Document],
) -> Result<(), DbErr> {
    let mut script = Script::default();
    write(&mut script, words, trigrams, documents)?;
    let pages = documents.len() as i64 * MERGE_PAGES / 64;
    // About as many as were added, so no commit has to merge many.
    for table in ["message_words", "message_grams"] {
        let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)");
        script.add(sql, [pages.max(MERGE_PAGES_MIN).into()]);
    }
    script.run(txn).await
}

fn write(
    script: &mut Script,
    words: &str,
    trigrams: &str,
    documents: &[Document],
) -> Result<(), DbErr> {
    let tokens: Vec<_> = documents.iter().map(|d| (d.id, &d.words, &d.parts)).collect();
    script.add(words, [to_json(&tokens)?]);
    let folded: Vec<_> = documents.iter().map(|d| (d.id, &d.folded)).collect();
    script.add(trigrams, [to_json(&folded)?]);
    Ok(())
}
