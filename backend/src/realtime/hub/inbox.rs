//! The inbox of a socket: the session's side of the queue between the hub and the session.

use std::{future::poll_fn, sync::Arc};

use shared::{
    ids::{Rev, RoomId},
    live::ServerFrame,
};

use super::{
    Credential, Hub, NodeEvent, SocketId,
    connection::{Connection, Drained},
};

/// The session's side of an inbox. Dropping it ends the subscriptions.
pub struct Inbox {
    id: SocketId,
    hub: Hub,
    connection: Arc<Connection>,
}

impl Hub {
    /// Registers a socket of a user; `None` if the user has `max` sockets on this node already. The
    /// caller then checks the credential again, because a revocation between the first check and this
    /// call has not reached the socket.
    pub fn connect(&self, credential: Credential, max: usize) -> Option<Inbox> {
        let (id, connection) = self.sockets().connect(credential, max)?;
        metrics::gauge!("hallway_sockets").increment(1);
        Some(Inbox { id, hub: self.clone(), connection })
    }
}

impl Inbox {
    /// The id of the socket.
    pub fn socket(&self) -> SocketId {
        self.id
    }

    /// Waits until the inbox has content for [`Inbox::drain`].
    pub async fn not_empty(&self) {
        poll_fn(|context| self.connection.poll_content(context)).await;
    }

    /// Takes the whole content.
    pub fn drain(&self) -> Drained {
        self.connection.drain()
    }

    /// Whether the account watch has ended the access of the socket.
    pub fn has_access_ended(&self) -> bool {
        self.connection.has_access_ended()
    }

    /// Subscribes to a room: the inbox gets its changes and ephemeral events from now on. The user
    /// does not count as online there before [`Inbox::confirm_member`].
    pub fn subscribe(&self, room: RoomId) {
        self.hub.lock_room(room).subscribe(self.id, &self.connection);
    }

    /// Shows the user as online in a room of which the session knows that the user is a member.
    pub fn confirm_member(&self, room: RoomId) {
        let mut locked = self.hub.lock_room(room);
        if locked.fanout().is_some_and(|fanout| fanout.confirm_member(self.id)) {
            self.hub.presence().mark_dirty(room);
        }
    }

    /// Sets the published rev of a room to `rev`, up to which the session has read its changes,
    /// unless the hub has published a change of the room already.
    pub fn init_published_rev(&self, room: RoomId, rev: Rev) {
        if let Some(fanout) = self.hub.lock_room(room).fanout() {
            fanout.published_rev.get_or_insert(rev);
        }
    }

    /// Ends the subscription to a room.
    pub fn unsubscribe(&self, room: RoomId) {
        self.hub.lock_room(room).unsubscribe(self.id);
    }

    /// Sends a frame that is never stored to the other users who are subscribed to a room.
    pub fn publish_ephemeral(&self, room: RoomId, frame: ServerFrame) {
        self.hub.publish(NodeEvent::Ephemeral {
            room,
            from: self.connection.credential.user,
            frame,
        });
    }

    /// The `rev` of the last change of a room that the hub published on this node; 0 before the
    /// first.
    pub fn published_rev(&self, room: RoomId) -> Rev {
        let mut locked = self.hub.lock_room(room);
        locked.fanout().and_then(|fanout| fanout.published_rev).unwrap_or_default()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        for room in self.connection.take_rooms() {
            self.hub.lock_room(room).unsubscribe(self.id);
        }
        self.hub.sockets().disconnect(self.id, &self.connection.credential);
        metrics::gauge!("hallway_sockets").decrement(1);
    }
}
