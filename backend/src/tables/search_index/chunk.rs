//! Indexes messages after their commit, in chunks.
//!
//! The rows are read and tokenized before the transaction begins, so that SQLite's writer is held only while
//! the documents are inserted. The transaction locks the rows and indexes those that have not changed since.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{LockBehavior, LockType, all},
};
use shared::ids::{RoomId, Seq};

use super::{
    document::Document,
    insert_documents, merge,
    positions::{add_missing, lock_positions, lock_version, move_positions, read_positions},
};
use crate::{
    failpoints::{Failpoint, is_active},
    tables::{
        database::{Database, Transaction, row_lock},
        entities::messages,
    },
};

/// The maximum number of messages that one transaction indexes, which takes SQLite about 10 ms.
pub const CHUNK: i64 = 512;
/// The maximum size of the texts that one transaction indexes, in bytes, unless the first is longer.
const CHUNK_BYTES: usize = 128 * 1_024;

/// A message, and the document that the index gets for it; `None` for a deleted message.
pub(super) struct Prepared {
    pub(super) row: messages::Model,
    document: Option<Document>,
}

/// The next messages of a room to index.
struct Range {
    room: i64,
    /// The position of the room.
    after: i64,
    to: i64,
}

/// Indexes the next messages of rooms, each given with its last message. Returns the positions of the
/// rooms; without those that another node is indexing.
pub async fn index_next(
    db: &Database,
    rooms: &[(RoomId, Seq)],
    chunk: i64,
) -> Result<Vec<(RoomId, Seq)>, DbErr> {
    let ids: Vec<i64> = rooms.iter().map(|(room, _)| room.0).collect();
    let mut positions = read_positions(&db.reader, &ids).await?;
    if positions.len() < ids.len() {
        add_missing(&db.writer, &ids).await?;
        positions = read_positions(&db.writer, &ids).await?;
        // A room without a row is deleted.
        for (room, last) in rooms {
            positions.entry(room.0).or_insert(last.0);
        }
    }
    let mut ranges = next_ranges(rooms, &positions, chunk);
    let prepared = prepare(read_ranges(db, &mut ranges).await?).await?;
    let count = prepared.len();
    if !ranges.is_empty() {
        let txn = db.begin_repeatable().await?;
        if !lock_version(&txn).await? {
            txn.rollback().await?;
            return Ok(positions.into_iter().map(|(room, seq)| (RoomId(room), Seq(seq))).collect());
        }
        match index_ranges(&txn, &ranges, prepared).await {
            Ok(moved) => {
                txn.commit().await?;
                merge(db, count).await?;
                for Range { room, .. } in ranges {
                    match moved.get(&room) {
                        Some(seq) => positions.insert(room, *seq),
                        None => positions.remove(&room),
                    };
                }
            }
            Err(error) => {
                // If the rollback fails too, the pool drops the connection.
                let _ = txn.rollback().await;
                return Err(error);
            }
        }
    }
    Ok(positions.into_iter().map(|(room, seq)| (RoomId(room), Seq(seq))).collect())
}

/// The next messages of each room, at most `chunk` together.
fn next_ranges(
    rooms: &[(RoomId, Seq)],
    positions: &HashMap<i64, i64>,
    mut chunk: i64,
) -> Vec<Range> {
    let mut ranges = Vec::new();
    for (room, last) in rooms {
        let after = positions.get(&room.0).copied().unwrap_or(last.0);
        let count = (last.0 - after).min(chunk);
        if count > 0 {
            ranges.push(Range { room: room.0, after, to: after + count });
            chunk -= count;
        }
    }
    ranges
}

/// Reads the messages of ranges, and shortens the ranges if their texts are too long for one chunk.
async fn read_ranges(
    db: &Database,
    ranges: &mut Vec<Range>,
) -> Result<Vec<messages::Model>, DbErr> {
    use messages::Column as C;
    if ranges.is_empty() {
        return Ok(Vec::new());
    }
    ranges.sort_by_key(|range| range.room);
    let any = ranges.iter().fold(Condition::any(), |any, range| {
        any.add(all![C::RoomId.eq(range.room), C::Seq.between(range.after + 1, range.to)])
    });
    let select = messages::Entity::find().filter(any).order_by_asc(C::RoomId).order_by_asc(C::Seq);
    let mut rows = messages::Model::fetch(&db.reader, select).await?;
    if truncate(&mut rows)
        && let Some(last) = rows.last()
    {
        ranges.retain(|range| range.room <= last.room_id);
        if let Some(range) = ranges.last_mut() {
            range.to = last.seq;
        }
    }
    Ok(rows)
}

