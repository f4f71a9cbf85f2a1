//! Decodes frames. The server sends the same text to all readers of a message, so the cache decodes
//! the text once and all readers share the value.

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

/// The number of texts in one generation; the cache holds two generations.
const GENERATION_SIZE: usize = 4_096;

#[derive(Clone, Debug)]
pub enum Frame {
    /// A message was posted, edited or deleted.
    Message(RoomId, Rev, Arc<Message>),
    Other(Box<ServerFrame>),
}

#[derive(Default)]
pub struct FrameCache(Mutex<Generations>);

type Decoded = (RoomId, Rev, Arc<Message>);

#[derive(Default)]
struct Generations {
    young: HashMap<Utf8Bytes, Decoded>,
    old: HashMap<Utf8Bytes, Decoded>,
}

impl FrameCache {
    /// Decodes a text frame; `None` if the text is not valid.
    pub fn decode(&self, text: Utf8Bytes) -> Option<Frame> {
        if !text.starts_with(r#"{"type":"message""#) {
            return Some(Frame::Other(serde_json::from_str(&text).ok()?));
        }
        if let Some((room, rev, message)) = self.get(&text) {
            return Some(Frame::Message(room, rev, message));
        }
        match serde_json::from_str(&text).ok()? {
            ServerFrame::Message { room, rev, message } => {
                let message = Arc::new(message);
                self.insert(text, (room, rev, message.clone()));
                Some(Frame::Message(room, rev, message))
            }
            other => Some(Frame::Other(other.into())),
        }
    }

    fn get(&self, text: &Utf8Bytes) -> Option<Decoded> {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.get(text).or_else(|| generations.old.get(text)).cloned()
    }

    fn insert(&self, text: Utf8Bytes, decoded: Decoded) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION_SIZE {
            generations.old = std::mem::take(&mut generations.young);
        }
        // A copy, because the text is a slice of the socket's read buffer and would keep it alive.
        generations.young.insert(Utf8Bytes::from(text.as_str()), decoded);
    }
}
