//! The full-text index of the messages. The transaction that writes a message also updates its
//! document here; deleted messages have no document.
//!
//! A document is two columns of tokens ([`shared::search::tokenizer`]): the words of a message in
//! their order, and beside them its subwords and [facets](Facet). A third column is the folded
//! text, for substrings. SQLite stores only the index of each column, so removing a document must
//! name exactly the tokens that were inserted: see [`document::VERSION`].

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value, sea_query::LockType,
};

use super::{
    database::{Pool, Transaction, row_lock},
    entities::messages,
};
use document::{Document, VERSION};

mod document;
mod facet;
mod prefix_expansion;
mod sqlite;

pub use facet::Facet;
pub use prefix_expansion::match_expression;

/// The number of messages that a rebuild indexes in one transaction.
const REBUILD_CHUNK: u64 = 1_000;

/// Indexes messages that the transaction has inserted or edited.
pub async fn insert(
    txn: &Transaction,
    rows: impl IntoIterator<Item = &messages::Model>,
) -> Result<(), DbErr> {
    let rows = rows.into_iter().filter(|row| row.deleted_at.is_none());
    let documents: Vec<_> = rows.map(Document::new).collect();
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

/// Skips documents that exist: another node inserted them while this one rebuilds the index.
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

/// Skips documents that exist: another node inserted them while this one rebuilds the index.
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

/// Removes messages, given in the state in which they were indexed. Ignores deleted messages, which
/// are not in the index.
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
            let documents: Vec<_> = rows.into_iter().map(Document::new).collect();
            sqlite::remove(txn, documents).await
        }
        backend => {
            let ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
            let sql = format!("DELETE FROM message_words WHERE message_id IN ({})", ids.join(", "));
            txn.execute_raw(Statement::from_string(backend, sql)).await.map(drop)
        }
    }
}

/// Clears the index and indexes all messages, unless the index has the current [`VERSION`].
pub(super) async fn rebuild_if_outdated(db: &Pool) -> Result<(), DbErr> {
    if stored_version(db).await? == Some(VERSION) {
        return Ok(());
    }
    let clear: &[&str] = match db.get_database_backend() {
        DbBackend::Sqlite => &[
            "INSERT INTO message_words (message_words) VALUES ('delete-all')",
            "INSERT INTO message_grams (message_grams) VALUES ('delete-all')",
        ],
        _ => &["DELETE FROM message_words"],
    };
    for sql in clear {
        db.execute_unprepared(sql).await?;
    }
    let mut last_id = 0;
    let mut indexed = 0;
    loop {
        let txn = db.begin().await?;
        // Another node may be running. The lock makes its edits and deletions wait, and then they
        // find the document.
        let rows = messages::Entity::find()
            .filter(messages::Column::Id.gt(last_id))
            .order_by_asc(messages::Column::Id)
            .limit(REBUILD_CHUNK)
            .lock(row_lock(&txn, LockType::Share))
            .all(&txn)
            .await?;
        let Some(row) = rows.last() else { break txn.commit().await? };
        last_id = row.id;
        indexed += rows.len();
        insert(&txn, &rows).await?;
        txn.commit().await?;
        if indexed.is_multiple_of(100 * REBUILD_CHUNK as usize) {
            tracing::info!(messages = indexed, "rebuilding the search index");
        }
    }
    for sql in [
        "DELETE FROM versions WHERE name = 'words'".to_owned(),
        format!("INSERT INTO versions (name, version) VALUES ('words', {VERSION})"),
    ] {
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}

async fn stored_version(db: &Pool) -> Result<Option<i64>, DbErr> {
    let sql = "SELECT version FROM versions WHERE name = 'words'";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}
