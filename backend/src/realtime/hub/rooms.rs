//! The subscribed rooms of this node, in shards that each have a lock: the fan-out of one room waits for
//! few others. A shard, and not each room, has the lock, because then a room appears with its first
//! subscriber and vanishes with its last under the same lock.

use std::{
    array,
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard},
};

use shared::{
    ids::{Rev, RoomId, UserId},
    live::RemovedReason,
};

use crate::failpoints::{Failpoint, is_active};

use super::{
    Hub, Publication, Signal, SocketId,
    connection::Connection,
    fanout::{Offered, RoomFanout},
    lock,
};

/// Rooms are numbered densely, so the busy ones spread evenly.
const SHARDS: usize = 64;

type Shard = HashMap<RoomId, RoomFanout>;

/// The rooms with subscribers.
pub(super) struct Rooms(Box<[Mutex<Shard>; SHARDS]>);

impl Default for Rooms {
    fn default() -> Self {
        Self(Box::new(array::from_fn(|_| Mutex::default())))
    }
}

/// A room whose shard is locked. Everything that changes the subscribers of a room is here.
pub(super) struct LockedRoom<'a> {
    hub: &'a Hub,
    room: RoomId,
    shard: MutexGuard<'a, Shard>,
}

impl Hub {
    /// Locks a room, whether it has subscribers or not.
    pub(super) fn lock_room(&self, room: RoomId) -> LockedRoom<'_> {
        let shard = lock(&self.0.rooms.0[room.0.unsigned_abs() as usize % SHARDS]);
        LockedRoom { hub: self, room, shard }
    }

    /// Calls a function with each room that has subscribers. Locks one shard after the other.
    pub(super) fn for_each_room(&self, mut visit: impl FnMut(RoomId, &mut RoomFanout)) {
        for shard in &*self.0.rooms.0 {
            lock(shard).iter_mut().for_each(|(room, fanout)| visit(*room, fanout));
        }
    }
}

impl LockedRoom<'_> {
    /// The fan-out of the room; `None` if it has no subscribers.
    pub(super) fn fanout(&mut self) -> Option<&mut RoomFanout> {
        self.shard.get_mut(&self.room)
    }

    /// Adds a subscriber. The relay is told under the lock, because otherwise the end of an earlier
    /// subscription could undo this one.
    pub(super) fn subscribe(&mut self, id: SocketId, connection: &Arc<Connection>) {
        let fanout = match self.shard.entry(self.room) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.hub.subscribe_relay(self.room);
                entry.insert(RoomFanout::default())
            }
        };
        if fanout.subscribe(id, connection) {
            connection.add_room(self.room);
        }
    }

    pub(super) fn unsubscribe(&mut self, id: SocketId) {
        let Some(fanout) = self.shard.get_mut(&self.room) else { return };
        if let Some(connection) = fanout.unsubscribe(id) {
            connection.remove_room(self.room);
            self.hub.presence().mark_dirty(self.room);
        }
        if fanout.is_empty() {
            self.shard.remove(&self.room);
        }
    }

    /// Ends all subscriptions to the room, which was deleted.
    pub(super) fn remove_room(&mut self) {
        let Some(fanout) = self.shard.remove(&self.room) else { return };
        self.hub.presence().mark_dirty(self.room);
        for connection in fanout.into_connections() {
            connection.remove_room(self.room);
            connection.send(Signal::Removed(self.room, RemovedReason::RoomDeleted));
        }
    }

    /// Ends all subscriptions of a user to the room.
    pub(super) fn remove_member(&mut self, user: UserId, reason: RemovedReason) {
        let hub = self.hub;
        for (id, connection) in hub.sockets().of_user(user) {
            self.unsubscribe(id);
            connection.send(Signal::Removed(self.room, reason));
        }
    }

    /// Publishes a change once all its predecessors are published. Returns true if the caller has to start
    /// the wait for missing predecessors.
    pub(super) fn offer(&mut self, publication: Arc<Publication>) -> bool {
        let mut next = match self.fanout().map(|fanout| fanout.offer(publication)) {
            Some(Offered::Next(publication)) => Some(publication),
            Some(Offered::Early { must_start_wait }) => return must_start_wait,
            Some(Offered::Published) | None => return false,
        };
        while let Some(publication) = next {
            self.publish(&publication);
            next = self.fanout().and_then(|fanout| fanout.take_early(publication.rev.next()));
        }
        false
    }

    /// Sends the next change to all subscribers, and unsubscribes the member that it removes.
    fn publish(&mut self, publication: &Arc<Publication>) {
        if let Some(fanout) = self.fanout() {
            fanout.publish(publication);
        }
        if let Some((user, reason)) = publication.removed_member()
            && !is_active(Failpoint::RemovalIgnored)
        {
            self.remove_member(user, reason);
        }
    }

    /// Takes the changes after `published_rev`, read from the database, and publishes them one by
    /// one if their revs are consecutive. A row that changed twice has only its last change, which
    /// leaves a gap; then the subscribers read the changes from the database.
    pub(super) fn catch_up(&mut self, changes: Vec<Arc<Publication>>, last_rev: Rev) {
        let room = self.room;
        let Some(fanout) = self.fanout() else { return };
        let Some(published) = fanout.published_rev else { return };
        let new: Vec<_> = changes.into_iter().filter(|new| new.rev > published).collect();
        if new.len() as i64 == last_rev.0 - published.0 {
            new.into_iter().for_each(|change| _ = self.offer(change));
            return;
        }
        if last_rev > published {
            fanout.skip_to(room, last_rev);
        }
        for (user, _) in new.iter().filter_map(|new| new.removed_member()) {
            self.remove_member(user, RemovedReason::Removed);
        }
    }
}
