//! JSON Lines: each line is a message as the API returns it.

use shared::messages::Message;

use super::writer::{ExportInfo, Writer};

pub struct JsonlWriter;

impl Writer for JsonlWriter {
    fn begin(&mut self, _: &ExportInfo, _: &mut Vec<u8>) {}

    fn messages(&mut self, _: &ExportInfo, messages: &[Message], out: &mut Vec<u8>) {
        for message in messages {
            // Neither serializing a message nor writing to memory can fail.
            let _ = serde_json::to_writer(&mut *out, message);
            out.push(b'\n');
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}
