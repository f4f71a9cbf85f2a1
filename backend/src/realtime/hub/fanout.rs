//! The fan-out of one room: brings its changes into `rev` order, and puts them into the inboxes of the
//! subscribed sockets.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    messages::Row,
};

use crate::failpoints::{Failpoint, is_active};

use super::{
    Hub, Publication, RoomChange, Signal, SocketId, connection::Connection, node_events::NodeId,
};

/// How long a change waits for missing predecessors before the hub reads them from the database.
const REORDER_WAIT: Duration = Duration::from_millis(20);
/// The maximum number of changes of a room that wait in memory; the hub reads further ones from the
/// database.
const REORDER_MAX: usize = 1_024;

/// The subscribers of a room on this node, and the state of its fan-out.
#[derive(Default)]
pub(super) struct RoomFanout {
    /// The `rev` of the last change that was published on this node; `None` before the first. The
    /// inbox of each subscriber got every change up to it, or was marked as lagging.
    pub(super) published_rev: Option<Rev>,
    subscribers: HashMap<SocketId, Subscriber>,
    /// The online users, as last sent to the subscribers.
    pub(super) announced_users: HashSet<UserId>,
    /// The users who are subscribed on other nodes.
    pub(super) remote_users: HashMap<NodeId, HashSet<UserId>>,
    /// This node's users, as last sent to the other nodes.
    pub(super) relayed_users: HashSet<UserId>,
    /// Messages that may still wait in an inbox, oldest first.
    undelivered: VecDeque<(Seq, Weak<Publication>)>,
    /// Changes that wait for missing predecessors.
    out_of_order: BTreeMap<Rev, Arc<Publication>>,
    is_reorder_timer_set: bool,
}

struct Subscriber {
    connection: Arc<Connection>,
    /// Whether the session has checked the membership: only then the user counts as online.
    is_confirmed: bool,
}

/// The next step for a change.
pub(super) enum Offered {
    /// Publish it now.
    Next(Arc<Publication>),
    /// Nothing: it waits for missing predecessors.
    Early { must_start_wait: bool },
    /// Nothing: it was published before.
    Published,
}

impl RoomFanout {
    /// Adds a subscriber; returns false if it was one already.
    pub(super) fn subscribe(&mut self, id: SocketId, connection: &Arc<Connection>) -> bool {
        let is_new = !self.subscribers.contains_key(&id);
        if is_new {
            let subscriber = Subscriber { connection: connection.clone(), is_confirmed: false };
            self.subscribers.insert(id, subscriber);
        }
        is_new
    }

    /// Removes a subscriber, and returns its connection.
    pub(super) fn unsubscribe(&mut self, id: SocketId) -> Option<Arc<Connection>> {
        self.subscribers.remove(&id).map(|subscriber| subscriber.connection)
    }

    /// Counts the user of a subscriber as online; returns false if there is no such subscriber, or if it
    /// was confirmed before.
    pub(super) fn confirm_member(&mut self, id: SocketId) -> bool {
        let subscriber = self.subscribers.get_mut(&id);
        subscriber.is_some_and(|found| !std::mem::replace(&mut found.is_confirmed, true))
    }

    /// Whether the room has no subscribers.
    pub(super) fn is_empty(&self) -> bool {
        self.subscribers.is_empty()
    }

