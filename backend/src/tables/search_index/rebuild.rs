//! Rebuilds the index in the background when the documents of this version differ from those in it.
//!
//! A rebuild empties the index and indexes the existing messages from the newest to the oldest. It stores
//! the least id that it has reached. Until it has reached all, a search reads the messages with smaller ids
//! themselves and matches them in Rust, within its time budget. The old documents cannot be searched
//! meanwhile: this program cannot produce the tokens of another version, neither to find a word nor to
//! remove a document of a deleted message.
//!
//! New messages are indexed by the positions of their rooms as always. On MySQL and PostgreSQL, a
//! transaction that began before the rebuild may commit messages with smaller ids; the index then gets
//! their documents by their position, and the rebuild skips them.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};

use super::{
    chunk::{Prepared, insert_prepared, lock_unchanged, prepare, truncate},
    document::VERSION,
    merge,
    positions::{WORDS, WORDS_FROM, lock_version, set_to_last},
};
use crate::tables::{
    database::{Database, Transaction},
    entities::messages,
};

/// Empties the index and begins a rebuild, unless the index has the current [`VERSION`]. Each step can be
/// repeated. While there is no version, nobody writes to the index, also no other node: it could add a
/// document that is emptied after its position was stored.
pub(in crate::tables) async fn begin_if_outdated(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if stored(db, WORDS).await? == Some(VERSION) {
        return Ok(());
    }
    store(db, WORDS, 0).await?;
    set_to_last(db).await?;
    // After the positions, so that all messages up to them have smaller ids.
    let next_id = "SELECT coalesce(max(id), 0) + 1 FROM messages";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), next_id)).await?;
    let next_id = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or(1);
    store(db, WORDS_FROM, next_id).await?;
    let clear: &[&str] = match db.get_database_backend() {
        DbBackend::Sqlite => &[
            "INSERT INTO message_words (message_words) VALUES ('delete-all')",
            "INSERT INTO message_grams (message_grams) VALUES ('delete-all')",
        ],
        _ => &["TRUNCATE TABLE message_words"],
    };
    for sql in clear {
        db.execute_unprepared(sql).await?;
    }
    store(db, WORDS, VERSION).await
}

/// Indexes the next messages of a rebuild, at most `chunk`, unless it is complete or another node works on it. Returns
/// whether there may be more.
pub async fn rebuild_next(db: &Database, chunk: u64) -> Result<bool, DbErr> {
    use messages::Column as C;
    let from = stored(&db.reader, WORDS_FROM).await?.unwrap_or(1);
    metrics::gauge!("hallway_search_rebuild").set((from - 1) as f64);
    if from <= 1 {
        return Ok(false);
    }
    let select = messages::Entity::find().filter(C::Id.lt(from)).order_by_desc(C::Id);
    let mut rows = messages::Model::fetch(&db.reader, select.limit(chunk)).await?;
    truncate(&mut rows);
    let prepared = prepare(rows).await?;
    let count = prepared.len();
    let txn = db.begin_repeatable().await?;
    match index_older(&txn, from, prepared).await {
        Ok(has_more) => {
            txn.commit().await?;
            merge(db, count).await?;
            Ok(has_more)
        }
        Err(error) => {
            // If the rollback fails too, the pool drops the connection.
            let _ = txn.rollback().await;
            Err(error)
        }
    }
}

/// Indexes messages with ids below `from`, and moves it to the last one before the first that has changed
/// since it was read.
async fn index_older(
    txn: &Transaction,
    from: i64,
    mut prepared: Vec<Prepared>,
) -> Result<bool, DbErr> {
    let skip_locked = match txn.get_database_backend() {
        DbBackend::Sqlite => "",
        _ => "FOR UPDATE SKIP LOCKED",
    };
    if !lock_version(txn).await? {
        return Ok(false);
    }
    let lock = format!("SELECT version FROM versions WHERE name = '{WORDS_FROM}' {skip_locked}");
    let row = txn.query_one_raw(Statement::from_string(txn.get_database_backend(), lock)).await?;
    if row.map(|row| row.try_get_by_index::<i64>(0)).transpose()? != Some(from) {
        return Ok(false);
    }
    let unchanged = lock_unchanged(txn, &prepared).await?;
    let has_changed = |one: &Prepared| !unchanged.contains(&one.row.id);
    let reached = match prepared.iter().position(has_changed) {
        Some(0) => return Ok(false),
        Some(count) => {
            prepared.truncate(count);
            prepared.last()
        }
        None => prepared.last(),
    };
    let reached = reached.map_or(1, |one| one.row.id);
    insert_prepared(txn, prepared).await?;
    let sql = format!("UPDATE versions SET version = {reached} WHERE name = '{WORDS_FROM}'");
    txn.execute_unprepared(&sql).await?;
    Ok(true)
}

async fn stored(db: &impl ConnectionTrait, name: &str) -> Result<Option<i64>, DbErr> {
    let sql = format!("SELECT version FROM versions WHERE name = '{name}'");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

async fn store(db: &impl ConnectionTrait, name: &str, version: i64) -> Result<(), DbErr> {
    for sql in [
        format!("DELETE FROM versions WHERE name = '{name}'"),
        format!("INSERT INTO versions (name, version) VALUES ('{name}', {version})"),
    ] {
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}
