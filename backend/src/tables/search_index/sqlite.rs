//! SQLite's index: two FTS5 tables, one of words and facets, one of trigrams.

use sea_orm::{DatabaseTransaction, DbErr, Value};

use super::document::Document;
use crate::tables::{
    database::sqlite_json::{Script, to_json},
    entities::messages,
};

/// After every 64 new messages FTS5 merges 32 pages of the index. 64 messages write about 8 pages, and
/// merging rewrites each of them two or three times until the index has a million messages.
const MERGE_EVERY: i64 = 64;
const MERGE_PAGES: i64 = 32;
/// The minimum number of pages to merge after an edit or a deletion.
const CHANGE_MERGE_PAGES: i64 = 4;
/// The `id` of the newest message.
const NEWEST_ID: &str = "(SELECT seq FROM sqlite_sequence WHERE name = 'messages')";

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

/// Adds statements that index the messages that the script inserts just before. Their ids are not
/// known yet, so the `id` of each document is its offset from the newest message, 0 or less.
pub fn insert_newest(script: &mut Script, rows: &[messages::Model]) -> Result<(), DbErr> {
    let mut documents: Vec<_> = rows.iter().map(Document::new).collect();
    let count = documents.len() as i64;
    (1 - count..).zip(&mut documents).for_each(|(offset, document)| document.id = offset);
    let words = format!(
        "INSERT INTO message_words (rowid, words, parts) \
         SELECT {NEWEST_ID} + (value ->> 0), value ->> 1, value ->> 2 FROM json_each(?)"
    );
    let trigrams = format!(
        "INSERT INTO message_grams (rowid, folded) \
         SELECT {NEWEST_ID} + (value ->> 0), value ->> 1 FROM json_each(?)"
    );
    write(script, &words, &trigrams, &documents)?;
    // Merging in each commit would cost more than indexing a few messages.
    let due = format!("WHERE {NEWEST_ID} / {MERGE_EVERY} > ({NEWEST_ID} - ?) / {MERGE_EVERY}");
    merge(script, MERGE_PAGES.max(count / 2), &due, &[count.into()]);
    Ok(())
}

async fn write_and_merge(
    txn: &DatabaseTransaction,
    words: &str,
    trigrams: &str,
    documents: &[Document],
) -> Result<(), DbErr> {
    let mut script = Script::default();
    write(&mut script, words, trigrams, documents)?;
    merge(&mut script, CHANGE_MERGE_PAGES.max(documents.len() as i64 / 2), "", &[]);
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

/// Merges up to `pages` pages of each table if the WHERE clause `due` holds. That is about as many
/// as were added, so no commit has to merge many.
fn merge(script: &mut Script, pages: i64, due: &str, values: &[Value]) {
    for table in ["message_words", "message_grams"] {
        let sql = format!("INSERT INTO {table} ({table}, rank) SELECT 'merge', ? {due}");
        script.add(sql, [pages.into()].into_iter().chain(values.iter().cloned()));
    }
}