    /// The connections of the subscribers.
    pub(super) fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.subscribers.values().map(|subscriber| &*subscriber.connection)
    }

    /// The connections of the subscribers.
    pub(super) fn into_connections(self) -> impl Iterator<Item = Arc<Connection>> {
        self.subscribers.into_values().map(|subscriber| subscriber.connection)
    }

    /// The members who are subscribed on this node.
    pub(super) fn local_users(&self) -> HashSet<UserId> {
        let confirmed = self.subscribers.values().filter(|subscriber| subscriber.is_confirmed);
        confirmed.map(|subscriber| subscriber.connection.credential.user).collect()
    }

    /// The users who are subscribed on any node.
    pub(super) fn online_users(&self) -> HashSet<UserId> {
        let mut users = self.local_users();
        users.extend(self.remote_users.values().flatten());
        users
    }

    /// Takes a change that this or another node committed.
    pub(super) fn offer(&mut self, publication: Arc<Publication>) -> Offered {
        let rev = publication.rev;
        let published = self.published_rev.unwrap_or(Rev(rev.0 - 1));
        if rev <= published {
            return Offered::Published;
        }
        if rev == published.next() || is_active(Failpoint::NoCatchUp) {
            return Offered::Next(publication);
        }
        if self.out_of_order.len() < REORDER_MAX {
            self.out_of_order.insert(rev, publication);
        }
        let must_start_wait = !std::mem::replace(&mut self.is_reorder_timer_set, true);
        Offered::Early { must_start_wait }
    }

    /// Takes the change with this `rev`, if it waits for its predecessor.
    pub(super) fn take_early(&mut self, rev: Rev) -> Option<Arc<Publication>> {
        self.out_of_order.remove(&rev)
    }

    /// Puts the next change into the inboxes of all subscribers.
    pub(super) fn publish(&mut self, publication: &Arc<Publication>) {
        self.published_rev = Some(publication.rev);
        self.track(publication);
        for connection in self.connections() {
            connection.send(Signal::Change(publication.clone()));
        }
    }

    /// Returns true if predecessors are still missing.
    fn end_reorder_wait(&mut self) -> bool {
        self.is_reorder_timer_set = false;
        !self.out_of_order.is_empty()
    }

    /// Tracks a message that may wait in an inbox, or, given a tombstone, redacts the tracked
    /// publications of the message.
    fn track(&mut self, publication: &Arc<Publication>) {
        let Row::Message(message) = &publication.change().row else { return };
        while self.undelivered.front().is_some_and(|(_, waiting)| waiting.strong_count() == 0) {
            self.undelivered.pop_front();
        }
        if self.undelivered.len() > REORDER_MAX {
            self.undelivered.retain(|(_, waiting)| waiting.strong_count() > 0);
        }
        if message.deleted_at.is_some() {
            let same_message = self.undelivered.iter().filter(|(seq, _)| *seq == message.seq);
            same_message
                .filter_map(|(_, waiting)| waiting.upgrade())
                .for_each(|publication| publication.redact(message));
        } else {
            self.undelivered.push_back((message.seq, Arc::downgrade(publication)));
        }
    }

    /// Skips to `rev`: the subscribers read the changes up to it from the database.
    pub(super) fn skip_to(&mut self, room: RoomId, rev: Rev) {
        self.published_rev = Some(rev);
        self.out_of_order = self.out_of_order.split_off(&rev.next());
        for connection in self.connections() {
            connection.send(Signal::Lagged(room));
        }
    }
}

/// Encodes a committed change for all subscribers.
pub(super) fn encode_change(change: RoomChange) -> Arc<Publication> {
    let RoomChange { room, change, removed, left_seq, posted_by } = change;
    Arc::new(Publication::new(room, change, posted_by).with_departure(left_seq, removed))
}

impl Hub {
    /// Takes a change that this or another node committed, and publishes it once all its
    /// predecessors are published. A socket that subscribes after the first look reads the change from
    /// the database, because the change is committed.
    pub(super) fn offer(&self, change: RoomChange) {
        let room = change.room;
        if self.lock_room(room).fanout().is_none() {
            return;
        }
        let publication = encode_change(change);
        let must_start_wait = self.lock_room(room).offer(publication);
        if must_start_wait {
            let hub = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(REORDER_WAIT).await;
                let is_missing = |fanout: &mut RoomFanout| fanout.end_reorder_wait();
                if hub.lock_room(room).fanout().is_some_and(is_missing) {
                    hub.publish_missing(room).await;
                }
            });
        }
    }
}
