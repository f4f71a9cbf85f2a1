//! The full-text index of the messages. A follower indexes messages after their commit, in chunks; the
//! transaction that edits or deletes an indexed message also updates its document here; deleted messages
//! have no document.
//!
//! A document is two columns of tokens ([`shared::search::tokenizer`]): the words of a message in
//! their order, and beside them its subwords and [facets](Facet). A third column is the folded
//! text, for substrings. SQLite stores only the index of each column, so removing a document must
//! name exactly the tokens that were inserted: see [`document::VERSION`]. It must not name others either,
//! so [`positions`] tell exactly which messages the index contains.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use super::{
    database::{Database, Transaction},
    entities::messages,
};
use document::Document;
use positions::Coverage;

mod chunk;
mod document;
mod entity;
mod facet;
mod positions;
mod prefix_expansion;
mod rebuild;
mod sqlite;

pub use chunk::{CHUNK, index_next};
pub use facet::Facet;
pub use positions::{
    IndexedRange, PendingRoom, indexed_range, indexed_range_sql, insert_positions, is_indexed,
    pending_rooms,
};
pub use prefix_expansion::match_expression;
pub(super) use rebuild::begin_if_outdated;
pub use rebuild::rebuild_next;

/// Indexes messages that the transaction has inserted, in rooms whose positions it inserts too.
pub async fn insert(
    txn: &Transaction,
    rows: impl IntoIterator<Item = &messages::Model>,
) -> Result<(), DbErr> {
    let rows = rows.into_iter().filter(|row| row.deleted_at.is_none());
    let documents: Vec<_> = rows.map(Document::new).collect();
    let count = documents.len();
    insert_documents(txn, documents).await?;
    if txn.get_database_backend() == DbBackend::Sqlite {
        sqlite::merge_within(txn, count).await?;
    }
    Ok(())
}

async fn insert_documents(txn: &Transaction, documents: Vec<Document>) -> Result<(), DbErr> {
    if documents.is_empty() {
        return Ok(());
    }
    let statement = match txn.get_database_backend() {
        DbBackend::Sqlite => return sqlite::insert(txn, documents).await,
        DbBackend::Postgres => insert_into_postgres(documents),
        _ => insert_into_mysql(documents),
    };
    txn.execute_raw(statement).await.map(drop)
}

/// Merges parts of SQLite's index, after a number of documents was inserted.
async fn merge(db: &Database, documents: usize) -> Result<(), DbErr> {
    if db.is_shared() { Ok(()) } else { sqlite::merge(db, documents).await }
}

/// Skips documents that exist: see [`rebuild`].
fn insert_into_postgres(documents: Vec<Document>) -> Statement {
    let mut values: Vec<Value> = Vec::new();
    let mut tuples = Vec::new();
    for document in documents {
        let nth = values.len();
        let (id, tokens, folded) = (nth + 1, nth + 2, nth + 3);
        tuples.push(format!("(${id}, CAST(${tokens} AS text)::tsvector, ${folded})"));
        let tsvector = document.tsvector();
        values.extend([document.id.into(), tsvector.into(), document.folded.into()]);
    }
    let sql = format!(
        "INSERT INTO message_words (message_id, tokens, folded) VALUES {} ON CONFLICT DO NOTHING",
        tuples.join(", ")
    );
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Skips documents that exist: see [`rebuild`].
fn insert_into_mysql(documents: Vec<Document>) -> Statement {
    let tuples = vec!["(?, ?, ?, ?)"; documents.len()].join(", ");
    let values = documents.into_iter().flat_map(|Document { id, words, parts, folded }| {
        [Value::from(id), words.into(), parts.into(), folded.into()]
    });
    let sql = format!(
        "INSERT IGNORE INTO message_words (message_id, words, parts, folded) VALUES {tuples}"
    );
    Statement::from_sql_and_values(DbBackend::MySql, sql, values)
}

/// Replaces the document of a message whose row the transaction has locked, if the index contains it.
pub async fn replace(
    txn: &Transaction,
    row: &messages::Model,
    edited: &messages::Model,
) -> Result<(), DbErr> {
    remove(txn, [row]).await?;
    match Coverage::read(txn, &[row]).await?.contains(row) {
        true => insert(txn, [edited]).await,
        false => Ok(()),
    }
}

/// Removes those of some messages that the index contains. The transaction has locked their rows, and gives
/// them in the state in which they were before it.
pub async fn remove(
    txn: &Transaction,
    rows: impl IntoIterator<Item = &messages::Model>,
) -> Result<(), DbErr> {
    let rows: Vec<_> = rows.into_iter().filter(|row| row.deleted_at.is_none()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    match txn.get_database_backend() {
        DbBackend::Sqlite => {
            let coverage = Coverage::read(txn, &rows).await?;
            let indexed = rows.into_iter().filter(|row| coverage.contains(row));
            let documents: Vec<_> = indexed.map(Document::new).collect();
            match documents.is_empty() {
                true => Ok(()),
                false => sqlite::remove(txn, documents).await,
            }
        }
        // Messages that are not in the index have no row.
        backend => {
            let ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
            let sql = format!("DELETE FROM message_words WHERE message_id IN ({})", ids.join(", "));
            txn.execute_raw(Statement::from_string(backend, sql)).await.map(drop)
        }
    }
}