/// Drops the last rows if the texts are too long for one chunk; returns whether it dropped any.
pub(super) fn truncate(rows: &mut Vec<messages::Model>) -> bool {
    let mut bytes = 0;
    let fits = |row: &&messages::Model| {
        bytes += row.content.len();
        bytes <= CHUNK_BYTES
    };
    let (count, fitting) = (rows.len(), rows.iter().take_while(fits).count());
    rows.truncate(fitting.max(1));
    rows.len() < count
}

/// Tokenizes messages on a thread for blocking work.
pub(super) async fn prepare(rows: Vec<messages::Model>) -> Result<Vec<Prepared>, DbErr> {
    let tokenize = |row: messages::Model| {
        let document = row.deleted_at.is_none().then(|| Document::new(&row));
        Prepared { row, document }
    };
    let work = move || rows.into_iter().map(tokenize).collect();
    tokio::task::spawn_blocking(work).await.map_err(|error| DbErr::Custom(error.to_string()))
}

/// Indexes the messages of those ranges that can be locked; returns the new positions.
async fn index_ranges(
    txn: &Transaction,
    ranges: &[Range],
    prepared: Vec<Prepared>,
) -> Result<HashMap<i64, i64>, DbErr> {
    let locked =
        lock_positions(txn, &ranges.iter().map(|range| range.room).collect::<Vec<_>>()).await?;
    let is_mine = |range: &&Range| locked.get(&range.room) == Some(&range.after);
    let mut moved: HashMap<i64, i64> =
        ranges.iter().filter(is_mine).map(|range| (range.room, range.to)).collect();
    let mut prepared: Vec<_> =
        prepared.into_iter().filter(|one| moved.contains_key(&one.row.room_id)).collect();
    let unchanged = lock_unchanged(txn, &prepared).await?;
    for Prepared { row, .. } in prepared.iter().filter(|one| !unchanged.contains(&one.row.id)) {
        // The next chunk begins with the first message that has changed.
        moved.entry(row.room_id).and_modify(|seq| *seq = (*seq).min(row.seq - 1));
    }
    prepared.retain(|one| moved.get(&one.row.room_id).is_some_and(|seq| one.row.seq <= *seq));
    insert_prepared(txn, prepared).await?;
    let moves: Vec<_> = moved.iter().map(|(room, seq)| (*room, *seq)).collect();
    move_positions(txn, &moves).await?;
    // The positions that another node has moved meanwhile count too.
    Ok(locked.into_iter().chain(moved).collect())
}

/// Locks messages, without those that another transaction is changing, and returns the ids of those that
/// have not changed since they were read.
pub(super) async fn lock_unchanged(
    txn: &Transaction,
    prepared: &[Prepared],
) -> Result<HashSet<i64>, DbErr> {
    use messages::Column as C;
    if prepared.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<(i64, i64)> = messages::Entity::find()
        .select_only()
        .columns([C::Id, C::Rev])
        .filter(C::Id.is_in(prepared.iter().map(|one| one.row.id)))
        .lock_with_behavior(row_lock(txn, LockType::Share), LockBehavior::SkipLocked)
        .into_tuple()
        .all(txn)
        .await?;
    let found: HashSet<_> = found.into_iter().collect();
    let is_unchanged = |one: &&Prepared| found.contains(&(one.row.id, one.row.rev));
    Ok(prepared.iter().filter(is_unchanged).map(|one| one.row.id).collect())
}

/// Inserts the documents of messages.
pub(super) async fn insert_prepared(
    txn: &Transaction,
    prepared: Vec<Prepared>,
) -> Result<(), DbErr> {
    let mut documents: Vec<_> = prepared.into_iter().filter_map(|one| one.document).collect();
    if is_active(Failpoint::IndexSkipsOne) {
        documents.pop();
    }
    // FTS5 writes a segment of its own for each row with a smaller id than the one before.
    documents.sort_unstable_by_key(|document| document.id);
    insert_documents(txn, documents).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(rooms: &[(i64, i64)], positions: &[(i64, i64)], chunk: i64) -> Vec<(i64, i64, i64)> {
        let rooms: Vec<_> = rooms.iter().map(|(room, last)| (RoomId(*room), Seq(*last))).collect();
        let ranges = next_ranges(&rooms, &positions.iter().copied().collect(), chunk);
        ranges.into_iter().map(|range| (range.room, range.after, range.to)).collect()
    }

    #[test]
    fn a_chunk_takes_the_next_messages_of_each_room() {
        let rooms = [(1, 5), (2, 9), (3, 4)];
        let positions = [(1, 3), (2, 9), (3, 0)];
        assert_eq!(ranges(&rooms, &positions, 100), [(1, 3, 5), (3, 0, 4)]);
        assert_eq!(ranges(&rooms, &positions, 4), [(1, 3, 5), (3, 0, 2)]);
        assert_eq!(ranges(&rooms, &positions, 1), [(1, 3, 4)]);
        assert_eq!(ranges(&rooms, &[(1, 5), (2, 10), (3, 4)], 100), []);
    }
}
