//! What goes over a socket, and how it is spelled.

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::RoomId,
    live::{ClientFrame, ServerFrame},
    problem::Code,
};

use crate::{
    Error, Result,
    realtime::hub::{Event, encode},
};

/// A spelling of the frames of [`shared::live`].
pub trait Wire: Send {
    /// What a text from the client means.
    fn decode(&mut self, text: &str) -> Result<ClientFrame>;

    /// How a frame is spelled; `None` if this wire has no word for it.
    fn frame(&mut self, frame: &ServerFrame) -> Option<Utf8Bytes>;

    /// How a change of a room is spelled.
    fn event(&mut self, event: &Event) -> Option<Utf8Bytes>;

    /// How something about a room that is never stored is spelled; it comes in the live spelling.
    fn whisper(&mut self, text: Utf8Bytes) -> Option<Utf8Bytes>;

    /// Whether its client can ask for what it missed. One that cannot is sent away rather than
    /// left with a hole that it does not see.
    fn can_resume(&self) -> bool;

    /// Whether being removed from this room leaves nothing to say.
    fn ends_with(&self, room: RoomId) -> bool;
}

/// The spelling of `hallway.v1`.
pub struct Live;

impl Wire for Live {
    fn decode(&mut self, text: &str) -> Result<ClientFrame> {
        serde_json::from_str(text).map_err(|cause| {
            Error::new(Code::BadRequest, format!("This frame cannot be understood: {cause}."))
        })
    }

    fn frame(&mut self, frame: &ServerFrame) -> Option<Utf8Bytes> {
        Some(encode(frame))
    }

    fn event(&mut self, event: &Event) -> Option<Utf8Bytes> {
        Some(event.frame())
    }

    fn whisper(&mut self, text: Utf8Bytes) -> Option<Utf8Bytes> {
        Some(text)
    }

    fn can_resume(&self) -> bool {
        true
    }

    fn ends_with(&self, _: RoomId) -> bool {
        false
    }
}
