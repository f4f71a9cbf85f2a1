//! A long history in no time: rows written straight into the SQLite file of a server that is
//! stopped. Its index is left to the server, which makes it anew when it starts.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use rusqlite::{Connection, params};
use shared::ids::RoomId;
use uuid::Uuid;

const INSERT: &str = "
    INSERT INTO messages
        (room_id, seq, rev, user_id, client_id, content, sent_hash, reply_to, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8)";

/// What was said in a room.
pub struct History<'a> {
    /// Where.
    pub room: RoomId,
    /// How many messages.
    pub count: i64,
    /// How far apart; the last one is now.
    pub every: Duration,
    /// The text of each, from 1 on.
    pub text: &'a dyn Fn(usize) -> String,
}

/// Adds messages to a room, of its members in turn.
pub fn messages(data: &Path, history: &History<'_>) -> Result<()> {
    let History { room, count, every, text } = history;
    let mut db = Connection::open(data.join("hallway.sqlite"))?;
    let all = db.transaction()?;
    let counters = "SELECT last_seq, last_rev FROM rooms WHERE id = ?1";
    let (seq, rev): (i64, i64) =
        all.query_row(counters, [room.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let members = members(&all, *room)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64;
    let mut insert = all.prepare(INSERT)?;
    for nth in 1..=*count {
        let name = Uuid::now_v7();
        let author = members[nth as usize % members.len()];
        let at = now - (count - nth) * every.as_micros() as i64;
        let hash = [nth as u8; 32];
        insert.execute(params![
            room.0,
            seq + nth,
            rev + nth,
            author,
            name.as_bytes(),
            text(nth as usize),
            hash,
            at
        ])?;
    }
    drop(insert);
    let advance =
        "UPDATE rooms SET last_seq = last_seq + ?2, last_rev = last_rev + ?2 WHERE id = ?1";
    all.execute(advance, [room.0, *count])?;
    all.execute("DELETE FROM versions WHERE name = 'words'", [])?;
    all.commit()?;
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

fn members(db: &Connection, room: RoomId) -> Result<Vec<i64>> {
    let mut members = db.prepare("SELECT user_id FROM members WHERE room_id = ?1")?;
    let members = members.query_map([room.0], |row| row.get(0))?;
    Ok(members.collect::<Result<_, _>>()?)
}
