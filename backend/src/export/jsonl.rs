//! JSON Lines: a message a line, as everywhere in the API.

use shared::messages::Message;

use super::format::{About, Form};

/// Writes it.
pub struct Jsonl;

impl Form for Jsonl {
    fn begin(&mut self, _: &About, _: &mut Vec<u8>) {}

    fn messages(&mut self, _: &About, messages: &[Message], out: &mut Vec<u8>) {
        for message in messages {
            let _ = serde_json::to_writer(&mut *out, message);
            out.push(b'\n');
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}
