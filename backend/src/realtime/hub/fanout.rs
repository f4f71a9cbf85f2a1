//! The fan-out of one room: publishes its changes to the subscribed sockets in `rev` order.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    live::RemovedReason,
    messages::{Change, Row},
};

use crate::failpoints::{Failpoint, is_active};

use super::{
    Hub, Publication, RoomChange, Signal, SocketId, State, inbox::Connection, node_events::NodeId,
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
    pub(super) subscribers: HashMap<SocketId, Arc<Connection>>,
    /// The subscribers whose membership the session has checked: only they count as online.
    pub(super) confirmed: HashSet<SocketId>,
    /// The online users, as last sent to the subscribers.
    pub(super) announced_users: HashSet<UserId>,
    /// The users who are subscribed on other nodes.
    pub(super) remote_users: HashMap<NodeId, HashSet<UserId>>,
    /// This node's users, as last sent to the other nodes.
    pub(super) relayed_users: HashSet<UserId>,
    /// Messages that may still wait in an inbox, oldest first.
    undelivered: VecDeque<(Seq, Weak<Publication>)>,
    /// Changes that wait for missing predecessors.
    out_of_order: BTreeMap<Rev, RoomChange>,
    is_reorder_timer_set: bool,
}

impl RoomFanout {
    /// The members who are subscribed on this node.
    pub(super) fn local_users(&self) -> HashSet<UserId> {
        let sockets = self.confirmed.iter().filter_map(|socket| self.subscribers.get(socket));
        sockets.map(|connection| connection.credential.user).collect()
    }

    /// The users who are subscribed on any node.
    pub(super) fn online_users(&self) -> HashSet<UserId> {
        let mut users = self.local_users();
        users.extend(self.remote_users.values().flatten());
        users
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
    fn skip_to(&mut self, room: RoomId, rev: Rev) {
        self.published_rev = Some(rev);
        self.out_of_order = self.out_of_order.split_off(&rev.next());
        for connection in self.subscribers.values() {
            connection.send(Signal::Lagged(room));
        }
    }
}

impl Hub {
    /// Takes a change that this or another node committed, and publishes it once all its
    /// predecessors are published.
    pub(super) fn offer(&self, change: RoomChange) {
        let room = change.room;
        let must_start_wait = self.state().offer(change);
        if must_start_wait {
            let hub = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(REORDER_WAIT).await;
                if hub.state().end_reorder_wait(room) {
                    hub.publish_missing(room).await;
                }
            });
        }
    }
}

impl State {
    /// Returns true if the caller has to start the wait for missing predecessors.
    fn offer(&mut self, change: RoomChange) -> bool {
        let room = change.room;
        let Some(fanout) = self.rooms.get_mut(&room) else { return false };
        let rev = change.change.rev;
        let published = fanout.published_rev.unwrap_or(Rev(rev.0 - 1));
        if rev <= published {
            return false;
        }
        if rev > published.next() && !is_active(Failpoint::NoCatchUp) {
            if fanout.out_of_order.len() < REORDER_MAX {
                fanout.out_of_order.insert(rev, change);
            }
            return !std::mem::replace(&mut fanout.is_reorder_timer_set, true);
        }
        let mut next = Some(change);
        while let Some(change) = next {
            let rev = change.change.rev;
            self.fan_out(change);
            let fanout = self.rooms.get_mut(&room);
            next = fanout.and_then(|fanout| fanout.out_of_order.remove(&rev.next()));
        }
        false
    }

    /// Sends the next change to all subscribers, and unsubscribes the member that it removes.
    fn fan_out(&mut self, change: RoomChange) {
        let RoomChange { room, change, removed, left_seq, posted_by } = change;
        let Some(fanout) = self.rooms.get_mut(&room) else { return };
        fanout.published_rev = Some(change.rev);
        let removed_user = removed_member(&change);
        let publication = Publication::new(room, change, posted_by).with_left_seq(left_seq);
        let publication = Arc::new(publication);
        fanout.track(&publication);
        for connection in fanout.subscribers.values() {
            connection.send(Signal::Change(publication.clone()));
        }
        if let Some(user) = removed_user
            && !is_active(Failpoint::RemovalIgnored)
        {
            self.remove_member(room, user, removed.unwrap_or(RemovedReason::Removed));
        }
    }

    /// Returns true if predecessors are still missing.
    fn end_reorder_wait(&mut self, room: RoomId) -> bool {
        let Some(fanout) = self.rooms.get_mut(&room) else { return false };
        fanout.is_reorder_timer_set = false;
        !fanout.out_of_order.is_empty()
    }

    /// Takes the changes after `published_rev`, read from the database, and publishes them one by
    /// one if their revs are consecutive. A row that changed twice has only its last change, which
    /// leaves a gap; then the subscribers read the changes from the database.
    pub(super) fn catch_up(&mut self, room: RoomId, changes: Vec<RoomChange>, last_rev: Rev) {
        let Some(fanout) = self.rooms.get_mut(&room) else { return };
        let Some(published) = fanout.published_rev else { return };
        let new: Vec<RoomChange> =
            changes.into_iter().filter(|new| new.change.rev > published).collect();
        if new.len() as i64 == last_rev.0 - published.0 {
            new.into_iter().for_each(|change| _ = self.offer(change));
            return;
        }
        if last_rev > published {
            fanout.skip_to(room, last_rev);
        }
        for user in new.iter().filter_map(|new| removed_member(&new.change)) {
            self.remove_member(room, user, RemovedReason::Removed);
        }
    }
}

/// The user whom a change removes from the room.
fn removed_member(change: &Change) -> Option<UserId> {
    match &change.row {
        Row::Member(member) if member.left => Some(member.user.id),
        _ => None,
    }
}
