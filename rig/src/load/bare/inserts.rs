//! Group commit and nothing else: rows like those of messages, at most 64 in a transaction, on the
//! same disk with the same promise.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Rows in one transaction: as many as the ledger takes.
const BATCH: i64 = 64;

/// The table of messages and its indices, and what its rows refer to.
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

/// What came of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Inserts {
    /// Rows a second that were on the disk.
    pub per_s: f64,
    /// Commits a second.
    pub commits_per_s: f64,
}

/// Inserts for so long into a file of its own in this folder.
pub fn measure(folder: &Path, seconds: u64) -> Result<Inserts> {
    let folder = tempfile::tempdir_in(folder)?;
    let db = Connection::open(folder.path().join("inserts.sqlite"))?;
    db.execute_batch(TABLES)?;
    let (mut begin, mut insert, mut commit) =
        (db.prepare("BEGIN IMMEDIATE")?, db.prepare(INSERT)?, db.prepare("COMMIT")?);
    let content = "word ".repeat(30);
    let (mut rows, mut commits) = (0i64, 0u32);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        begin.execute([])?;
        for _ in 0..BATCH {
            rows += 1;
            let name = Uuid::now_v7();
            insert.execute(params![rows, name.as_bytes(), content, [7u8; 32], rows])?;
        }
        commit.execute([])?;
        commits += 1;
    }
    let took = began.elapsed().as_secs_f64();
    Ok(Inserts { per_s: rows as f64 / took, commits_per_s: f64::from(commits) / took })
}
