//! Deletes the rows of deleted rooms in the background.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};
use shared::{
    ids::{RoomId, UserId},
    problem::Code,
};
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use super::{Batch, Ledger, RoomWrite};
use crate::{
    Result,
    background::catch_panic,
    tables::{
        Pool, binned_rooms, members, mentions, messages, now, rooms, rooms_in_bin, row_lock,
        search_index,
    },
};

/// The number of messages that one [`PurgeRoom`] deletes: few enough not to delay writes to other
/// rooms, and enough to finish soon.
const CHUNK: u64 = 500;
/// How long the task waits after its first failure; twice as long after each further one.
const RETRY_MIN: Duration = Duration::from_secs(1);
/// The maximum wait between two tries.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How often the task looks for rooms that another node deleted and could not finish.
const RESCAN: Duration = Duration::from_secs(600);

/// Deletes the next 500 messages of a deleted room that is not in the bin and returns true; if it has no messages, deletes
/// all its other rows and returns false.
struct PurgeRoom {
    room: RoomId,
}

/// Deletes the rows of all deleted rooms: at the start, when `deleted` is notified, and every ten
/// minutes.
pub(super) async fn purge_deleted_rooms(ledger: Ledger, reader: Pool, deleted: Arc<Notify>) {
    retry_forever(&deleted, || purge_all(&ledger, &reader)).await;
}

/// Purges at the start, when `deleted` is notified, and every ten minutes. After an error, such as a full
/// disk or a lock, or a panic it tries again until it succeeds.
async fn retry_forever<F: Future<Output = Result<()>>>(
    deleted: &Notify,
    mut purge_all: impl FnMut() -> F,
) {
    let mut failures = 0;
    loop {
        let purged = catch_panic("purge", purge_all()).await;
        let wait = match purged.unwrap_or_else(|| Err(Code::Internal.into())) {
            Ok(()) => {
                failures = 0;
                RESCAN
            }
            Err(error) => {
                metrics::counter!("hallway_room_purge_failures_total").increment(1);
                let wait = retry_delay(failures);
                failures += 1;
                tracing::warn!(%error, ?wait, "cannot delete the rows of a deleted room yet");
                wait
            }
        };
        // A notification ends the wait.
        let _ = timeout(wait, deleted.notified()).await;
    }
}

/// The condition that a room is deleted and cannot be restored.
fn is_gone(now: i64) -> Condition {
    Condition::all()
        .add(rooms::Column::DeletedAt.is_not_null())
        .add(rooms::Column::Id.not_in_subquery(rooms_in_bin(now)))
}

/// Deletes the rows of all rooms that are deleted now and no longer in the bin. If one room fails, continues with the others,
/// and returns the last error.
async fn purge_all(ledger: &Ledger, reader: &Pool) -> Result<()> {
    let rooms =
        rooms::Entity::find().select_only().column(rooms::Column::Id).filter(is_gone(now()));
    let rooms: Vec<i64> = rooms.into_tuple().all(reader).await?;
    let pending = metrics::gauge!("hallway_rooms_to_purge");
    pending.set(rooms.len() as f64);
    let mut result = Ok(());
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

/// The wait after a number of failures: 1 to 60 s, of which a random half is left out, so that several
/// nodes do not try at the same times.
fn retry_delay(failures: u32) -> Duration {
    let delay = RETRY_MIN.saturating_mul(2_u32.saturating_pow(failures)).min(RETRY_MAX);
    let random = Uuid::new_v4().as_u128() % 1_000;
    delay.mul_f64(1.0 - random as f64 / 2_000.0)
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
        let in_room = members::Column::RoomId.eq(room);
        members::Entity::delete_many().filter(in_room).exec(batch.txn).await?;
        binned_rooms::Entity::delete_by_id(room).exec(batch.txn).await?;
        rooms::Entity::delete_by_id(room).exec(batch.txn).await?;
        batch.forget_room(self.room);
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::mpsc, time::Instant};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn errors_and_panics_are_retried_soon() {
        let (sender, mut attempts) = mpsc::unbounded_channel();
        let deleted = Arc::new(Notify::new());
        let notify = deleted.clone();
        let mut nth = 0;
        let purge = move || {
            nth += 1;
            let (nth, sender) = (nth, sender.clone());
            async move {
                sender.send(Instant::now()).unwrap();
                match nth {
                    1 => panic!("on purpose"),
                    2 => Err(crate::Error::from(Code::Unavailable)),
                    _ => Ok(()),
                }
            }
        };
        tokio::spawn(async move { retry_forever(&deleted, purge).await });
        let start = attempts.recv().await.unwrap();
        attempts.recv().await.unwrap();
        let success = attempts.recv().await.unwrap();
        assert!(success - start < Duration::from_secs(4));
        assert!(attempts.recv().await.unwrap() - success >= RESCAN);
        notify.notify_one();
        let before = Instant::now();
        assert!(attempts.recv().await.unwrap() - before < Duration::from_secs(1));
    }

    #[test]
    fn the_wait_grows_up_to_a_minute() {
        for (failures, seconds) in [(0, 1.0), (1, 2.0), (5, 32.0), (6, 60.0), (u32::MAX, 60.0)] {
            let delay = retry_delay(failures).as_secs_f64();
            assert!((seconds / 2.0..=seconds).contains(&delay), "{failures}: {delay}");
        }
    }
}
