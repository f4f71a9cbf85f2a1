//! What reaches a listener, encoded once for all of them.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::RoomId,
    live::{RemovedReason, ServerFrame},
    messages::Change,
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
    /// What changed.
    pub change: Change,
    /// The frame of the live socket.
    pub frame: Utf8Bytes,
}

impl Event {
    /// Encodes a change.
    pub fn new(room: RoomId, change: Change) -> Self {
        let frame = encode(&ServerFrame::of(room, change.clone()));
        Self { room, change, frame }
    }
}

/// A frame as text.
pub fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}
