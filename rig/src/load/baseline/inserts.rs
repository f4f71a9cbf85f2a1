//! Measures group commit without a server: inserts rows like those of messages, 64 in a
//! transaction, with the same durability.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The number of rows in a transaction; the server's batches have at most as many.
const BATCH: i64 = 64;

/// The messages table with its indexes, and the tables that it refers to.
const TABLES: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = FAST;
    PRAGMA temp_store = MEMORY;
    CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT);
    CREATE TABLE rooms (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT);
    INSERT INTO users DEFAULT VALUES;
    INSERT INTO rooms DEFAULT VALUES;
    CREATE TABLE messages (
        id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
        room_id integer NOT NULL REFERENCES rooms (id),
        seq integer NOT NULL,
        rev integer NOT NULL,
        user_id integer NOT NULL REFERENCES users (id),
        client_id uuid_text NOT NULL,
        content text NOT NULL,
        sent_hash blob NULL,
        reply_to integer NULL,
        created_at integer NOT NULL,
        edited_at integer NULL,
        deleted_at integer NULL
    );
    CREATE UNIQUE INDEX messages_room_id_seq ON messages (room_id, seq);
    CREATE INDEX messages_room_id_rev ON messages (room_id, rev);
    CREATE UNIQUE INDEX messages_room_id_user_id_client_id
        ON messages (room_id, user_id, client_id);
    CREATE INDEX messages_room_id_created_at_seq ON messages (room_id, created_at, seq);";

const INSERT: &str = "
    INSERT INTO messages
        (room_id, seq, rev, user_id, client_id, content, sent_hash, reply_to, created_at)
    VALUES (1, ?1, ?1, 1, ?2, ?3, ?4, NULL, ?5)";

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct InsertRate {
    /// Committed rows a second.
    pub per_s: f64,
    pub commits_per_s: f64,
}

/// Inserts into a new database file in this directory for this many seconds.
pub fn measure(dir: &Path, seconds: u64) -> Result<InsertRate> {
    let dir = tempfile::tempdir_in(dir)?;
    let db = Connection::open(dir.path().join("inserts.sqlite"))?;
    db.execute_batch(TABLES)?;
    let (mut begin, mut insert, mut commit) =
        (db.prepare("BEGIN IMMEDIATE")?, db.prepare(INSERT)?, db.prepare("COMMIT")?);
    let content = "word ".repeat(30);
    let (mut rows, mut commits) = (0i64, 0u32);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(seconds) {
        begin.execute([])?;
        for _ in 0..BATCH {
            rows += 1;
            let id = Uuid::now_v7();
            insert.execute(params![rows, id.as_bytes(), content, [7u8; 32], rows])?;
        }
        commit.execute([])?;
        commits += 1;
    }
    let elapsed = started.elapsed().as_secs_f64();
    Ok(InsertRate { per_s: rows as f64 / elapsed, commits_per_s: f64::from(commits) / elapsed })
}
