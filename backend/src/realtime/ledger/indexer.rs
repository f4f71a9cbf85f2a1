//! Follows the commits and puts their messages into the search index.
//!
//! The backlog of a node has the rooms in which it committed messages, and those that a scan of the database
//! finds: what was committed before a crash, or by a node that is gone. A position moves in the transaction
//! that indexes the messages, so each is indexed once, whatever ends the process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::ids::{RoomId, Seq};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

use crate::{
    Result,
    background::{catch_panic, spawn_thread},
    tables::{
        Database,
        search_index::{CHUNK, PendingRoom, index_next, pending_rooms, rebuild_next},
        with_timeout,
    },
};

/// The maximum number of messages of this node that are committed and not indexed; then the actors wait,
/// because every search reads these messages.
const BACKLOG_MAX: i64 = 5_000;
/// How long an actor waits at most before a batch, so that a follower that fails does not stop all writes.
const BACKLOG_WAIT: Duration = Duration::from_millis(500);
/// How long messages wait for others to be indexed with them, unless a chunk is full before: a transaction
/// costs as much as several messages.
const DELAY: Duration = Duration::from_millis(100);
/// The size of a chunk while the backlog is shorter than two full ones, so that the writes wait only about a
/// millisecond for SQLite's writer.
const SMALL_CHUNK: i64 = CHUNK / 8;
/// The maximum number of rooms of one chunk.
const ROOMS_MAX: usize = 128;
/// How often the follower looks for a rebuild that another process began.
const TICK: Duration = Duration::from_secs(1);
/// How often it looks for rooms in which another node committed messages and did not index them.
const RESCAN: Duration = Duration::from_secs(10);
/// How long the follower waits after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// The messages that are committed and not yet indexed, as far as this node knows.
pub(super) struct IndexBacklog {
    rooms: Mutex<Rooms>,
    /// The number of messages.
    length: watch::Sender<i64>,
    /// Notified when messages are added.
    added: Notify,
}

#[derive(Default)]
struct Rooms {
    /// The position and the last message of each room.
    pending: BTreeMap<RoomId, (Seq, Seq)>,
    /// The room after which the next chunk begins, so that every room has its turn.
    last: RoomId,
    rescan_at: Option<Instant>,
}

impl IndexBacklog {
    pub(super) fn new() -> Arc<Self> {
        let (length, _) = watch::channel(0);
        Arc::new(Self { rooms: Mutex::default(), length, added: Notify::new() })
    }

    /// Adds messages after their commit.
    pub(super) fn add(&self, posted: &[(RoomId, Seq)]) {
        if posted.is_empty() {
            return;
        }
        self.update(|rooms| {
            for (room, seq) in posted {
                let (_, last) = rooms.pending.entry(*room).or_insert((Seq(seq.0 - 1), *seq));
                *last = (*last).max(*seq);
            }
        });
        self.added.notify_one();
    }

    /// Waits until the backlog is short enough for further messages.
    pub(super) async fn wait_for_space(&self) {
        let mut length = self.length.subscribe();
        if *length.borrow_and_update() > BACKLOG_MAX {
            let has_space = length.wait_for(|length| *length <= BACKLOG_MAX);
            let _ = timeout(BACKLOG_WAIT, has_space).await;
        }
    }

    /// Adds the rooms that a scan found.
    fn merge(&self, found: Vec<PendingRoom>) {
        self.update(|rooms| {
            for PendingRoom { room, indexed_seq, last_seq } in found {
                let (indexed, last) = rooms.pending.entry(room).or_insert((indexed_seq, last_seq));
                (*indexed, *last) = (indexed_seq, (*last).max(last_seq));
            }
        });
    }

    /// Moves the positions of rooms.
    fn set_positions(&self, positions: &[(RoomId, Seq)]) {
        self.update(|rooms| {
            for (room, seq) in positions {
                if let Some((indexed, last)) = rooms.pending.get_mut(room) {
                    *indexed = *seq;
                    if *indexed >= *last {
                        rooms.pending.remove(room);
                    }
                }
            }
        });
    }

    /// The rooms of the next chunk, each with its last message.
    fn next_rooms(&self) -> Vec<(RoomId, Seq)> {
        let mut rooms = self.lock();
        let after = RoomId(rooms.last.0 + 1);
        let turn = rooms.pending.range(after..).chain(rooms.pending.range(..after));
        let next: Vec<_> = turn.take(ROOMS_MAX).map(|(room, (_, last))| (*room, *last)).collect();
        if let Some((room, _)) = next.first() {
            rooms.last = *room;
        }
        next
    }

    fn is_scan_due(&self) -> bool {
        let mut rooms = self.lock();
        let is_due = rooms.rescan_at.is_none_or(|at| at <= Instant::now());
        if is_due {
            rooms.rescan_at = Some(Instant::now() + RESCAN);
        }
        is_due
    }

