//! What reaches a listener, encoded once for all of them.

use std::sync::{Arc, OnceLock};

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::{Rev, RoomId},
    live::{RemovedReason, ServerFrame},
    messages::{Change, Message, Row},
};

/// What reaches a listener.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A numbered change of a room.
    Event(Arc<Event>),
    /// Changes of the room were not told: read them.
    Behind(RoomId),
    /// Something for this person, of no number.
    Personal(Arc<ServerFrame>),
    /// Something about a room that is never stored.
    Whisper(RoomId, Utf8Bytes),
    /// Nothing more comes from this room.
    Removed(RoomId, RemovedReason),
}

/// A change of a room, encoded once for all who listen.
#[derive(Debug)]
pub struct Event {
    /// The room.
    pub room: RoomId,
    /// The change's number.
    pub rev: Rev,
    change: Change,
    frame: Utf8Bytes,
    /// The same place with the message's tombstone, if it was deleted while this waited.
    deleted: OnceLock<(Change, Utf8Bytes)>,
}

impl Event {
    /// Encodes a change.
    pub fn new(room: RoomId, change: Change) -> Self {
        let frame = encode(&ServerFrame::of(room, change.clone()));
        Self { room, rev: change.rev, change, frame, deleted: OnceLock::new() }
    }

    /// What changed, without what was deleted since.
    pub fn change(&self) -> &Change {
        self.deleted.get().map_or(&self.change, |(change, _)| change)
    }

    /// The frame of the live socket, without what was deleted since.
    pub fn frame(&self) -> Utf8Bytes {
        self.deleted.get().map_or(&self.frame, |(_, frame)| frame).clone()
    }

    /// The message was deleted: what still waits somewhere is told without its text, at its own
    /// place in the order.
    pub(super) fn delete(&self, tombstone: &Message) {
        self.deleted.get_or_init(|| {
            let change = Change { rev: self.rev, row: Row::Message(tombstone.clone()) };
            let frame = encode(&ServerFrame::of(self.room, change.clone()));
            (change, frame)
        });
    }
}

/// A frame as text.
pub fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}
