//! SQLite's index is two tables of FTS5: one of words and marks, one of threes of characters.

use sea_orm::{DatabaseTransaction, DbErr, Value};

use super::Indexed;
use crate::tables::{
    bulk::{Script, json},
    messages,
};

/// New messages after which some of SQLite's index is merged, and the pages of that. So many messages
/// write about eight, and each of them is written again two or three times until a million messages
/// are merged.
const MERGE_EVERY: i64 = 64;
const MERGE_PAGES: i64 = 32;
/// The pages that are merged with anything else: an edit, a deletion.
const CHANGE_PAGES: i64 = 4;
/// The `id` of the newest message, for SQLite.
const NEWEST: &str = "(SELECT seq FROM sqlite_sequence WHERE name = 'messages')";

/// Indexes messages.
pub(super) async fn index(txn: &DatabaseTransaction, rows: &[Indexed]) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (rowid, words, parts) \
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)";
    let grams = "INSERT INTO message_grams (rowid, folded) \
         SELECT value ->> 0, value ->> 1 FROM json_each(?)";
    put_all(txn, words, grams, rows).await
}

/// Takes messages out again, named token by token as they were put in.
pub(super) async fn forget(txn: &DatabaseTransaction, rows: &[Indexed]) -> Result<(), DbErr> {
    let words = "INSERT INTO message_words (message_words, rowid, words, parts) \
         SELECT 'delete', value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)";
    let grams = "INSERT INTO message_grams (message_grams, rowid, folded) \
         SELECT 'delete', value ->> 0, value ->> 1 FROM json_each(?)";
    put_all(txn, words, grams, rows).await
}

/// Indexes the messages that are the last ones of the table when SQLite comes to it, and have no
/// number here yet.
pub fn index_newest(script: &mut Script, rows: &[messages::Model]) -> Result<(), DbErr> {
    let mut rows: Vec<_> = rows.iter().map(Indexed::new).collect();
    let count = rows.len() as i64;
    (1 - count..).zip(&mut rows).for_each(|(behind, row)| row.id = behind);
    let words = format!(
        "INSERT INTO message_words (rowid, words, parts) \
         SELECT {NEWEST} + (value ->> 0), value ->> 1, value ->> 2 FROM json_each(?)"
    );
    let grams = format!(
        "INSERT INTO message_grams (rowid, folded) \
         SELECT {NEWEST} + (value ->> 0), value ->> 1 FROM json_each(?)"
    );
    put(script, &words, &grams, &rows)?;
    // Not with each commit: of a few messages it would be the most of the work.
    let due = format!("WHERE {NEWEST} / {MERGE_EVERY} > ({NEWEST} - ?) / {MERGE_EVERY}");
    merge(script, MERGE_PAGES.max(count / 2), &due, &[count.into()]);
    Ok(())
}

async fn put_all(
    txn: &DatabaseTransaction,
    words: &str,
    grams: &str,
    rows: &[Indexed],
) -> Result<(), DbErr> {
    let mut script = Script::default();
    put(&mut script, words, grams, rows)?;
    merge(&mut script, CHANGE_PAGES.max(rows.len() as i64 / 2), "", &[]);
    script.run(txn).await
}

fn put(script: &mut Script, words: &str, grams: &str, rows: &[Indexed]) -> Result<(), DbErr> {
    let tokens: Vec<_> = rows.iter().map(|row| (row.id, &row.words, &row.parts)).collect();
    script.add(words, [json(&tokens)?]);
    let folded: Vec<_> = rows.iter().map(|row| (row.id, &row.folded)).collect();
    script.add(grams, [json(&folded)?]);
    Ok(())
}

/// When it is due, merges a little of what was written before, about as much as is added, so that
/// no commit has to merge much.
fn merge(script: &mut Script, pages: i64, due: &str, values: &[Value]) {
    for table in ["message_words", "message_grams"] {
        let sql = format!("INSERT INTO {table} ({table}, rank) SELECT 'merge', ? {due}");
        script.add(sql, [pages.into()].into_iter().chain(values.iter().cloned()));
    }
}
