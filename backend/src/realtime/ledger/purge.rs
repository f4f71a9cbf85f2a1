//! Deletes the rows of deleted rooms in the background.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};
use shared::ids::{RoomId, UserId};
use tokio::sync::Notify;

use super::{
    Batch, Ledger, RoomWrite,
    retry::{Task, retry_forever},
};
use crate::{
    Result,
    tables::{
        Pool, binned_rooms, delete_room_events, members, mentions, messages, now, reports,
        room_bans, rooms, rooms_in_bin, row_lock, search_index,
    },
};

/// The number of messages that one [`PurgeRoom`] deletes: few enough not to delay writes to other
/// rooms, and enough to finish soon.
const CHUNK: u64 = 500;
/// How often the task looks for rooms that another node deleted and could not finish.
const RESCAN: Duration = Duration::from_secs(600);
/// The task that purges.
const PURGE: Task = Task { name: "purge", failures: "hallway_room_purge_failures_total" };

/// Deletes the next 500 messages of a deleted room that is not in the bin and returns true; if it has no messages, deletes
/// all its other rows and returns false.
struct PurgeRoom {
    room: RoomId,
}

/// Deletes the rows of all deleted rooms: at the start, when `deleted` is notified, and every ten
/// minutes.
pub(super) async fn purge_deleted_rooms(ledger: Ledger, reader: Pool, deleted: Arc<Notify>) {
    retry_forever(PURGE, &deleted, || purge_all(&ledger, &reader)).await;
}

/// The condition that a room is deleted and cannot be restored.
fn is_gone(now: i64) -> Condition {
    Condition::all()
        .add(rooms::Column::DeletedAt.is_not_null())
        .add(rooms::Column::Id.not_in_subquery(rooms_in_bin(now)))
}

/// Deletes the rows of all rooms that are deleted now and no longer in the bin. If one room fails, continues with the others,
/// and returns the last error. Returns when to look again.
async fn purge_all(ledger: &Ledger, reader: &Pool) -> Result<Duration> {
    let rooms =
        rooms::Entity::find().select_only().column(rooms::Column::Id).filter(is_gone(now()));
    let rooms: Vec<i64> = rooms.into_tuple().all(reader).await?;
    let pending = metrics::gauge!("hallway_rooms_to_purge");
    pending.set(rooms.len() as f64);
    let mut result = Ok(RESCAN);
    for room in rooms {
        match purge(ledger, RoomId(room)).await {
            Ok(()) => pending.decrement(1),
            Err(error) => result = Err(error),
        }
    }
    result
}

async fn purge(ledger: &Ledger, room: RoomId) -> Result<()> {
    while ledger.write(PurgeRoom { room }).await? {}
    Ok(())
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
        let in_room = mentions::Column::RoomId.eq(room);
        mentions::Entity::delete_many().filter(in_room).exec(batch.txn).await?;
        let in_room = reports::Column::RoomId.eq(room);
        reports::Entity::delete_many().filter(in_room).exec(batch.txn).await?;
        let in_room = room_bans::Column::RoomId.eq(room);
        room_bans::Entity::delete_many().filter(in_room).exec(batch.txn).await?;
        let in_room = members::Column::RoomId.eq(room);
        members::Entity::delete_many().filter(in_room).exec(batch.txn).await?;
        delete_room_events(batch.txn, room).await?;
        binned_rooms::Entity::delete_by_id(room).exec(batch.txn).await?;
        rooms::Entity::delete_by_id(room).exec(batch.txn).await?;
        batch.forget_room(self.room);
        Ok(false)
    }
}
