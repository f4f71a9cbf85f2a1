//! Fills a room with many messages: inserts rows into the SQLite file of a stopped server, which then
//! rebuilds the search index while it runs.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, ensure};
use rusqlite::{Connection, OpenFlags, params};
use shared::ids::RoomId;
use uuid::Uuid;

const INSERT: &str = "
    INSERT INTO messages
        (room_id, seq, rev, user_id, client_id, content, sent_hash, reply_to, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8)";

/// How long a rebuild of the search index may take.
const INDEX_TIMEOUT: Duration = Duration::from_secs(600);

/// The messages to insert.
pub struct SeedMessages<'a> {
    pub room: RoomId,
    pub count: i64,
    /// The time between two messages. The last one has the current time.
    pub interval: Duration,
    /// Returns the text of the n-th message, from 1 on.
    pub text: &'a dyn Fn(usize) -> String,
}

impl SeedMessages<'_> {
    /// Inserts the messages into the database of a data directory. The members of the room are the
    /// authors in turn.
    pub fn insert(&self, data: &Path) -> Result<()> {
        let Self { room, count, interval, text } = self;
        let mut db = Connection::open(data.join("hallway.sqlite"))?;
        let transaction = db.transaction()?;
        let counters = "SELECT last_seq, last_rev FROM rooms WHERE id = ?1";
        let (seq, rev): (i64, i64) =
            transaction.query_row(counters, [room.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let members = members(&transaction, *room)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64;
        let mut insert = transaction.prepare(INSERT)?;
        for nth in 1..=*count {
            insert.execute(params![
                room.0,
                seq + nth,
                rev + nth,
                members[nth as usize % members.len()],
                Uuid::now_v7().as_bytes(),
                text(nth as usize),
                [nth as u8; 32],
                now - (count - nth) * interval.as_micros() as i64
            ])?;
        }
        drop(insert);
        let advance =
            "UPDATE rooms SET last_seq = last_seq + ?2, last_rev = last_rev + ?2 WHERE id = ?1";
        transaction.execute(advance, [room.0, *count])?;
        // Without the version of the search index, the server rebuilds the index.
        transaction.execute("DELETE FROM versions WHERE name = 'words'", [])?;
        transaction.commit()?;
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(())
    }
}

/// Waits until a server that runs has rebuilt its search index.
pub fn wait_until_indexed(data: &Path) -> Result<()> {
    let file = data.join("hallway.sqlite");
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let started = Instant::now();
    // The smallest id that the index contains.
    let from = "SELECT coalesce(max(version), 1) FROM versions WHERE name = 'words_from'";
    while db.query_row(from, [], |row| row.get::<_, i64>(0))? > 1 {
        ensure!(started.elapsed() < INDEX_TIMEOUT, "the search index is not rebuilt");
        sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn members(db: &Connection, room: RoomId) -> Result<Vec<i64>> {
    let mut members = db.prepare("SELECT user_id FROM members WHERE room_id = ?1")?;
    let members = members.query_map([room.0], |row| row.get(0))?;
    Ok(members.collect::<Result<_, _>>()?)
}