    fn update(&self, change: impl FnOnce(&mut Rooms)) {
        let mut rooms = self.lock();
        change(&mut rooms);
        let length = rooms.pending.values().map(|(indexed, last)| last.0 - indexed.0).sum();
        metrics::gauge!("hallway_search_backlog").set(length as f64);
        self.length.send_replace(length);
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the follower: with SQLite on a thread of its own, so that a transaction holds the writer no longer
/// than its statements take.
pub(super) fn start(db: Database, backlog: Arc<IndexBacklog>) {
    let is_shared = db.is_shared();
    let follow = follow(db, backlog);
    if is_shared {
        tokio::spawn(follow);
    } else {
        spawn_thread("indexer", follow);
    }
}

/// Indexes the messages of the backlog as they come, and whatever a rebuild has left.
async fn follow(db: Database, backlog: Arc<IndexBacklog>) {
    let mut chunk_max = CHUNK;
    loop {
        match catch_panic("search index", index_all(&db, &backlog, chunk_max)).await {
            Some(Ok(())) => {
                chunk_max = (2 * chunk_max).min(CHUNK);
                // New messages end the wait.
                let _ = timeout(TICK, backlog.added.notified()).await;
            }
            failed => {
                metrics::counter!("hallway_search_index_failures_total").increment(1);
                if let Some(Err(error)) = failed {
                    tracing::warn!(%error, "cannot index messages yet");
                }
                // Large chunks may take longer than the database allows; and in the end, a message that
                // cannot be indexed holds up only its room.
                chunk_max = (chunk_max / 4).max(1);
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Indexes everything that can be indexed now.
async fn index_all(db: &Database, backlog: &IndexBacklog, chunk_max: i64) -> Result<()> {
    if backlog.is_scan_due() {
        backlog.merge(pending_rooms(&db.reader).await?);
    }
    loop {
        let has_indexed = index_chunk(db, backlog, chunk_max).await?;
        let has_rebuilt = with_timeout(db.backend(), rebuild_next(db, chunk_max as u64)).await?;
        // Otherwise nothing is left, or other nodes are working on it.
        if !has_indexed && !has_rebuilt {
            return Ok(());
        }
    }
}

/// Waits for further messages, and indexes the next chunk; returns whether the backlog has changed.
async fn index_chunk(db: &Database, backlog: &IndexBacklog, chunk_max: i64) -> Result<bool> {
    let mut length = backlog.length.subscribe();
    if *length.borrow_and_update() == 0 {
        return Ok(false);
    }
    // The channel does not close while the backlog exists.
    let _ = timeout(DELAY, length.wait_for(|length| *length >= CHUNK)).await;
    let before = *length.borrow();
    let chunk = if before < 2 * CHUNK { SMALL_CHUNK } else { CHUNK }.min(chunk_max);
    let positions =
        with_timeout(db.backend(), index_next(db, &backlog.next_rooms(), chunk)).await?;
    backlog.set_positions(&positions);
    let after = *length.borrow();
    Ok(after != before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backlog(posted: &[(i64, i64)]) -> Arc<IndexBacklog> {
        let backlog = IndexBacklog::new();
        let posted: Vec<_> = posted.iter().map(|(room, seq)| (RoomId(*room), Seq(*seq))).collect();
        backlog.add(&posted);
        backlog
    }

    fn length(backlog: &IndexBacklog) -> i64 {
        *backlog.length.borrow()
    }

    #[test]
    fn the_backlog_counts_what_is_not_indexed() {
        let backlog = backlog(&[(1, 7), (1, 8), (2, 1)]);
        assert_eq!(length(&backlog), 3);
        backlog.set_positions(&[(RoomId(1), Seq(7)), (RoomId(9), Seq(1))]);
        assert_eq!(length(&backlog), 2);
        // Another node's messages.
        let found = PendingRoom { room: RoomId(1), indexed_seq: Seq(5), last_seq: Seq(6) };
        backlog.merge(vec![found]);
        assert_eq!(length(&backlog), 4);
        backlog.set_positions(&[(RoomId(1), Seq(8)), (RoomId(2), Seq(1))]);
        assert_eq!(length(&backlog), 0);
        assert!(backlog.next_rooms().is_empty());
    }

    #[test]
    fn every_room_has_its_turn() {
        let backlog = backlog(&[(1, 1), (2, 1), (3, 1)]);
        let first = |backlog: &IndexBacklog| backlog.next_rooms()[0].0.0;
        assert_eq!(
            [first(&backlog), first(&backlog), first(&backlog), first(&backlog)],
            [1, 2, 3, 1]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn writers_wait_while_the_backlog_is_full() {
        let backlog = IndexBacklog::new();
        let full =
            PendingRoom { room: RoomId(1), indexed_seq: Seq(0), last_seq: Seq(BACKLOG_MAX + 1) };
        backlog.merge(vec![full]);
        let start = Instant::now();
        backlog.wait_for_space().await;
        assert!(start.elapsed() >= BACKLOG_WAIT, "the follower does nothing");
        let waiting = backlog.clone();
        let wait = tokio::spawn(async move { waiting.wait_for_space().await });
        tokio::task::yield_now().await;
        backlog.set_positions(&[(RoomId(1), Seq(1))]);
        let start = Instant::now();
        wait.await.unwrap();
        assert!(start.elapsed() < BACKLOG_WAIT);
    }
}
