//! What a frame says. A message is encoded once by the server and reaches many readers in the same
//! bytes, so it is also read once, and held once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use shared::{
    ids::{Rev, RoomId},
    live::ServerFrame,
    messages::Message,
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Texts that are remembered at least; twice as many at most.
const REMEMBERED: usize = 4_096;

/// A frame, as far as its reader shares it with others.
#[derive(Clone, Debug)]
pub enum Frame {
    /// A message was posted, edited or deleted.
    Message(RoomId, Rev, Arc<Message>),
    /// Anything else.
    Other(Box<ServerFrame>),
}

/// Reads frames.
#[derive(Default)]
pub struct Frames(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    young: HashMap<Utf8Bytes, (RoomId, Rev, Arc<Message>)>,
    old: HashMap<Utf8Bytes, (RoomId, Rev, Arc<Message>)>,
}

impl Frames {
    /// What a text says; none if it is no frame.
    pub fn read(&self, text: Utf8Bytes) -> Option<Frame> {
        if !text.starts_with(r#"{"type":"message""#) {
            return Some(Frame::Other(serde_json::from_str(&text).ok()?));
        }
        if let Some((room, rev, message)) = self.known(&text) {
            return Some(Frame::Message(room, rev, message));
        }
        match serde_json::from_str(&text).ok()? {
            ServerFrame::Message { room, rev, message } => {
                let message = Arc::new(message);
                self.remember(text, (room, rev, message.clone()));
                Some(Frame::Message(room, rev, message))
            }
            other => Some(Frame::Other(other.into())),
        }
    }

    fn known(&self, text: &Utf8Bytes) -> Option<(RoomId, Rev, Arc<Message>)> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.young.get(text).or_else(|| remembered.old.get(text)).cloned()
    }

    fn remember(&self, text: Utf8Bytes, what: (RoomId, Rev, Arc<Message>)) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.young.len() >= REMEMBERED {
            remembered.old = std::mem::take(&mut remembered.young);
        }
        // The text is a part of the socket's read buffer, which must not be held for its sake.
        remembered.young.insert(Utf8Bytes::from(text.as_str()), what);
    }
}
