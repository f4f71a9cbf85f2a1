//! A long history in no time: rows written straight into the SQLite file of a server that is
//! stopped.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use rusqlite::{Connection, params};
use shared::ids::RoomId;
use uuid::Uuid;

use crate::load::talk::Words;

const INSERT: &str = "
    INSERT INTO messages
        (room_id, seq, rev, user_id, client_id, content, sent_hash, reply_to, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8)";

/// Adds messages to a room, of a member of it, a second apart and the last one now.
pub fn messages(data: &Path, room: RoomId, count: i64, bytes: usize) -> Result<()> {
    let mut db = Connection::open(data.join("hallway.sqlite"))?;
    let all = db.transaction()?;
    let counters = "SELECT last_seq, last_rev FROM rooms WHERE id = ?1";
    let (seq, rev): (i64, i64) =
        all.query_row(counters, [room.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let member = "SELECT min(user_id) FROM members WHERE room_id = ?1";
    let author: i64 = all.query_row(member, [room.0], |row| row.get(0))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64;
    let words = Words::new(bytes);
    let mut insert = all.prepare(INSERT)?;
    for nth in 1..=count {
        let name = Uuid::now_v7();
        let at = now - (count - nth) * 1_000_000;
        let text = words.text(nth as usize);
        let hash = [nth as u8; 32];
        insert.execute(params![
            room.0,
            seq + nth,
            rev + nth,
            author,
            name.as_bytes(),
            text,
            hash,
            at
        ])?;
    }
    drop(insert);
    let advance =
        "UPDATE rooms SET last_seq = last_seq + ?2, last_rev = last_rev + ?2 WHERE id = ?1";
    all.execute(advance, [room.0, count])?;
    all.commit()?;
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}
