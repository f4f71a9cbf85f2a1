//! Deletes the rows of deleted rooms: a job of each room, which is due when the room cannot be restored any
//! more.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};
use shared::{
    ids::{RoomId, UserId},
    rules,
};

use super::{Batch, Ledger, RoomWrite};
use crate::{
    Result,
    realtime::jobs::{NewJob, Progress, Runner},
    tables::{
        Pool, Transaction, binned_rooms, members, mentions, messages, now, reports, room_bans,
        room_events, rooms, rooms_in_bin, row_lock, search_index,
    },
};

/// The number of rows of a table that one [`PurgeRoom`] deletes: few enough not to delay writes to other
/// rooms, and enough to finish soon.
const CHUNK: u64 = 500;
const PURGE_ROOM: &str = "purge_room";
/// For how long a deleted room can be restored.
pub(super) const BIN: Duration = Duration::from_secs(rules::BIN_DAYS.unsigned_abs() * 86_400);

/// Deletes the next 500 messages of a deleted room that is not in the bin, or if it has none, up to 500
/// rows of each other table; returns true if there may be more. Otherwise deletes the room itself.
struct PurgeRoom {
    room: RoomId,
}

/// The job that deletes the rows of a deleted room. Waits as long as the room can be restored.
pub fn purge_job(room: RoomId) -> NewJob {
    NewJob::new(PURGE_ROOM, room.0)
}

pub(super) fn register(ledger: &Ledger, runner: &mut Runner, reader: &Pool) {
    let (ledger, reader) = (ledger.clone(), reader.clone());
    runner.on(PURGE_ROOM, 1, move |job| {
        let (ledger, reader) = (ledger.clone(), reader.clone());
        async move { purge(&ledger, &reader, RoomId(job.subject_id)).await }
    });
}

/// The condition that a room is deleted and cannot be restored.
fn is_gone(now: i64) -> Condition {
    Condition::all()
        .add(rooms::Column::DeletedAt.is_not_null())
        .add(rooms::Column::Id.not_in_subquery(rooms_in_bin(now)))
}

/// Deletes the rows of a room that is deleted and no longer in the bin.
async fn purge(ledger: &Ledger, reader: &Pool, room: RoomId) -> Result<Progress> {
    // Imported, or deleted again after it was restored.
    if let Some(row) = binned_rooms::Entity::find_by_id(room.0).one(reader).await? {
        let left = row.binned_at + BIN.as_micros() as i64 - now();
        if left > 0 {
            return Ok(Progress::ContinueAfter(Duration::from_micros(left.unsigned_abs())));
        }
    }
    while ledger.write(PurgeRoom { room }).await? {}
    Ok(Progress::Done)
}

impl RoomWrite for PurgeRoom {
    type Out = bool;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        None
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<bool> {
        let room = self.room.0;
        let deleted_rooms = rooms::Entity::find_by_id(room).filter(is_gone(batch.now));
        if deleted_rooms.count(batch.txn).await? == 0 {
            return Ok(false);
        }
        let chunk = messages::Entity::find()
            .filter(messages::Column::RoomId.eq(room))
            .order_by_asc(messages::Column::Seq)
            .limit(CHUNK)
            .lock(row_lock(batch.txn, LockType::Update))
            .all(batch.txn)
            .await?;
        if !chunk.is_empty() {
            search_index::remove(batch.txn, &chunk).await?;
            let in_chunk = messages::Column::Id.is_in(chunk.iter().map(|row| row.id));
            messages::Entity::delete_many().filter(in_chunk).exec(batch.txn).await?;
            return Ok(true);
        }
        if delete_chunks(batch.txn, room).await? {
            return Ok(true);
        }
        binned_rooms::Entity::delete_by_id(room).exec(batch.txn).await?;
        rooms::Entity::delete_by_id(room).exec(batch.txn).await?;
        batch.forget_room(self.room);
        Ok(false)
    }
}

/// Deletes up to 500 rows of each table that refers to a room; returns whether one may have more.
async fn delete_chunks(txn: &Transaction, room: i64) -> Result<bool> {
    use members::Column as M;
    use reports::Column as R;
    use room_bans::Column as B;
    use room_events::Column as E;
    let deleted = [
        delete_mentions(txn, room).await?,
        delete_chunk::<reports::Entity>(txn, room, [R::RoomId, R::Id]).await?,
        delete_chunk::<room_bans::Entity>(txn, room, [B::RoomId, B::UserId]).await?,
        delete_chunk::<members::Entity>(txn, room, [M::RoomId, M::UserId]).await?,
        delete_chunk::<room_events::Entity>(txn, room, [E::RoomId, E::Rev]).await?,
    ];
    Ok(deleted.contains(&CHUNK))
}

/// Deletes up to 500 rows of a room by a number that no two of them share; returns how many there were.
async fn delete_chunk<E: EntityTrait>(
    txn: &Transaction,
    room: i64,
    [room_id, number]: [E::Column; 2],
) -> Result<u64> {
    // Without an order: MySQL would read all reports by their primary key to find the first of a room.
    let numbers = E::find().select_only().column(number).filter(room_id.eq(room)).limit(CHUNK);
    let numbers: Vec<i64> = numbers.into_tuple().all(txn).await?;
    let count = numbers.len() as u64;
    if count > 0 {
        let chunk = Condition::all().add(room_id.eq(room)).add(number.is_in(numbers));
        E::delete_many().filter(chunk).exec(txn).await?;
    }
    Ok(count)
}

/// As [`delete_chunk`], for mentions, which have two numbers.
async fn delete_mentions(txn: &Transaction, room: i64) -> Result<u64> {
    use mentions::Column as C;
    let keys = mentions::Entity::find()
        .select_only()
        .columns([C::Seq, C::UserId])
        .filter(C::RoomId.eq(room))
        .order_by_asc(C::Seq)
        .order_by_asc(C::UserId)
        .limit(CHUNK);
    let keys: Vec<(i64, i64)> = keys.into_tuple().all(txn).await?;
    let Some((seq, user)) = keys.last() else { return Ok(0) };
    let chunk = Condition::all()
        .add(C::RoomId.eq(room))
        .add(C::Seq.lte(*seq))
        .add(Condition::any().add(C::Seq.lt(*seq)).add(C::UserId.lte(*user)));
    mentions::Entity::delete_many().filter(chunk).exec(txn).await?;
    Ok(keys.len() as u64)
}
