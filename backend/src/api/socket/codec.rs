//! Codecs: a codec encodes and decodes the frames of [`shared::live`] for one protocol.

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::RoomId,
    live::{ClientFrame, CloseCode, ServerFrame},
    messages::Message,
    problem::Code,
};

use crate::{
    Error, Result,
    realtime::hub::{Publication, encode},
};

/// The protocol of a socket. An encoder returns `None` for a frame that the protocol does not have.
pub trait Codec: Send {
    /// Decodes a text frame from the client.
    fn decode(&mut self, text: &str) -> Result<ClientFrame>;

    /// Encodes a frame.
    fn encode(&mut self, frame: &ServerFrame) -> Option<Utf8Bytes>;

    /// Encodes a change of a room.
    fn encode_change(&mut self, publication: &Publication) -> Option<Utf8Bytes>;

    /// Encodes a message that this socket posted; the frame is also the ack of the post.
    fn encode_own_post(&mut self, message: Message) -> Option<Utf8Bytes>;

    /// Encodes an ephemeral event, given as a frame of the live protocol.
    fn encode_ephemeral(&mut self, frame: Utf8Bytes) -> Option<Utf8Bytes>;

    /// Whether a client can request the changes that it missed. If not, the session closes the
    /// socket instead of leaving a gap that the client cannot detect.
    fn can_resume(&self) -> bool;

    /// Whether the socket closes when its user is removed from this room.
    fn closes_with(&self, room: RoomId) -> bool;
}

/// The protocol `hallway.v1`.
pub struct LiveCodec;

impl Codec for LiveCodec {
    fn decode(&mut self, text: &str) -> Result<ClientFrame> {
        serde_json::from_str(text).map_err(|cause| {
            Error::new(Code::BadRequest, format!("This frame is not valid: {cause}."))
        })
    }

    fn encode(&mut self, frame: &ServerFrame) -> Option<Utf8Bytes> {
        Some(encode(frame))
    }

    fn encode_change(&mut self, publication: &Publication) -> Option<Utf8Bytes> {
        Some(publication.frame())
    }

    fn encode_own_post(&mut self, message: Message) -> Option<Utf8Bytes> {
        self.encode(&ServerFrame::Ack { client_id: message.client_id, message })
    }

    fn encode_ephemeral(&mut self, frame: Utf8Bytes) -> Option<Utf8Bytes> {
        Some(frame)
    }

    fn can_resume(&self) -> bool {
        true
    }

    fn closes_with(&self, _: RoomId) -> bool {
        false
    }
}

/// The close code for an error of reading. If the connection is lost, the close frame is lost too.
pub(super) fn close_code(error: &axum::Error) -> CloseCode {
    match error.to_string() {
        text if text.contains("too long") => CloseCode::TooLarge,
        text if text.contains("UTF-8") => CloseCode::InvalidText,
        _ => CloseCode::ProtocolError,
    }
}
